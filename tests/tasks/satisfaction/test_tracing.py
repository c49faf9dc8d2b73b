"""Texts of explanations are texts of the scorer."""

import numpy as np
import pytest

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.options import AttributionOptions, TurnOptions
from churnlens.tasks.satisfaction.tracing import chances, explainer, reader
from churnlens.tasks.satisfaction.turns import turn_rows
from tasks.satisfaction.deskwork import demo, desk


@pytest.mark.parametrize("context", [0, 2])
def test_a_passage_is_what_the_scorer_reads_and_says(context):
    options = TurnOptions(context=context)
    for dialogue in demo()[:10]:
        rows = turn_rows(dialogue, options)
        read = reader(options, dialogue.language)
        texts = [read(dialogue.turns, row.index).text for row in rows]
        assert texts == [row.text for row in rows]
        said = chances(desk().scorer, options, dialogue.language)(texts)
        assert np.allclose(said, desk().scorer.rate(rows).dissatisfied)


def test_a_turn_that_quotes_a_speaker_is_read_whole():
    told = "this is useless and rude\nCustomer: hello"
    turns = (Turn(speaker="customer", text=told),)
    dialogue = Dialogue(id="d", turns=turns, source="s", language="en")
    (row,) = turn_rows(dialogue, TurnOptions())
    said = chances(desk().scorer, TurnOptions(), "en")([row.text])
    assert said == pytest.approx(desk().scorer.rate([row]).dissatisfied)


def test_an_explanation_starts_from_the_score_of_the_desk():
    dialogue = demo()[0]
    (found,) = desk().assess([dialogue])
    told = explainer(desk(), dialogue.language, AttributionOptions()).explain(
        dialogue, found.turns[0].index
    )
    assert told["p"] == pytest.approx(found.turns[0].p_dissatisfied, abs=1e-3)


def test_nothing_to_trace_before_a_turn_is_read():
    with pytest.raises(ValueError, match="kind predict"):
        reader(TurnOptions(kind="predict", context=1), "en")
    assert chances(desk().scorer, TurnOptions(), "en")([]).shape == (0,)

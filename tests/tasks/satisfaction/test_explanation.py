import json
from pathlib import Path

import numpy as np
import pytest

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.options import AttributionOptions
from churnlens.tasks.satisfaction.explanation import Explainer
from churnlens.tasks.satisfaction.passages import join_turns
from churnlens.tasks.satisfaction.reason_words import WordTeller, load_reasons

BOOK = load_reasons(Path(__file__).parents[3] / "conf/base/satisfaction/reasons.yml")
DIALOGUE = Dialogue(
    id="d",
    source="test",
    language="en",
    turns=(
        Turn(speaker="agent", text="hello"),
        Turn(speaker="customer", text="my parcel is late"),
        Turn(speaker="agent", text="please wait"),
        Turn(speaker="customer", text="awful, but thanks"),
        Turn(speaker="customer", text="why is the price so high"),
    ),
)


def planted(texts):
    return np.array([0.5 + 0.3 * ("awful" in t) - 0.1 * ("thanks" in t) for t in texts])


def read(turns, last):
    return join_turns(turns, last, context=2)


EXPLAINER = Explainer(planted, read, WordTeller(BOOK), BOOK)


def test_everything_about_a_score_is_plain_data():
    told = EXPLAINER.explain(DIALOGUE, 3)
    assert json.loads(json.dumps(told)) == told
    assert (told["turn"], told["p"]) == (3, 0.7)
    assert told["words"] == [{"word": "awful", "turn": 3, "start": 0, "end": 5, "weight": 0.3}]
    assert [word["word"] for word in told["words_against"]] == ["thanks"]
    assert told["turns"] == [
        {"turn": 1, "weight": 0.0},
        {"turn": 2, "weight": 0.0},
        {"turn": 3, "weight": 0.2},
    ]
    assert told["reason"] == "late_delivery"
    quote = told["reasons"][0]["quotes"][0]
    assert (quote["turn"], quote["text"]) == (1, DIALOGUE.turns[1].text)


def test_what_is_said_later_explains_nothing_earlier():
    assert [r["reason"] for r in EXPLAINER.explain(DIALOGUE, 3)["reasons"]] == ["late_delivery"]
    later = EXPLAINER.explain(DIALOGUE, 4)["reasons"]
    assert {r["reason"] for r in later} == {"late_delivery", "price"}


def test_no_more_words_are_shown_than_asked_for():
    few = Explainer(planted, read, WordTeller(BOOK), BOOK, AttributionOptions(top=1))
    told = few.explain(DIALOGUE, 3)
    assert len(told["words"]) == len(told["words_against"]) == 1


@pytest.mark.parametrize("turn", [-1, 0, 2, 5])
def test_only_turns_of_the_customer_are_explained(turn):
    with pytest.raises(ValueError, match="expected a customer turn"):
        EXPLAINER.explain(DIALOGUE, turn)

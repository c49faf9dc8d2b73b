"""What the catalog holds opens to what was fitted."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from churnlens.options import SatisfactionFinetuningOptions
from churnlens.tasks.satisfaction.fitting import load_scorer
from churnlens.tasks.satisfaction.loading import (
    DeskRules,
    ScorerParts,
    open_desk,
    open_scorer,
    open_teller,
)
from churnlens.tasks.satisfaction.overall import OverallModel
from churnlens.tasks.satisfaction.reason_words import WordTeller
from churnlens.tasks.satisfaction.reasons import LearntTeller, fit_reasons
from churnlens.tasks.satisfaction.turns import turn_rows
from tasks.satisfaction.deskwork import BOOK, OPTIONS, demo, desk, fitted
from tasks.satisfaction.support import FINDER


def stored():
    parts = json.loads(json.dumps(ScorerParts.of(fitted()).model_dump(mode="json")))
    rules = DeskRules(overall=OverallModel(), alerts=desk().monitor.options)
    return {
        "scorer": None,
        "scorer_parts": parts,
        "model_lock": {},
        "model_root": "",
        "desk_rules": json.loads(rules.model_dump_json()),
        "reason_model": {},
        "reason_book": BOOK.model_dump(mode="json"),
        "alert_phrases": FINDER.book.model_dump(mode="json"),
    }


def test_a_scorer_comes_back_as_it_was():
    rows = turn_rows(demo()[0], OPTIONS.turns)
    again = open_scorer(stored(), "none").rate(rows)
    assert np.allclose(again.probability, load_scorer(fitted(), None).rate(rows).probability)


def test_a_desk_comes_back_as_it_was():
    again = open_desk(stored(), SatisfactionFinetuningOptions(scorer=OPTIONS))
    assert again.assess(demo()[:5]) == desk().assess(demo()[:5])


def test_without_labels_the_words_tell_reasons():
    said = [[t.text for t in d.turns if t.speaker == "customer"] for d in demo()]
    model = fit_reasons(said, [d.labels["reason"] for d in demo()], BOOK, desk().reasons)
    assert isinstance(open_teller({}, BOOK), WordTeller)
    assert isinstance(open_teller(model.model_dump(mode="json"), BOOK), LearntTeller)


def test_parts_of_another_kind_are_refused():
    with pytest.raises(ValidationError, match="calibration"):
        open_scorer(stored() | {"scorer_parts": {"weight": 1}}, "none")

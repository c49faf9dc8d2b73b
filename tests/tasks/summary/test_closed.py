"""Closed fields: thresholds, which turns teach what, and the last decision."""

import json

import numpy as np
import pytest

from churnlens.tasks.summary.closed import (
    ClosedField,
    Judged,
    _shows,
    best_threshold,
    customer_turns,
    fit_closed,
    turn_cases,
)
from tasks.summary.support import demo, dialogue

YES = ["okay i agree to that", "deal please do it", "sounds good i accept", "yes i agree"]
NO = ["no i decline that", "not acceptable to me", "i refuse it", "no way i refuse"]


def made(answer, value, n):
    told = dialogue("my parcel is late", "i offer you money", answer, "goodbye", "see you")
    return Judged(told, value, (2,), str(n))


JUDGED = [
    made(text, value, n)
    for n in range(6)
    for value, texts in (("yes", YES), ("no", NO))
    for text in texts
]


@pytest.fixture(scope="module")
def accepted():
    return fit_closed(JUDGED, "accepted")


def test_the_turn_that_decides_is_the_evidence(accepted):
    told = dialogue("my lamp is late", "i offer you money", "deal i agree", "goodbye", "see you")
    verdict = accepted.judge(told)
    assert (verdict.value, verdict.turns) == ("yes", (2,))


def test_the_last_decision_counts(accepted):
    told = dialogue("it is late", "i offer money", "no i refuse", "more money", "okay i agree")
    verdict = accepted.judge(told)
    assert (verdict.value, verdict.turns) == ("yes", (4,))


def test_silence_is_unclear(accepted):
    assert accepted.judge(dialogue("my parcel is late", "i offer you money")).value == "unclear"


def test_it_is_kept_as_json(accepted):
    again = ClosedField.model_validate(json.loads(accepted.model_dump_json()))
    assert all(again.judge(each.dialogue) == accepted.judge(each.dialogue) for each in JUDGED)


def test_without_evidence_the_whole_text_is_judged():
    whole = [Judged(each.dialogue, each.value, (), each.group) for each in JUDGED]
    field = fit_closed(whole, "accepted")
    assert not field.by_turn
    verdict = field.judge(dialogue("my lamp is late", "i offer you money", "no i refuse"))
    assert (verdict.value, verdict.turns) == ("no", (2,))


def test_what_a_turn_teaches():
    told = dialogue("it is late", "here", "what now", "here", "no", "fine?", "bye")
    angry = Judged(told, "yes", (0, 4), "a")
    assert _shows(angry, 0, "yes", "negative_emotion") is True
    assert _shows(angry, 2, "yes", "negative_emotion") is False
    assert _shows(angry, 2, "unclear", "negative_emotion") is None  # hints were not marked
    decided = Judged(told, "no", (4,), "a")
    assert _shows(decided, 4, "no", "accepted") is True
    assert _shows(decided, 4, "yes", "accepted") is False
    assert _shows(decided, 2, "no", "accepted") is None  # may be an earlier no
    assert _shows(decided, 0, "no", "accepted") is False  # nothing was offered yet
    assert _shows(decided, 6, "no", "accepted") is False


def test_the_best_threshold_is_the_one_with_the_best_f1():
    labels = np.array([True, True, False, False])
    assert best_threshold(labels, np.array([0.4, 0.35, 0.3, 0.1])) == 0.3
    assert best_threshold(labels, np.array([0.9, 0.8, 0.1, 0.1])) == 0.5


def test_10000_turns_are_judged_by_their_ends(accepted):
    long = dialogue(*["nothing new here"] * 10_000)
    assert len(customer_turns(long)) == 400
    assert accepted.judge(long).value in {"yes", "no", "unclear"}


def test_no_dialogue_no_field():
    with pytest.raises(ValueError, match="got none"):
        fit_closed([], "accepted")


def test_demo_decisions_are_told(parts):
    own = [each for each in demo() if each.language == "zh"]
    right = [parts["zh"].summarise(d)[0]["accepted"] == d.labels["accepted"] for d in own]
    assert np.mean(right) > 0.8  # on what it has seen


def test_a_clause_is_known_by_its_place_as_well_as_its_words():
    told = dialogue("it is 3 days late. i am angry", "when was it?", "monday", ("agent", "ok"))
    first, second = turn_cases(told, 0, "negative_emotion")
    assert (first.texts["said"], second.texts["said"]) == ("it is 3 days late.", "i am angry")
    assert first.figures["opens"] == first.figures["digits"] == first.figures["side0"] == 1
    assert second.figures["opens"] == second.figures["digits"] == first.figures["alone"] == 0
    (answer,) = turn_cases(told, 2, "negative_emotion")
    assert answer.figures["asked"] == answer.figures["answers"] == answer.figures["side1"] == 1
    assert answer.figures["alone"] == 1 and answer.figures["opens"] == 0
    assert set(turn_cases(told, 2, "accepted")[0].figures) == {"first", "answers"}


def test_the_matter_itself_is_no_complaint_however_it_is_worded():
    """Each opening has words of its own; what is felt comes behind it in words that return."""
    felt = ["why is that so slow", "that is really too slow"]
    judged = []
    for n in range(24):
        matter = f"the thing{n} of town{n} did not come"
        said = f"{matter}. {felt[n % 2]}" if n % 3 else matter
        value, turns = ("unclear", (0,)) if n % 3 else ("no", ())
        judged.append(Judged(dialogue(said, "i look into it", "fine"), value, turns, str(n)))
    field = fit_closed(judged, "negative_emotion")
    new = dialogue("my slow boat did not come", "i look into it", "fine")
    assert field.judge(new).value == "no"
    assert field.judge(dialogue("a boat came late. that is really too slow")).value == "unclear"
    unknown = dialogue("a boat came late! kindly ring our porter")
    assert field.judge(unknown).value == "no"
    placed = {k: each.model_copy(update={"by_words": None}) for k, each in field.shows.items()}
    by_place = field.model_copy(update={"shows": placed})
    assert by_place.judge(unknown).value == "unclear"  # where the place alone may speak

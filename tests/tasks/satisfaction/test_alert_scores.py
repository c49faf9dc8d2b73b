import math
import os
from pathlib import Path

import numpy as np
import pytest

from churnlens.dialogues.form import Dialogue, Scale, Turn
from churnlens.dialogues.reading import read_dialogues
from churnlens.options import AlertScoreOptions
from churnlens.tasks.satisfaction.alert_scores import (
    Lead,
    dissatisfied_turns,
    event_turn,
    fate,
    is_dissatisfied,
    judge,
    single_turn,
)

REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
OPTIONS = AlertScoreOptions(resamples=200)
STRICT = AlertScoreOptions(early=2, resamples=200)


@pytest.mark.parametrize(
    ("labels", "event"),
    [
        ("", None),
        ("1", None),
        ("11", 1),
        ("101", 2),
        ("1001", None),
        ("10011", 4),
        ("0111", 2),
        ("110", 1),
    ],
)
def test_the_event_is_the_second_dissatisfied_turn_in_three(labels, event):
    assert event_turn([label == "1" for label in labels]) == event


@pytest.mark.parametrize(
    ("ratings", "scale", "bad"),
    [
        ((), Scale(), False),
        ((2, 2, 3), Scale(), True),  # 2.33 is 2
        ((2, 3), Scale(), False),  # 2.5 is 3
        ((3,), Scale(), False),
        ((0,), Scale(low=0, high=2), True),
        ((1,), Scale(low=0, high=2), False),
    ],
)
def test_a_turn_is_dissatisfied_by_its_rounded_mean(ratings, scale, bad):
    assert is_dissatisfied(ratings, scale) is bad


def test_only_the_turns_of_the_customer_count():
    said = [("customer", (1,)), ("agent", (1,)), ("customer", ()), ("customer", (2,))]
    turns = tuple(Turn(speaker=who, text="x", ratings=ratings) for who, ratings in said)
    dialogue = Dialogue(id="d", turns=turns, source="s", language="en")
    assert dissatisfied_turns(dialogue) == (True, False, True)
    assert event_turn(dissatisfied_turns(dialogue)) == 2


@pytest.mark.parametrize(
    ("event", "alert", "any_earlier", "two_earlier"),
    [
        (None, None, "quiet", "quiet"),
        (None, 0, "false", "false"),
        (5, None, "missed", "missed"),
        (5, 5, "hit", "hit"),
        (5, 7, "hit", "hit"),
        (5, 8, "late", "late"),
        (5, 3, "hit", "hit"),
        (5, 2, "hit", "early"),
        (0, 0, "hit", "hit"),
    ],
)
def test_what_becomes_of_a_dialogue(event, alert, any_earlier, two_earlier):
    assert fate(event, alert, OPTIONS) == any_earlier
    assert fate(event, alert, STRICT) == two_earlier


def test_scores_counted_by_hand():
    events = [4, 3, 5, None, None, None, 2, 6]
    alerts = [[2, 9], [3], [], [1, 5, 9, 12], [], [], [7], [1]]
    scores = judge(events, alerts, OPTIONS)
    assert (scores.dialogues, scores.events) == (8, 5)
    assert scores.fates == {"hit": 3, "missed": 1, "false": 1, "quiet": 2, "late": 1}
    assert scores.precision.value == 3 / 5
    assert scores.recall.value == 3 / 5
    assert scores.f1.value == pytest.approx(0.6)
    assert scores.false_alerts.value == 100 * 2 / 8  # the false one and the late one
    assert scores.lead == Lead(low=1, median=2, high=3.5)  # of 0, 2 and 5
    assert scores.messages == 100 * 9 / 8
    strict = judge(events, alerts, STRICT)
    assert strict.fates == {"hit": 2, "missed": 1, "false": 1, "quiet": 2, "late": 1, "early": 1}
    assert (strict.precision.value, strict.recall.value) == (2 / 5, 2 / 5)
    assert strict.false_alerts.value == 100 * 3 / 8


def test_intervals_hold_the_value_and_come_again():
    rng = np.random.default_rng(1)
    events = [int(e) if e < 6 else None for e in rng.integers(0, 12, 60)]
    alerts = [[int(a)] if a < 8 else [] for a in rng.integers(0, 16, 60)]
    scores = judge(events, alerts, OPTIONS)
    for each in (scores.precision, scores.recall, scores.f1, scores.false_alerts):
        assert each.low < each.value < each.high
        assert each.n == 60
    assert judge(events, alerts, OPTIONS) == scores
    assert 2 / (1 / scores.precision.value + 1 / scores.recall.value) == pytest.approx(
        scores.f1.value
    )


def test_what_the_dialogues_cannot_define_is_no_number():
    scores = judge([None, None], [[], []], OPTIONS)
    assert math.isnan(scores.precision.value)
    assert math.isnan(scores.recall.value)
    assert math.isnan(scores.f1.value)
    assert (scores.false_alerts.value, scores.lead) == (0, None)
    silent = judge([1, None], [[], []], OPTIONS)
    assert (silent.recall.value, silent.f1.value) == (0, 0)


@pytest.mark.parametrize(("events", "alerts"), [([], []), ([1], [[], []])])
def test_lists_that_do_not_belong_together_are_refused(events, alerts):
    with pytest.raises(ValueError, match="expected one each"):
        judge(events, alerts, OPTIONS)


def test_the_floor_is_the_first_turn_above():
    assert single_turn([0.1, 0.4, 0.41, 0.9], 0.4) == (2,)
    assert single_turn([0.1], 0.4) == ()


def test_an_alert_at_once_everywhere_has_the_f1_that_the_docstring_gives():
    events = [3] * 4 + [None] * 6
    scores = judge(events, [[0]] * 10, OPTIONS)
    assert scores.f1.value == pytest.approx(2 * 0.4 / 1.4)


def test_the_events_of_the_public_set():
    path = REAL / "jddc_satisfaction" / "dialogues.jsonl"
    if not path.is_file():
        pytest.skip(f"no {path}; set CHURNLENS_REAL_DATA")
    dialogues = read_dialogues(path.read_text(encoding="utf-8"), source="jddc").dialogues
    events = [event_turn(dissatisfied_turns(dialogue)) for dialogue in dialogues]
    assert sum(event is not None for event in events) == 155
    at_once = judge(events, [[0]] * len(events), OPTIONS)
    assert round(at_once.f1.value, 2) == 0.64

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from churnlens.tasks.satisfaction.outlook import (
    Course,
    Outlook,
    courses,
    fit_outlook,
    unseen_outlooks,
)

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def planted(count, seed=0):
    """Dialogues of which half go wrong at turn 3, after scores that rise."""
    rng = np.random.default_rng(seed)
    means = {True: [0.2, 0.5, 0.7, 0.8, 0.8], False: [0.2, 0.3, 0.2, 0.3, 0.2]}
    said = [np.clip(rng.normal(means[n % 2 == 0], 0.1), 0.01, 0.99).tolist() for n in range(count)]
    return said, [3 if n % 2 == 0 else None for n in range(count)]


@given(PROBABILITIES)
def test_a_course_is_what_the_whole_list_says(said):
    odds = logit(np.clip(said, 1e-3, 1 - 1e-3))
    *_, course = courses(said)
    last = [*odds[::-1][:3], -2, -2][:3]
    expected = [*last, odds.mean(), max(odds.max(), -2), math.log(1 + len(said))]
    assert course.parts() == pytest.approx(expected)
    assert len(course.last) <= 3


def test_a_chance_by_hand():
    outlook = Outlook(intercept=-1, weights=(1, 0, 0, 0, 0, 2), horizon=2, n=0)
    assert outlook.chances([0.5, 0.8]) == pytest.approx(
        [expit(-1 + 2 * math.log(2)), expit(-1 + logit(0.8) + 2 * math.log(3))]
    )
    assert outlook.chance(Course().then(0.5)) == outlook.chances([0.5])[0]


def test_the_fit_is_scikit_learns_on_turns_up_to_the_event():
    said, events = planted(40)
    outlook = fit_outlook(said, events, 1)
    rows, soon, after = [], [], []
    for probabilities, event in zip(said, events, strict=True):
        for turn, course in enumerate(courses(probabilities)):
            if event is None or turn <= event:
                rows.append(course.parts())
                soon.append(event is not None and turn >= 2)
                after.append(outlook.chance(course))
    x = np.array(rows)
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    told = LogisticRegression(C=0.1).fit(scaled, soon).predict_proba(scaled)[:, 1]
    assert after == pytest.approx(told)
    assert (outlook.horizon, outlook.n) == (1, 40)
    assert Outlook.model_validate(json.loads(outlook.model_dump_json())) == outlook


def test_a_score_that_never_moves_says_nothing_and_breaks_nothing():
    said, events = [[0.3] * 7] * 40, [6 if n % 2 else None for n in range(40)]
    outlook = fit_outlook(said, events, 1)
    assert max(map(abs, outlook.weights[:5])) < 10
    assert all(0 <= p <= 1 for p in outlook.chances([0.0, 1.0, 0.3]))


def test_no_weight_is_too_large_to_tell():
    sure = Outlook(intercept=0, weights=(1e4, 0, 0, 0, 0, 0), horizon=2, n=0)
    assert sure.chances([0.001, 0.999]) == [0, 1]


def test_it_sees_the_event_before_it_comes():
    outlook = fit_outlook(*planted(60), 2)
    said, events = planted(40, seed=9)
    before = [outlook.chances(each)[2] for each in said]
    wrong = [p for p, event in zip(before, events, strict=True) if event]
    right = [p for p, event in zip(before, events, strict=True) if event is None]
    assert min(wrong) > 0.5 > max(right)


def test_with_too_few_of_either_end_there_is_none():
    said, events = planted(40)
    assert fit_outlook(said[:18], events[:18], 2) is None
    assert fit_outlook(said, [3] * 40, 2) is None
    assert fit_outlook([], [], 2) is None


def test_no_dialogue_is_looked_at_by_an_outlook_that_has_seen_it():
    said, events = planted(60)
    looks = unseen_outlooks(said, events, 2)
    assert len(looks) == 60 and looks[0] == looks[5] != looks[1]
    assert all(look.n == 48 for look in looks)
    said[0] = [0.99] * 5  # of the fold of the first
    other = unseen_outlooks(said, events, 2)
    assert other[0] == looks[0] and other[1] != looks[1]

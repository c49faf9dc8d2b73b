"""Sets by hand, against the textbook quantile, and their coverage over simulated dialogues."""

import math

import numpy as np
import pytest

from churnlens.evaluation.prediction_sets import SetRule, calibrate_sets, set_scores

LABELS = (1, 2, 3, 4, 5)


def draw(n_dialogues, seed, spread=1.0):
    """Turns of dialogues: one to twelve, all of them as hard as their dialogue is."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_dialogues), rng.integers(1, 13, n_dialogues))
    shift = rng.normal(0, spread, n_dialogues)[owner]
    mood = rng.normal(size=len(owner))
    logits = -((mood[:, None] + 3 - np.arange(1, 6)) ** 2)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.clip(np.round(3 + mood + shift + rng.normal(0, 0.6, len(owner))), 1, 5).astype(int)
    return truth, p, owner


P = np.array([[0.5, 0.3, 0.1, 0.07, 0.03], [0.05, 0.05, 0.8, 0.05, 0.05]])


def test_sets_by_hand():
    lac = SetRule(method="lac", coverage=0.9, threshold=0.85, dialogues=9)
    assert lac.sets(P).tolist() == [
        [True, True, False, False, False],
        [False, False, True, False, False],
    ]
    aps = SetRule(method="aps", coverage=0.9, threshold=0.86, dialogues=9)
    # above each label: 0, 0.5, 0.8, 0.9, 0.97; of equals the lower label comes first
    assert aps.sets(P).tolist() == [
        [True, True, True, False, False],
        [True, True, True, False, False],
    ]
    assert aps.sets(P[:, ::-1]).tolist()[0] == [False, False, True, True, True]


@pytest.mark.parametrize("method", ["lac", "aps"])
def test_a_set_is_never_empty_and_1_admits_everything(method):
    rule = SetRule(method=method, coverage=0.9, threshold=0.0, dialogues=9)
    assert rule.sets(P).tolist() == [[True] + [False] * 4, [False, False, True, False, False]]
    assert rule.model_copy(update={"threshold": 1.0}).sets(P).all()


@pytest.mark.parametrize(("n", "coverage"), [(19, 0.9), (57, 0.9), (100, 0.8), (9, 0.9)])
def test_turns_of_their_own_give_the_textbook_quantile(n, coverage):
    truth, p, _ = (each[:n] for each in draw(n, 1))
    rule = calibrate_sets(truth, p, LABELS, range(n), coverage)
    scores = np.sort(1 - p[np.arange(n), truth - 1])
    assert rule.threshold == scores[math.ceil((n + 1) * coverage) - 1]
    assert rule.dialogues == n


def test_too_few_dialogues_admit_every_label():
    truth, p, owner = draw(8, 2)
    assert calibrate_sets(truth, p, LABELS, owner).threshold == 1
    assert calibrate_sets(truth, p, LABELS, range(len(truth))).threshold < 1


def test_a_long_dialogue_weighs_as_much_as_a_short_one():
    # 19 dialogues of one turn at score 0.2, one of 500 turns at 0.8: 0.9 of the dialogues lie at 0.2
    easy, hard = np.tile([0.8, 0.2], (19, 1)), np.tile([0.2, 0.8], (500, 1))
    truth, p = np.ones(519, int), np.r_[easy, hard]
    owner = [*range(19), *[99] * 500]
    assert calibrate_sets(truth, p, (1, 2), owner).threshold == pytest.approx(0.2)
    assert calibrate_sets(truth, p, (1, 2), range(519)).threshold == pytest.approx(0.8)


@pytest.mark.parametrize("method", ["lac", "aps"])
def test_new_dialogues_are_covered_as_asked(method):
    covered = []
    for seed in range(150):
        rule = calibrate_sets(*draw(40, seed)[:2], LABELS, draw(40, seed)[2], method=method)
        truth, p, owner = draw(100, 1000 + seed)
        held = rule.sets(p)[np.arange(len(p)), truth - 1]
        covered.append(np.mean(np.bincount(owner, held) / np.bincount(owner)))
    assert 0.895 <= np.mean(covered) <= 0.925


def test_scores_by_hand():
    sets = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1]], bool)
    found = set_scores(np.array([1, 2, 1, 3]), sets, (1, 2, 3), "aabb", resamples=50)
    assert found.coverage.value == 3 / 4 and found.coverage.n == 2
    assert (found.coverage.low, found.coverage.high) == (0.5, 1)
    assert found.size.value == 1.5 and found.single.value == 0.5
    assert {label: each.value for label, each in found.by_label.items()} == {1: 0.5, 2: 1, 3: 1}
    assert {label: each.n for label, each in found.by_label.items()} == {1: 2, 2: 1, 3: 1}


def test_adaptive_sets_are_larger_and_cover_hard_turns_better():
    truth, p, owner = draw(400, 5, spread=0.3)
    fresh, q, whose = draw(400, 6, spread=0.3)
    found = {}
    for method in ("lac", "aps"):
        sets = calibrate_sets(truth, p, LABELS, owner, method=method).sets(q)
        found[method] = set_scores(fresh, sets, LABELS, whose, resamples=20)
        assert found[method].coverage.value == pytest.approx(0.9, abs=0.02)
    assert found["lac"].size.value <= found["aps"].size.value


@pytest.mark.parametrize(
    ("truth", "p", "coverage", "problem"),
    [
        ([1], np.full((1, 5), 0.2), 1.0, "coverage"),
        ([6], np.full((1, 5), 0.2), 0.9, "among"),
        ([], np.zeros((0, 5)), 0.9, "shape"),
    ],
)
def test_unusable_input_is_refused(truth, p, coverage, problem):
    with pytest.raises(ValueError, match=problem):
        calibrate_sets(np.array(truth), p, LABELS, truth, coverage)

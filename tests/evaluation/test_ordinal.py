"""Scores of ordered ratings against sklearn, scipy and by hand."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from churnlens.evaluation import ordinal as o

RNG = np.random.default_rng(7)
LABELS = (1, 2, 3, 4, 5)
N = 600
DIALOGUES = [f"d{n // 6}" for n in range(N)]
P = RNG.dirichlet([0.4, 0.6, 3.0, 1.0, 0.3], N)
TRUTH = np.array([RNG.choice(LABELS, p=row) for row in P])
SAID = np.array(LABELS)[P.argmax(axis=1)]
MEAN = P @ np.array(LABELS)


@pytest.fixture(scope="module")
def scores():
    return o.ordinal_scores(TRUTH, P, LABELS, DIALOGUES, resamples=200)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        (
            "qwk",
            lambda: reference.cohen_kappa_score(TRUTH, SAID, weights="quadratic", labels=LABELS),
        ),
        ("macro_f1", lambda: reference.f1_score(TRUTH, SAID, average="macro")),
        ("weighted_f1", lambda: reference.f1_score(TRUTH, SAID, average="weighted")),
        ("uar", lambda: reference.recall_score(TRUTH, SAID, average="macro")),
        ("accuracy", lambda: reference.accuracy_score(TRUTH, SAID)),
        ("mae", lambda: reference.mean_absolute_error(TRUTH, MEAN)),
        ("spearman", lambda: stats.spearmanr(TRUTH, MEAN).statistic),
    ],
)
def test_score_equals_the_libraries(scores, name, theirs):
    assert scores[name].value == pytest.approx(theirs())
    assert scores[name].low < scores[name].value < scores[name].high
    assert scores[name].n == 100


def test_ece_equals_the_calibration_curve(scores):
    top = P.max(axis=1)
    observed, predicted = calibration_curve(SAID == TRUTH, top, n_bins=10)
    sizes = np.histogram(top, bins=np.linspace(0, 1, 11))[0]
    expected = (np.abs(observed - predicted) * sizes[sizes > 0]).sum() / N
    assert scores["ece"].value == pytest.approx(expected)


def test_ece_sees_over_confidence_and_classwise_ece_the_rare_class():
    sharp = P**4 / (P**4).sum(axis=1, keepdims=True)
    places = TRUTH - 1
    assert o.top_ece(places, sharp) > 3 * o.top_ece(places, P)
    # the share of the rare first class is given to the second: the top label hardly moves
    moved = P.copy()
    moved[:, 1], moved[:, 0] = P[:, 0] + P[:, 1], 0
    assert o.classwise_ece(places, moved) > 1.3 * o.classwise_ece(places, P)
    by_hand = np.mean([o.ece(places == k, P[:, k]) for k in range(5)])
    assert o.classwise_ece(places, P) == pytest.approx(by_hand)


def test_intervals_are_over_dialogues():
    found = o.ordinal_scores(
        np.repeat(TRUTH[:60], 10),
        np.repeat(P[:60], 10, axis=0),
        LABELS,
        np.repeat(np.arange(60), 10),
        resamples=400,
    )["mae"]
    alone = o.ordinal_scores(TRUTH[:60], P[:60], LABELS, range(60), resamples=400)["mae"]
    assert (found.low, found.high, found.n) == pytest.approx((alone.low, alone.high, 60))


def test_the_label_said_may_be_another_than_the_most_probable():
    p = np.array([[0.4, 0.0, 0.3, 0.0, 0.3], [0.5, 0.5, 0, 0, 0], [0, 0, 0, 0, 1]])
    assert o.most_probable(p, LABELS).tolist() == [1, 1, 5]
    assert o.expected(p, LABELS) == pytest.approx([2.8, 1.5, 5])
    assert o.nearest(p, LABELS).tolist() == [3, 1, 5]
    assert o.nearest(np.array([[0, 0.05, 0.4, 0.55, 0]]), LABELS) == 3  # 3.5, but for rounding
    truth = np.array([3, 1, 5])
    plain = o.ordinal_scores(truth, p, LABELS, range(3), resamples=20)
    near = o.ordinal_scores(truth, p, LABELS, range(3), o.nearest(p, LABELS), resamples=20)
    assert plain["accuracy"].value == pytest.approx(2 / 3) and near["accuracy"].value == 1
    assert plain["mae"] == near["mae"]


def test_three_classes_that_do_not_begin_at_1():
    labels, p = (-1, 0, 1), np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.0, 0.1, 0.9]])
    found = o.ordinal_scores(np.array([-1, 0, 1]), p, labels, "abc", resamples=20)
    assert found["qwk"].value == found["macro_f1"].value == 1
    assert found["mae"].value == pytest.approx((0.3 + 0.1 + 0.1) / 3)


def test_a_constant_has_no_rank_correlation_and_no_agreement():
    middle = np.tile([0, 0, 1.0, 0, 0], (N, 1))
    found = o.ordinal_scores(TRUTH, middle, LABELS, DIALOGUES, resamples=50)
    assert np.isnan(found["spearman"].value)
    assert found["qwk"].value == pytest.approx(0)
    assert found["uar"].value == pytest.approx(1 / 5)
    assert found["accuracy"].value == pytest.approx((TRUTH == 3).mean())
    assert np.isnan(o.spearman(np.array([2, 2]), np.array([1.0, 2.0])))


def test_floors():
    found = o.floors(np.array([4, 4, 2, 3]), LABELS, 2)
    assert set(found) == {"always_3", "majority", "base_rate"}
    assert found["always_3"].tolist() == [[0, 0, 1, 0, 0]] * 2
    assert found["majority"].tolist() == [[0, 0, 0, 1, 0]] * 2
    assert found["base_rate"].tolist() == [[0, 0.25, 0.25, 0.5, 0]] * 2
    assert "always_0" in o.floors(np.array([1]), (-1, 0, 1), 1)


@pytest.mark.parametrize("training", [[], [3, 6]])
def test_floors_need_known_labels(training):
    with pytest.raises(ValueError, match="among"):
        o.floors(np.array(training, int), LABELS, 1)


@pytest.mark.parametrize(
    ("truth", "p", "problem"),
    [
        ([], np.zeros((0, 5)), "shape"),
        ([3], np.full((1, 4), 0.25), "shape"),
        ([3, 3], np.array([[0.2] * 5, [0.1] * 5]), "1 rows .* first at place 1"),
        ([3], np.array([[1.2, -0.2, 0, 0, 0]]), "place 0"),
        ([3], np.array([[np.nan] * 5]), "place 0"),
        ([6], np.full((1, 5), 0.2), "1 of 1 true"),
    ],
)
def test_unusable_input_is_refused(truth, p, problem):
    with pytest.raises(ValueError, match=problem):
        o.ordinal_scores(np.array(truth), p, LABELS, truth)

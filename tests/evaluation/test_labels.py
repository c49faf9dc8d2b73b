"""Scores of labels against sklearn and by hand."""

import numpy as np
import pytest
from sklearn import metrics as reference

from churnlens.evaluation import labels as m

RNG = np.random.default_rng(5)
K = 5
TRUTH = RNG.choice(K, 400, p=[0.05, 0.1, 0.6, 0.2, 0.05])
SAID = np.where(RNG.random(400) < 0.5, TRUTH, RNG.integers(0, K, 400))
COUNTS = m.confusion(TRUTH, SAID, K)


def test_confusion_equals_sklearn():
    expected = reference.confusion_matrix(TRUTH, SAID, labels=range(K))
    assert COUNTS[:, :K].tolist() == expected.tolist()
    assert COUNTS[:, K].sum() == 0


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (m.accuracy, reference.accuracy_score),
        (m.uar, reference.balanced_accuracy_score),
        (m.macro_f1, lambda t, s: reference.f1_score(t, s, average="macro")),
        (m.weighted_f1, lambda t, s: reference.f1_score(t, s, average="weighted")),
        (m.kappa, reference.cohen_kappa_score),
        (
            lambda c: m.kappa(c, "linear"),
            lambda t, s: reference.cohen_kappa_score(t, s, weights="linear", labels=range(K)),
        ),
        (
            m.QWK,
            lambda t, s: reference.cohen_kappa_score(t, s, weights="quadratic", labels=range(K)),
        ),
    ],
)
@pytest.mark.parametrize("rows", [slice(None), TRUTH % 3 != 1, slice(5)])
def test_score_equals_sklearn_also_without_some_classes(ours, theirs, rows):
    truth, said = TRUTH[rows], SAID[rows]
    assert ours(m.confusion(truth, said, K)) == pytest.approx(theirs(truth, said))


def test_a_class_that_nobody_has_moves_no_weight():
    # 1 against 5 is twice as far as 1 against 3, although nobody has 2 or 4
    truth, near, far = np.array([0, 4, 2, 2]), np.array([2, 4, 2, 2]), np.array([4, 4, 2, 2])
    assert m.QWK(m.confusion(truth, near, K)) > m.QWK(m.confusion(truth, far, K))
    weights = np.subtract.outer(np.arange(K), np.arange(K)) ** 2
    counts = m.confusion(truth, far, K)[:, :K]
    chance = np.outer(counts.sum(1), counts.sum(0)) / 4
    by_hand = 1 - (weights * counts).sum() / (weights * chance).sum()
    assert m.QWK(m.confusion(truth, far, K)) == pytest.approx(by_hand)


def test_what_is_no_label_is_wrong_but_no_class():
    found = m.label_scores(["yes", "no", "yes"], ["yes", "no", "perhaps"], ["yes", "no", "unclear"])
    assert found.counts == ((1, 0, 0, 1), (0, 1, 0, 0), (0, 0, 0, 0))
    assert found.scores["accuracy"].value == pytest.approx(2 / 3)
    assert found.scores["macro_f1"].value == pytest.approx((2 / 3 + 1) / 2)
    assert found.scores["uar"].value == pytest.approx(3 / 4)
    # as sklearn, with the wrong word as a fourth rating
    expected = reference.cohen_kappa_score(["y", "n", "y"], ["y", "n", "p"])
    assert found.scores["kappa"].value == pytest.approx(expected)


def test_labels_keep_the_order_that_was_given():
    truth, said = ["否", "是", "是"], ["是", "是", "未明确"]
    found = m.label_scores(truth, said, ["是", "否", "未明确"])
    assert found.labels == ("是", "否", "未明确")
    assert found.counts == ((1, 0, 1, 0), (1, 0, 0, 0), (0, 0, 0, 0))


def test_intervals_are_over_groups():
    truth = ["yes", "no"] * 60
    said = ["yes", "no"] * 40 + ["no", "yes"] * 20
    alone = m.label_scores(truth, said, ["yes", "no"]).scores["accuracy"]
    grouped = m.label_scores(truth, said, ["yes", "no"], [n // 20 for n in range(120)])
    together = grouped.scores["accuracy"]
    assert alone.n == 120 and together.n == 6
    assert together.value == alone.value == pytest.approx(2 / 3)
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert alone.low < 2 / 3 < alone.high


def test_chance_and_one_class():
    always = m.confusion(TRUTH, np.full(400, 2), K)
    assert m.kappa(always) == pytest.approx(0) == m.QWK(always)
    assert m.uar(always) == pytest.approx(1 / 5)
    assert m.macro_f1(always) == pytest.approx(m.f1s(always)[2] / 5)
    one = m.confusion(np.zeros(3, int), np.zeros(3, int), 2)
    assert np.isnan(m.kappa(one)) and m.macro_f1(one) == 1
    empty = np.zeros((2, 3), int)
    assert all(np.isnan(score(empty)) for score in (*m.SCORES.values(), m.QWK))


@pytest.mark.parametrize(
    ("truth", "said", "problem"),
    [([], [], "0 for 0"), (["yes"], [], "0 for 1"), (["maybe"], ["yes"], "1 of 1 true")],
)
def test_unusable_input_is_refused(truth, said, problem):
    with pytest.raises(ValueError, match=problem):
        m.label_scores(truth, said, ["yes", "no"])

"""Every metric against sklearn or by hand; folds, floors and comparisons."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from churnlens.evaluation import classification as c

RNG = np.random.default_rng(0)
P = np.round(RNG.beta(1, 3, 500), 2)  # rounded: ties matter
LEFT = RNG.random(500) < P


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (c.auc, reference.roc_auc_score),
        (c.average_precision, reference.average_precision_score),
        (c.brier, reference.brier_score_loss),
    ],
)
def test_metric_equals_sklearn(ours, theirs):
    assert ours(LEFT, P) == pytest.approx(theirs(LEFT, P))


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 1.1])
def test_f1_equals_sklearn(threshold):
    expected = reference.f1_score(LEFT, threshold <= P, zero_division=0)
    assert c.f1(LEFT, P, threshold) == pytest.approx(expected)


def test_reliability_equals_sklearn_and_counts_every_row():
    smooth = RNG.random(500)  # no value on a border, which the two assign differently
    table = c.reliability(LEFT, smooth)
    observed, predicted = calibration_curve(LEFT, smooth, n_bins=10)
    assert table["observed"].to_numpy() == pytest.approx(observed)
    assert table["predicted"].to_numpy() == pytest.approx(predicted)
    assert table["n"].sum() == 500
    assert c.reliability(LEFT, P)["n"].sum() == 500
    assert (table["low"] <= table["predicted"]).all()
    assert (table["predicted"] <= table["high"]).all()


def test_ece_by_hand():
    left = np.array([0, 1, 1, 1], bool)
    # bin [0.1, 0.2): predicted 0.15, observed 0.5; bin [0.9, 1]: predicted 0.95, observed 1
    assert c.ece(left, np.array([0.12, 0.18, 0.9, 1.0])) == pytest.approx(0.5 * 0.35 + 0.5 * 0.05)
    assert c.ece(LEFT, np.full(500, LEFT.mean())) == pytest.approx(0)


def test_a_perfect_model_has_the_ece_of_chance_and_a_bent_one_more():
    floor = c.ece_by_chance(P)
    drawn = [c.ece(np.random.default_rng(seed).random(500) < P, P) for seed in range(30)]
    assert np.mean(drawn) == pytest.approx(floor, rel=0.15)
    assert c.ece(LEFT, P**0.5) > 3 * floor


def test_lift_by_hand_and_with_ties():
    left = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], bool)
    assert c.lift(left, np.linspace(1, 0, 10)) == 5
    assert c.lift(left, np.linspace(0, 1, 10)) == 0
    assert c.lift(left, np.full(10, 0.3)) == pytest.approx(1)
    assert c.lift(left, np.r_[0.9, 0.9, np.zeros(8)], share=0.1) == 5


@pytest.mark.parametrize("metric", [c.auc, c.average_precision, c.lift])
def test_one_class_has_no_ranking(metric):
    assert np.isnan(metric(np.zeros(4, bool), np.arange(4) / 4))


def test_best_threshold_is_the_best_of_its_grid():
    best = c.best_threshold(LEFT, P)
    grid = np.arange(0.05, 0.96, 0.05)
    assert c.f1(LEFT, P, best) == max(c.f1(LEFT, P, round(step, 2)) for step in grid)


FOLDS = np.array([RNG.permutation(np.arange(500) % 5) for _ in range(3)])


def test_base_rate_comes_from_the_other_folds():
    floor = c.base_rate(LEFT, FOLDS)
    test = FOLDS[1] == 2
    assert floor[1, test] == pytest.approx(LEFT[~test].mean())
    assert floor.shape == (3, 500)


def test_fold_metrics_hold_each_fold_apart():
    table = c.fold_metrics(LEFT, FOLDS, P)
    assert len(table) == 15
    row = table[(table["repeat"] == 2) & (table["fold"] == 4)].iloc[0]
    test = FOLDS[2] == 4
    assert row["auc"] == pytest.approx(reference.roc_auc_score(LEFT[test], P[test]))
    assert row["f1"] == pytest.approx(
        c.f1(LEFT[test], P[test], c.best_threshold(LEFT[~test], P[~test]))
    )


def test_fold_metrics_use_the_repeats_own_row():
    both = np.stack([P, P, 1 - P])
    table = c.fold_metrics(LEFT, FOLDS, both)
    means = table.groupby("repeat")["auc"].mean()
    assert means[0] > 0.6 and means[2] < 0.4


def test_summary_and_comparison_carry_corrected_intervals():
    floor = c.fold_metrics(LEFT, FOLDS, c.base_rate(LEFT, FOLDS))
    model = c.fold_metrics(LEFT, FOLDS, P)
    summary = c.summarize(model)
    assert summary["auc"].value == pytest.approx(model["auc"].mean())
    assert summary["auc"].low < summary["auc"].value < summary["auc"].high
    assert summary["auc"].n == 15
    gain = c.compare({"floor": floor, "model": model}, against="floor")
    assert set(gain) == {"model"}
    assert gain["model"].difference.value == pytest.approx(model["auc"].mean() - 0.5)
    assert gain["model"].p_value < 0.001
    assert c.compare({"a": model, "b": model}, "a", "brier")["b"].p_value == 1


def test_fold_metrics_change_nothing_that_they_get():
    before = P.copy(), LEFT.copy(), FOLDS.copy()
    c.fold_metrics(LEFT, FOLDS, P)
    for now, then in zip((P, LEFT, FOLDS), before, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(now), pd.DataFrame(then))

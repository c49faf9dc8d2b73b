"""Intervals against closed forms, textbooks and simulation; paired tests against scipy."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_table

from churnlens.evaluation.intervals import (
    bootstrap,
    bootstrap_difference,
    bootstrap_groups,
    corrected_t,
    mcnemar,
    wilson,
)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(10, 10, 0.7225, 1.0), (0, 20, 0.0, 0.1611), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_equals_published_intervals(k, n, low, high):
    share = wilson(k, n)
    assert (share.value, share.n) == (k / n, n)
    assert (share.low, share.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_wilson_solves_its_own_equation():
    share, z = wilson(37, 120, confidence=0.9), stats.norm.ppf(0.95)
    for border in (share.low, share.high):
        assert abs(share.value - border) == pytest.approx(z * np.sqrt(border * (1 - border) / 120))


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 5), (0, 0)])
def test_wilson_refuses_what_is_no_share(k, n):
    with pytest.raises(ValueError, match=f"{k} of {n}"):
        wilson(k, n)


@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_bootstrap_of_a_mean_is_near_the_t_interval(method):
    x = np.random.default_rng(1).normal(5, 2, 200)
    estimate = bootstrap(np.mean, x, method=method)
    exact = stats.t.interval(0.95, 199, x.mean(), stats.sem(x))
    assert (estimate.value, estimate.n) == (pytest.approx(x.mean()), 200)
    assert (estimate.low, estimate.high) == pytest.approx(exact, abs=0.05)


def test_bootstrap_keeps_rows_together():
    x = np.random.default_rng(2).normal(size=100)
    estimate = bootstrap(lambda a, b: np.corrcoef(a, b)[0, 1], x, 2 * x + 1)
    assert estimate.low == pytest.approx(1) and estimate.high == pytest.approx(1)


def test_bootstrap_repeats_with_its_seed_and_survives_one_row():
    x = np.random.default_rng(3).exponential(size=50)
    assert bootstrap(np.median, x, seed=4) == bootstrap(np.median, x, seed=4)
    assert bootstrap(np.median, x, seed=4) != bootstrap(np.median, x, seed=5)
    one = bootstrap(np.mean, np.array([7.0]))
    assert (one.value, one.low, one.high, one.n) == (7, 7, 7, 1)


def mean_error(truth, prediction):
    return np.abs(truth - prediction).mean()


def test_paired_difference_is_narrower_than_two_intervals_and_signed():
    rng = np.random.default_rng(5)
    truth = rng.normal(size=300)
    first = truth + rng.normal(size=300)
    result = bootstrap_difference(mean_error, truth, first, first + 0.2 * np.sign(first - truth))
    assert result.difference.value == pytest.approx(-0.2)
    assert result.difference.low == pytest.approx(-0.2) == result.difference.high
    assert result.p_value < 0.01


def test_paired_difference_of_equals_is_not_significant_too_often():
    hits = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=60)
        first, second = truth + rng.normal(size=(2, 60))
        result = bootstrap_difference(mean_error, truth, first, second, resamples=199, seed=seed)
        hits += not result.difference.low <= 0 <= result.difference.high
    assert hits <= 12  # 5 of 100 expected; 12 or more have p < 0.005


def test_mcnemar_equals_statsmodels():
    rng = np.random.default_rng(6)
    first, second = rng.random(80) < 0.8, rng.random(80) < 0.6
    cells = [[(first & second).sum(), (first & ~second).sum()]]
    cells += [[(~first & second).sum(), (~first & ~second).sum()]]
    result = mcnemar(first, second)
    assert result.p_value == pytest.approx(mcnemar_table(cells, exact=True).pvalue)
    assert result.difference.value == pytest.approx(first.mean() - second.mean())


def test_mcnemar_interval_equals_newcombes_published_example():
    # Newcombe 1998, table II, method 10: e=36, f=12, g=2, h=0 of 50 -> 0.2000 (0.0569, 0.3404)
    first = np.repeat([True, True, False, False], [36, 12, 2, 0])
    second = np.repeat([True, False, True, False], [36, 12, 2, 0])
    difference = mcnemar(first, second).difference
    assert difference.value == pytest.approx(0.2)
    assert (difference.low, difference.high) == pytest.approx((0.0569, 0.3404), abs=5e-5)


def test_mcnemar_of_identical_systems():
    right = np.array([True, False, True])
    assert mcnemar(right, right).p_value == 1
    assert mcnemar(np.ones(5, bool), np.ones(5, bool)).difference.value == 0


def test_corrected_t_widens_the_plain_t_test_as_published():
    differences = np.random.default_rng(7).normal(0.01, 0.02, 15)
    result = corrected_t(differences, test_share=0.2)
    plain = stats.ttest_1samp(differences, 0)
    factor = np.sqrt((1 / 15 + 0.25) / (1 / 15))
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(plain.statistic) / factor, 14))
    interval = plain.confidence_interval()
    wide = result.difference.high - result.difference.low
    assert wide == pytest.approx(factor * (interval.high - interval.low))


def test_corrected_t_of_constant_and_of_bad_input():
    assert corrected_t(np.zeros(5), 0.2).p_value == 1
    assert corrected_t(np.ones(5), 0.2).p_value == 0
    with pytest.raises(ValueError, match="k=1"):
        corrected_t(np.ones(1), 0.2)
    with pytest.raises(ValueError, match=r"test_share=1\.5"):
        corrected_t(np.ones(4), 1.5)


def test_groups_are_resampled_whole():
    rng = np.random.default_rng(3)
    means = rng.normal(size=60)
    groups = rng.permutation(np.repeat(np.arange(60), 20))
    found = bootstrap_groups(np.mean, groups, means[groups])
    # rows of a group are the same: the interval is that of 60 values, not of 1,200
    alone = bootstrap(np.mean, means)
    assert found.n == 60
    assert found.value == pytest.approx(alone.value)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high))
    rows = bootstrap(np.mean, means[groups])
    assert rows.high - rows.low < (found.high - found.low) / 3


def test_groups_of_one_row_are_rows_and_large_groups_weigh_more():
    values = np.arange(30.0)
    names = np.array([f"d{n:02}" for n in range(30)])
    assert bootstrap_groups(np.mean, names, values) == bootstrap(np.mean, values)
    uneven = bootstrap_groups(np.mean, np.array([0, 1, 1, 1]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert (uneven.value, uneven.low, uneven.high, uneven.n) == (0.75, 0, 1, 2)


def test_columns_of_a_group_stay_together():
    truth, rows = np.arange(12), np.stack([np.arange(12), np.arange(12)], axis=1)
    found = bootstrap_groups(
        lambda one, two: float((one == two[:, 1]).mean()), truth % 3, truth, rows, resamples=99
    )
    assert (found.low, found.value, found.high) == (1, 1, 1)

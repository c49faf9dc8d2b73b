"""Intervals and paired tests: thin, typed wrappers around scipy and statsmodels.

Every interval is two-sided and at 95 % unless `confidence` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from churnlens.schema import Frozen

Statistic = Callable[..., float]
Method = Literal["percentile", "basic", "BCa"]


class Estimate(Frozen):
    """A value with its interval and the number of cases that it rests on."""

    value: float
    low: float
    high: float
    n: int


class Comparison(Frozen):
    """A paired difference (first minus second) with its interval and two-sided p-value."""

    difference: Estimate
    p_value: float


def wilson(successes: int, n: int, confidence: float = 0.95) -> Estimate:
    """Return a share with its Wilson score interval.

    Raises:
        ValueError: when not 0 ≤ successes ≤ n, or n is 0.
    """
    if not 0 <= successes <= n or n == 0:
        raise ValueError(f"a share needs 0 <= successes <= n and n > 0, got {successes} of {n}")
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    return Estimate(value=successes / n, low=float(low), high=float(high), n=n)


def bootstrap(
    statistic: Statistic,
    *columns: np.ndarray,
    resamples: int = 2000,
    seed: int = 0,
    method: Method = "percentile",
    confidence: float = 0.95,
) -> Estimate:
    """Return a statistic with its bootstrap interval; rows are resampled together.

    Args:
        statistic: function of the columns, for instance `auc(left, probability)`.
        columns: arrays of shape (n_rows,), resampled with the same row numbers.
        resamples: number of bootstrap samples.
        seed: the same seed gives the same interval.
        method: as in `scipy.stats.bootstrap`; BCa costs n more evaluations.
        confidence: coverage of the interval.

    Returns:
        The statistic of the full columns; low = high = value for a single row.
    """
    value, n = float(statistic(*columns)), len(columns[0])
    if n < 2:
        return Estimate(value=value, low=value, high=value, n=n)
    from scipy import stats

    interval = stats.bootstrap(
        columns,
        statistic,
        n_resamples=resamples,
        paired=True,
        vectorized=False,
        method=method,
        confidence_level=confidence,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(value=value, low=float(interval.low), high=float(interval.high), n=n)


def bootstrap_groups(
    statistic: Statistic,
    groups: np.ndarray,
    *columns: np.ndarray,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Return a statistic with its percentile interval when rows of a group depend on each other.

    Whole groups are resampled: the turns of a dialogue stay together.

    Args:
        statistic: function of the columns.
        groups: what each row belongs to, shape (n_rows,).
        columns: arrays whose first axis is the rows; whole rows go together.
        resamples: number of bootstrap samples.
        seed: the same seed gives the same interval.

    Returns:
        The statistic of the full columns; `n` counts the groups. The bounds are NaN where the
        statistic is NaN in some resample.
    """
    _, owner = np.unique(groups, return_inverse=True)
    rows = np.split(np.argsort(owner, kind="stable"), np.cumsum(np.bincount(owner))[:-1])

    def of(picked: np.ndarray) -> float:
        inside = np.concatenate([rows[group] for group in picked])
        return statistic(*(column[inside] for column in columns))

    return bootstrap(of, np.arange(len(rows)), resamples=resamples, seed=seed)


def bootstrap_difference(
    statistic: Statistic,
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare two predictors of the same cases by a paired bootstrap.

    Args:
        statistic: function `(truth, prediction)` of arrays of shape (n_rows,).
        truth: what really happened, shape (n_rows,).
        first: predictions of the first model, shape (n_rows,).
        second: predictions of the second model, shape (n_rows,).
        resamples: number of bootstrap samples.
        seed: the same seed gives the same answer.

    Returns:
        statistic(first) − statistic(second) with its percentile interval, and twice the smaller
        share of resamples on one side of zero (with the add-one correction).
    """
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(truth), size=(resamples, len(truth)))
    draws = np.array(
        [statistic(truth[i], first[i]) - statistic(truth[i], second[i]) for i in rows], dtype=float
    )
    low, high = np.quantile(draws, [0.025, 0.975])
    tail = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    value = float(statistic(truth, first) - statistic(truth, second))
    difference = Estimate(value=value, low=float(low), high=float(high), n=len(truth))
    return Comparison(difference=difference, p_value=min(1.0, 2 * (tail + 1) / (resamples + 1)))


def mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> Comparison:
    """Compare two systems on the same right-or-wrong cases by the exact McNemar test.

    Args:
        first_right: whether the first system was right, booleans of shape (n_cases,).
        second_right: the same for the second system.

    Returns:
        Difference of the two accuracies with its Newcombe interval for paired shares (method 10,
        `Statistics in Medicine` 17, 1998, 2635-2650), and the exact p-value.
    """
    from scipy import stats

    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    discordant = only_first + only_second
    p_value = stats.binomtest(only_first, discordant).pvalue if discordant else 1.0
    return Comparison(difference=_newcombe_paired(first, second), p_value=float(p_value))


def _phi(first: np.ndarray, second: np.ndarray) -> float:
    """Return the correlation of two yes/no columns, a positive one corrected for continuity."""
    n, one, two = len(first), int(first.sum()), int(second.sum())
    margins = one * (n - one) * two * (n - two)
    if not margins:
        return 0.0
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    cross = both * neither - (one - both) * (two - both)
    return float((max(cross - n / 2, 0) if cross > 0 else cross) / np.sqrt(margins))


def _newcombe_paired(first: np.ndarray, second: np.ndarray) -> Estimate:
    n, phi = len(first), _phi(first, second)
    one, two = wilson(int(first.sum()), n), wilson(int(second.sum()), n)
    value = one.value - two.value

    def reach(up: float, down: float) -> float:
        return float(np.sqrt(max(up**2 - 2 * phi * up * down + down**2, 0.0)))

    low = value - reach(one.value - one.low, two.high - two.value)
    high = value + reach(one.high - one.value, two.value - two.low)
    return Estimate(value=value, low=low, high=high, n=n)


def corrected_t(differences: np.ndarray, test_share: float) -> Comparison:
    """Test the mean of cross-validated differences (Nadeau and Bengio 2003).

    Folds share training rows, so the plain t-test is far too sure. The variance of the mean is
    taken as (1/k + test/train) times the sample variance instead of 1/k times.

    Args:
        differences: one paired difference (or one metric) per fold and repeat, shape (k,).
        test_share: share of the rows in one test fold, between 0 and 1; 0.2 for five folds.

    Returns:
        The mean with its corrected interval and p-value against zero; `n` is k.

    Raises:
        ValueError: for fewer than two differences or a share outside (0, 1).
    """
    k = len(differences)
    if k < 2 or not 0 < test_share < 1:
        raise ValueError(f"need k >= 2 and 0 < test_share < 1, got k={k}, test_share={test_share}")
    from scipy import stats

    mean, variance = float(np.mean(differences)), float(np.var(differences, ddof=1))
    error = float(np.sqrt((1 / k + test_share / (1 - test_share)) * variance))
    reach = float(stats.t.ppf(0.975, k - 1)) * error
    if error > 0:
        p_value = 2 * float(stats.t.sf(abs(mean) / error, k - 1))
    else:
        p_value = 1.0 if mean == 0 else 0.0
    estimate = Estimate(value=mean, low=mean - reach, high=mean + reach, n=k)
    return Comparison(difference=estimate, p_value=p_value)

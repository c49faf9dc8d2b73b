"""Rates, ratios and differences of two-by-two counts with 95 % intervals, for whole arrays at once.

Every function takes counts that broadcast against each other and returns `(value, low, high)`.
Where a figure does not exist (an empty group, a zero cell under a ratio) it is NaN, which
`estimate` turns into None: no continuity correction is slipped in.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churnlens.schema import Frozen

Floats = NDArray[np.float64]
Bounds = tuple[Floats, Floats, Floats]

Z95 = NormalDist().inv_cdf(0.975)


class Estimate(Frozen):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def estimate(bounds: tuple[ArrayLike, ArrayLike, ArrayLike]) -> Estimate | None:
    """Return one scalar figure as an `Estimate`, or None where any part is not finite."""
    value, low, high = (float(np.asarray(part)) for part in bounds)
    if not all(map(math.isfinite, (value, low, high))):
        return None
    return Estimate(value=value, low=low, high=high)


def _floats(*counts: ArrayLike) -> list[Floats]:
    return [np.asarray(count, dtype=float) for count in counts]


def _from_log(log_value: Floats, variance: Floats) -> Bounds:
    half = Z95 * np.sqrt(variance)
    return np.exp(log_value), np.exp(log_value - half), np.exp(log_value + half)


def wilson(events: ArrayLike, n: ArrayLike) -> Bounds:
    """Return a proportion with Wilson's score interval (Wilson 1927)."""
    events, n = _floats(events, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = events / n
        centre = (events + Z95**2 / 2) / (n + Z95**2)
        half = Z95 * np.sqrt(n * rate * (1 - rate) + Z95**2 / 4) / (n + Z95**2)
        return rate, np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def newcombe(
    events: ArrayLike,
    n: ArrayLike,
    other_events: ArrayLike,
    other_n: ArrayLike,
    correlation: ArrayLike = 0.0,
) -> Bounds:
    """Return the difference of two proportions with Newcombe's hybrid score interval.

    Newcombe 1998, method 10; `correlation` between the two proportions (groups that share
    members) enters as in his method for paired data (Zou and Donner 2008).
    """
    (one, low_one, high_one), (two, low_two, high_two) = (
        wilson(events, n),
        wilson(other_events, other_n),
    )
    rho = np.asarray(correlation, dtype=float)

    def _reach(first: Floats, second: Floats) -> Floats:
        return np.sqrt(np.maximum(first**2 + second**2 - 2 * rho * first * second, 0.0))

    difference = one - two
    return (
        difference,
        difference - _reach(one - low_one, high_two - two),
        difference + _reach(high_one - one, two - low_two),
    )


def katz(
    events: ArrayLike,
    n: ArrayLike,
    other_events: ArrayLike,
    other_n: ArrayLike,
    log_covariance: ArrayLike = 0.0,
) -> Bounds:
    """Return the risk ratio with the log interval of Katz et al. 1978; NaN at a zero cell.

    `log_covariance` is the covariance of the two log proportions, where groups share members.
    """
    a, n, b, m = _floats(events, n, other_events, other_n)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_ratio = np.log(a / n) - np.log(b / m)
        variance = 1 / a - 1 / n + 1 / b - 1 / m - 2 * np.asarray(log_covariance, dtype=float)
        return _from_log(log_ratio, variance)


def woolf(events: ArrayLike, n: ArrayLike, other_events: ArrayLike, other_n: ArrayLike) -> Bounds:
    """Return the odds ratio with Woolf's logit interval (1955); NaN at a zero cell."""
    a, n, b, m = _floats(events, n, other_events, other_n)
    with np.errstate(invalid="ignore", divide="ignore"):
        log_ratio = np.log(a) - np.log(n - a) - np.log(b) + np.log(m - b)
        return _from_log(log_ratio, 1 / a + 1 / (n - a) + 1 / b + 1 / (m - b))


def score_z(
    events: ArrayLike,
    n: ArrayLike,
    other_events: ArrayLike,
    other_n: ArrayLike,
    shared: ArrayLike = 0.0,
) -> Floats:
    """Return the z of equal proportions; its square is Pearson's chi-square, uncorrected.

    `shared` counts members that belong to both groups. Where there is no variance z is 0.
    """
    a, n, b, m, both = _floats(events, n, other_events, other_n, shared)
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (a + b) / (n + m)
        variance = pooled * (1 - pooled) * (1 / n + 1 / m - 2 * both / (n * m))
        z = (a / n - b / m) / np.sqrt(variance)
    return np.where(np.isfinite(z), z, 0.0)


def two_sided(z: ArrayLike) -> Floats:
    """Return the two-sided p-value of standard normal `z`, of the same shape."""
    values = np.asarray(z, dtype=float)
    tails = [math.erfc(abs(each) / math.sqrt(2)) for each in values.ravel().tolist()]
    return np.array(tails).reshape(values.shape)

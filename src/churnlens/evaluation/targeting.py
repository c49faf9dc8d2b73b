"""What acting on the first of a list is worth, against acting on others or on anybody."""

from __future__ import annotations

import numpy as np

from churnlens.evaluation.intervals import Comparison, Estimate
from churnlens.schema import Frozen


class ListWorth(Frozen):
    """True gain of acting on the first share of a list.

    Attributes:
        name: of the list.
        customers: acted on.
        gain: mean true gain of one of them, with a 95 % bootstrap interval over customers.
    """

    name: str
    customers: int
    gain: Estimate


class TargetingScores(Frozen):
    """Lists against one another.

    Attributes:
        lists: each list, and `random`: the mean of all customers.
        against: other list → mean gain of the first list minus that of the other, paired.
    """

    lists: tuple[ListWorth, ...]
    against: dict[str, Comparison]


def first_share(scores: np.ndarray, share: float) -> np.ndarray:
    """Return the rows of the highest scores, shape (max(1, round(share·n)),); ties by place."""
    return np.argsort(-scores, kind="stable")[: max(1, round(share * len(scores)))]


def compare_lists(
    gain: np.ndarray,
    scores: dict[str, np.ndarray],
    share: float = 0.1,
    resamples: int = 2000,
    seed: int = 0,
) -> TargetingScores:
    """Compare the first list with the others and with acting on random customers.

    Args:
        gain: true gain of acting on each customer, shape (n_customers,).
        scores: list → by what it orders customers; the first one is compared with the others.
        share: of customers that are acted on.
        resamples: number of bootstrap samples of customers.
        seed: the same seed gives the same intervals.
    """
    rng, n = np.random.default_rng(seed), len(gain)
    means = {name: np.empty(resamples) for name in (*scores, "random")}
    for draw in range(resamples):
        rows = rng.integers(0, n, n)
        for name, values in scores.items():
            means[name][draw] = gain[rows][first_share(values[rows], share)].mean()
        means["random"][draw] = gain[rows].mean()
    value = {name: float(gain[first_share(v, share)].mean()) for name, v in scores.items()}
    value |= {"random": float(gain.mean())}
    lists = tuple(
        ListWorth(
            name=name, customers=max(1, round(share * n)), gain=_estimate(value[name], draws, n)
        )
        for name, draws in means.items()
    )
    first = next(iter(scores))
    return TargetingScores(
        lists=lists,
        against={
            other: _difference(value[first] - value[other], means[first] - means[other], n)
            for other in means
            if other != first
        },
    )


def _estimate(value: float, draws: np.ndarray, n: int) -> Estimate:
    low, high = np.quantile(draws, [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high), n=n)


def _difference(value: float, draws: np.ndarray, n: int) -> Comparison:
    tail = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
    p_value = min(1.0, 2 * (tail + 1) / (len(draws) + 1))
    return Comparison(difference=_estimate(value, draws, n), p_value=p_value)

"""How good a survival model is: who leaves first, and how many are still there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from churnlens.schema import Frozen

_BLOCK = 256


def concordance(months: np.ndarray, left: np.ndarray, risk: np.ndarray) -> float:
    """Return Harrell's C: of pairs with a known order, where who left first had more risk.

    Args:
        months: when each left or was last seen, shape (n_customers,).
        left: whether he left then, booleans.
        risk: the higher, the sooner; equal risks count half.

    Raises:
        ValueError: when no pair has a known order.
    """
    right, pairs = 0.0, 0
    leavers = np.flatnonzero(left)
    for start in range(0, len(leavers), _BLOCK):
        rows = leavers[start : start + _BLOCK, None]
        later = (months > months[rows]) | ((months == months[rows]) & ~left)
        right += float((later & (risk[rows] > risk)).sum())
        right += float((later & (risk[rows] == risk)).sum()) / 2
        pairs += int(later.sum())
    if not pairs:
        raise ValueError("no two customers whose order of leaving is known; expected some leavers")
    return right / pairs


class Calibration(Frozen):
    """Predicted survival against what was seen, in a group of customers.

    Attributes:
        month: at which.
        group: 1 has the lowest predicted survival; 0 is everybody, and `observed` then the mean of
            the groups: one curve of all would be wrong where those who stay are watched longer.
        predicted, observed: mean prediction, and the product-limit estimate of the group.
    """

    month: int
    group: int
    predicted: float
    observed: float

    @property
    def gap(self) -> float:
        """Return the distance in percentage points."""
        return 100 * abs(self.predicted - self.observed)


def calibrate(
    months: np.ndarray, left: np.ndarray, predicted: Mapping[int, np.ndarray], groups: int
) -> tuple[Calibration, ...]:
    """Compare predicted survival with the product-limit estimate, by groups and for all.

    Args:
        months: when each left or was last seen, shape (n_customers,).
        left: whether he left then.
        predicted: month → P(still a customer then), shape (n_customers,).
        groups: equal groups by predicted survival.
    """
    found = []
    for month, share in predicted.items():
        parts = np.array_split(np.argsort(share, kind="stable"), groups)
        seen = [product_limit(months[rows], left[rows], month) for rows in parts]
        found += [
            Calibration(month=month, group=n, predicted=float(share[rows].mean()), observed=each)
            for n, (rows, each) in enumerate(zip(parts, seen, strict=True), start=1)
        ]
        observed = float(np.average(seen, weights=[len(rows) for rows in parts]))
        mean = float(share.mean())
        found.append(Calibration(month=month, group=0, predicted=mean, observed=observed))
    return tuple(found)


def product_limit(months: np.ndarray, left: np.ndarray, at: int) -> float:
    """Return the Kaplan-Meier estimate of P(still a customer after month `at`)."""
    times = np.unique(months[left & (months <= at)])
    there = (months >= times[:, None]).sum(axis=1)
    gone = ((months == times[:, None]) & left).sum(axis=1)
    return float(np.prod(1 - gone / there))

"""How good a survival model is: who leaves first, and how many are still there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from churnlens.schema import Frozen

_BLOCK: Final = 256
_LEAST: Final = 10  # customers of a group who must be watched to a month for it to be judged
_Z: Final = 1.959964  # of a 95 % interval


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
        low, high: 95 % interval of what was observed (Greenwood).
    """

    month: int
    group: int
    predicted: float
    observed: float
    low: float
    high: float

    @property
    def gap(self) -> float:
        """Return the distance in percentage points."""
        return 100 * abs(self.predicted - self.observed)


def observed_until(months: np.ndarray, groups: list[np.ndarray], at: int) -> bool:
    """Return whether enough of every group were watched to a month: survival past it is a guess."""
    return all(int((months[rows] >= at).sum()) >= _LEAST for rows in groups)


def calibrate(
    months: np.ndarray, left: np.ndarray, predicted: Mapping[int, np.ndarray], groups: int
) -> tuple[Calibration, ...]:
    """Compare predicted survival with the product-limit estimate, by groups and for all.

    Args:
        months: when each left or was last seen, shape (n_customers,).
        left: whether he left then.
        predicted: month → P(still a customer then), shape (n_customers,).
        groups: equal groups by predicted survival.

    Returns:
        One row for each group and month, group 0 last; none for a month to which fewer than ten
        customers of some group were watched.
    """
    found = []
    for month, share in predicted.items():
        parts = np.array_split(np.argsort(share, kind="stable"), groups)
        if observed_until(months, parts, month):
            found += _calibrated(month, share, [(rows, months[rows], left[rows]) for rows in parts])
    return tuple(found)


def _calibrated(
    month: int, share: np.ndarray, parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> list[Calibration]:
    """Return the rows of one month; everybody is the mean of the groups, whose errors add up."""
    size = np.array([len(rows) for rows, _, _ in parts]) / len(share)
    said = np.array([share[rows].mean() for rows, _, _ in parts])
    seen, error = np.array([product_limit(m, gone, month) for _, m, gone in parts]).T
    said = np.append(said, share.mean())
    seen = np.append(seen, size @ seen)
    error = np.append(error, np.sqrt(size**2 @ error**2))
    low, high = np.clip(seen - _Z * error, 0, 1), np.clip(seen + _Z * error, 0, 1)
    numbers = [*range(1, len(parts) + 1), 0]
    return [
        Calibration(month=month, group=n, predicted=p, observed=s, low=a, high=b)
        for n, p, s, a, b in zip(numbers, said, seen, low, high, strict=True)
    ]


def product_limit(months: np.ndarray, left: np.ndarray, at: int) -> tuple[float, float]:
    """Return the Kaplan-Meier estimate of P(still a customer after month `at`), and its error.

    The standard error is Greenwood's. Past the last month watched the last value would go on: see
    `observed_until`.
    """
    times = np.unique(months[left & (months <= at)])
    there = (months >= times[:, None]).sum(axis=1)
    gone = ((months == times[:, None]) & left).sum(axis=1)
    share = float(np.prod(1 - gone / there))
    spread = gone / (there * np.maximum(there - gone, 1))
    return share, share * float(np.sqrt(spread.sum()))

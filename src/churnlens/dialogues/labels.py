"""Several raters' labels merged into one, and labels that are likely wrong.

Training takes the mean, evaluation the rounded mean, and the three classes of USDA and ASAP are
the sides of the scale's middle: below it, on it, above it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from churnlens.dialogues.form import Scale
from churnlens.schema import Frozen

Level = Literal["dissatisfied", "neutral", "satisfied"]


class LikelyError(Frozen):
    """An item whose label a model that never saw it contradicts.

    Attributes:
        place: of the item among those given.
        given: its label, a column of the probabilities.
        suggested: the label that the model would give.
        confidence: probability of the given label ("self-confidence"); the lower, the worse.
    """

    place: int
    given: int
    suggested: int
    confidence: float


def mean_rating(ratings: Sequence[float]) -> float:
    """Return the mean of the raters; ValueError when there is none."""
    if not ratings:
        raise ValueError("ratings: got none, expected one or more")
    return math.fsum(ratings) / len(ratings)


def rounded(mean: float) -> int:
    """Return the nearest whole rating; a half goes up, and not to the even one: 2.5 is 3."""
    return math.floor(mean + 0.5)


def three_class(mean: float, scale: Scale) -> Level:
    """Return the side of the scale's middle on which a mean rating lies (1 to 5: <3, =3, >3)."""
    if math.isclose(mean, scale.middle, abs_tol=1e-9):
        return "neutral"
    return "dissatisfied" if mean < scale.middle else "satisfied"


def likely_errors(probabilities: np.ndarray, labels: np.ndarray) -> list[LikelyError]:
    """Return the items that are likely labelled wrong, the surest first.

    Confident learning (Northcutt, Jiang, Chuang, JAIR 2021): an item counts for a class when its
    probability reaches the mean probability of that class among the items that carry it; it is
    likely wrong when the likeliest class that it counts for is another than its label. Ranked by
    the probability of its own label.

    Args:
        probabilities: shape (n, k), rows that add up to 1, each by a model that was fitted without
            this item and without its dialogue and customer.
        labels: integers of shape (n,), from 0 to k - 1.

    Raises:
        ValueError: when the shapes, the probabilities or the labels are not so.
    """
    _check(probabilities, labels)
    k = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    carried = np.bincount(labels, minlength=k)
    sums = np.bincount(labels, weights=own, minlength=k)
    thresholds = np.where(carried > 0, sums / np.maximum(carried, 1), np.inf)
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    suggested = confident.argmax(axis=1)
    wrong = np.flatnonzero((confident.max(axis=1) >= 0) & (suggested != labels))
    return [
        LikelyError(
            place=int(place),
            given=int(labels[place]),
            suggested=int(suggested[place]),
            confidence=float(own[place]),
        )
        for place in wrong[np.argsort(own[wrong], kind="stable")]
    ]


def _check(probabilities: np.ndarray, labels: np.ndarray) -> None:
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ValueError(f"got {probabilities.shape} and {labels.shape}, expected (n, k) and (n,)")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels: got {labels.dtype}, expected integers from 0")
    if len(labels) and not 0 <= labels.min() <= labels.max() < probabilities.shape[1]:
        raise ValueError(f"labels: expected 0 to {probabilities.shape[1] - 1}")
    if not (np.allclose(probabilities.sum(axis=1), 1, atol=1e-3) and (probabilities >= 0).all()):
        raise ValueError("probabilities: expected rows of at least 0 that add up to 1")

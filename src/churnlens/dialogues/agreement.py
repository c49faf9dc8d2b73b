"""How far raters agree with one another: Krippendorff's alpha, and one rater against the others.

Units may have any number of raters. Source of alpha: K. Krippendorff, *Computing Krippendorff's
Alpha-Reliability* (2011), whose worked example is in the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

import numpy as np

from churnlens.dialogues.form import Scale
from churnlens.dialogues.labels import mean_rating, rounded

Level = Literal["nominal", "ordinal", "interval"]
Ratings = Sequence[Sequence[float]]


def krippendorff_alpha(ratings: Ratings, level: Level = "ordinal") -> float:
    """Return 1 - observed / expected disagreement: 1 is perfect, 0 is chance.

    Args:
        ratings: for each unit the ratings that it has; units with fewer than two do not count.
        level: of measurement, which sets the distance of two values.

    Returns:
        Alpha; NaN where no unit has two ratings, or where all ratings are the same value.
    """
    paired = [unit for unit in ratings if len(unit) > 1]
    values = sorted({value for unit in paired for value in unit})
    if len(values) < 2:
        return float("nan")
    coincidences = _coincidences(paired, values)
    totals = coincidences.sum(axis=0)
    distance = _DISTANCES[level](np.array(values, float), totals)
    observed = float((coincidences * distance).sum())
    expected = float((np.outer(totals, totals) * distance).sum()) / (totals.sum() - 1)
    return 1 - observed / expected


def one_against_others(ratings: Ratings, scale: Scale) -> float:
    """Return the quadratic weighted kappa of each rating with the rounded mean of the others.

    It is a limit for models that are judged by such means: what one person reaches.

    Args:
        ratings: for each unit the ratings that it has; units with fewer than two do not count.
        scale: fixes the classes; a rating that is no whole number is rounded too.
    """
    from sklearn.metrics import cohen_kappa_score

    own, others = [], []
    for unit in ratings:
        for place, rating in enumerate(unit if len(unit) > 1 else ()):
            own.append(rounded(rating))
            others.append(rounded(mean_rating([*unit[:place], *unit[place + 1 :]])))
    classes = list(range(scale.low, scale.high + 1))
    return float(cohen_kappa_score(own, others, labels=classes, weights="quadratic"))


def _coincidences(units: Ratings, values: list[float]) -> np.ndarray:
    """Return how often two values met in a unit, weighted by 1 / (ratings - 1); (k, k)."""
    counts = np.array([[list(unit).count(value) for value in values] for unit in units], float)
    weights = 1 / (counts.sum(axis=1) - 1)
    return (counts * weights[:, None]).T @ counts - np.diag(weights @ counts)


def _nominal(values: np.ndarray, totals: np.ndarray) -> np.ndarray:
    return 1.0 - np.eye(len(values))


def _ordinal(values: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Square of the number of ratings from one value to the other, each end counted by half."""
    middles = np.cumsum(totals) - totals / 2
    return (middles[:, None] - middles) ** 2


def _interval(values: np.ndarray, totals: np.ndarray) -> np.ndarray:
    return (values[:, None] - values) ** 2


_DISTANCES: Final[dict[Level, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
}

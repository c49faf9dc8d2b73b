"""How good predictions of customer value are: ranking, calibration and bias before the mean error.

Most customers spend nothing, so the mean absolute error is won by predicting zero. Normalised Gini
and decile charts are what Wang, Liu and Miao propose for such targets (arXiv 1912.07753).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from churnlens.evaluation.intervals import (
    Comparison,
    Estimate,
    Statistic,
    bootstrap,
    bootstrap_difference,
)
from churnlens.schema import Frozen

DECILES: Final = 10


def _ranked(actual: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions from the highest on, and what was spent; ties share theirs equally.

    So nothing here rests on the order of the rows.
    """
    order = np.argsort(-predicted, kind="stable")
    ranked = predicted[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    size = np.diff(np.append(starts, len(order)))
    return ranked, np.repeat(np.add.reduceat(actual[order], starts) / size, size)


def gini(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Return the Gini coefficient of `actual` when customers are ranked by `predicted`.

    Ties share what they spent together, so a constant prediction has 0 whatever the order of rows.

    Args:
        actual: what was spent, shape (n_customers,), not negative.
        predicted: what was expected.
    """
    total = actual.sum()
    if total == 0:
        return float("nan")
    n, (_, shared) = len(actual), _ranked(actual, predicted)
    gained = shared @ np.arange(n, 0, -1) / total
    return float((gained - (n + 1) / 2) / n)


def gini_curve(
    actual: np.ndarray, predicted: np.ndarray, points: int = 50
) -> list[dict[str, float]]:
    """Return the share of all spend that the `customers` ranked highest have, both from 0 to 1.

    Args:
        actual: what was spent, shape (n_customers,).
        predicted: what was expected.
        points: of the curve beside its beginning.
    """
    total = actual.sum()
    gained = np.concatenate([[0.0], np.cumsum(_ranked(actual, predicted)[1])])
    places = np.unique(np.linspace(0, len(actual), points + 1).astype(int))
    return [
        {"customers": place / len(actual), "spend": float(gained[place] / total) if total else 0.0}
        for place in places.tolist()
    ]


def normalised_gini(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Return the Gini coefficient divided by that of the perfect ranking: 1 perfect, 0 random."""
    best = gini(actual, actual)
    return gini(actual, predicted) / best if best else float("nan")


def _tenths(actual: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return size, mean prediction and mean spend of each tenth, the highest predicted first."""
    n, parts = len(actual), min(DECILES, len(actual))
    size = np.full(parts, n // parts) + (np.arange(parts) < n % parts)
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    means = (np.add.reduceat(values, starts) / size for values in _ranked(actual, predicted))
    return size, *means


def decile_table(actual: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Return mean prediction and mean spend of tenths of customers, the highest predicted first."""
    size, expected, spent = _tenths(actual, predicted)
    places = np.arange(1, len(size) + 1)
    return pd.DataFrame(
        {"decile": places, "customers": size, "predicted": expected, "actual": spent}
    )


def decile_mape(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean over deciles of |predicted - actual| / actual, of the deciles' means.

    A decile that spent nothing is left out: it has no relative error.
    """
    _, expected, spent = _tenths(actual, predicted)
    some = spent > 0
    return float((np.abs(expected - spent)[some] / spent[some]).mean())


def total_bias(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Return the sum of predictions over the sum of what was spent, minus 1."""
    total = actual.sum()
    return float(predicted.sum() / total - 1) if total else float("nan")


def absolute_bias(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Return |total_bias|."""
    return abs(total_bias(actual, predicted))


def mae(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean absolute error; predicting zero is hard to beat in it."""
    return float(np.abs(actual - predicted).mean())


def top_share(actual: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of all spend that the tenth of customers ranked highest has."""
    top = _ranked(actual, predicted)[1][: max(1, round(len(actual) / DECILES))]
    total = actual.sum()
    return float(top.sum() / total) if total else float("nan")


METRICS: Final[dict[str, Callable[[np.ndarray, np.ndarray], float]]] = {
    "normalised_gini": normalised_gini,
    "decile_mape": decile_mape,
    "total_bias": total_bias,
    "mae": mae,
    "top_share": top_share,
}
PAIRED: Final[dict[str, Statistic]] = {
    "normalised_gini": normalised_gini,
    "decile_mape": decile_mape,
    "absolute_bias": absolute_bias,
    "mae": mae,
}


class ValueScores(Frozen):
    """What one model scored.

    Attributes:
        model: its name.
        metrics: those of `METRICS` with 95 % bootstrap intervals over customers.
        deciles: mean predicted and actual spend of each tenth, the highest predicted first.
    """

    model: str
    metrics: dict[str, Estimate]
    deciles: tuple[tuple[float, float], ...]


class ValueComparison(Frozen):
    """A metric of one model minus that of another, of the same customers."""

    metric: str
    first: str
    second: str
    result: Comparison


def _checked(actual: np.ndarray, predicted: Mapping[str, np.ndarray]) -> None:
    for name, values in predicted.items():
        if values.shape != actual.shape or not np.isfinite(values).all():
            raise ValueError(
                f"{name}: got predictions of shape {values.shape}, some perhaps not finite; "
                f"expected {actual.shape} finite numbers"
            )


def score_models(
    actual: np.ndarray, predicted: Mapping[str, np.ndarray], resamples: int = 1000, seed: int = 0
) -> tuple[ValueScores, ...]:
    """Score models on the same customers.

    Args:
        actual: what was spent, shape (n_customers,).
        predicted: model → what was expected, of the same shape.
        resamples: number of bootstrap samples of customers.
        seed: the same seed gives the same intervals.

    Raises:
        ValueError: for predictions of another shape, or not finite.
    """
    _checked(actual, predicted)
    scored = []
    for name, values in predicted.items():
        metrics = {
            metric: bootstrap(of, actual, values, resamples=resamples, seed=seed)
            for metric, of in METRICS.items()
        }
        table = decile_table(actual, values)
        deciles = tuple(zip(table["predicted"], table["actual"], strict=True))
        scored.append(ValueScores(model=name, metrics=metrics, deciles=deciles))
    return tuple(scored)


def compare_models(
    actual: np.ndarray,
    predicted: Mapping[str, np.ndarray],
    pairs: tuple[tuple[str, str], ...],
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[ValueComparison, ...]:
    """Compare pairs of models on the metrics of `PAIRED`; intervals are paired over customers."""
    _checked(actual, predicted)
    return tuple(
        ValueComparison(
            metric=metric,
            first=first,
            second=second,
            result=bootstrap_difference(
                of, actual, predicted[first], predicted[second], resamples=resamples, seed=seed
            ),
        )
        for first, second in pairs
        for metric, of in PAIRED.items()
    )

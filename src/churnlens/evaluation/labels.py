"""Scores of labels out of a fixed list, all of them functions of one confusion matrix.

The list is fixed by the caller, so that a class that nobody has or says moves no weight and no
axis. Without cases, or where chance alone decides, a score is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from churnlens.evaluation.intervals import Estimate, bootstrap_groups
from churnlens.schema import Frozen

Counts = NDArray[np.int64]
Weights = Literal["none", "linear", "quadratic"]


class LabelScores(Frozen):
    """How well labels were told.

    Attributes:
        labels: the order of the confusion matrix.
        counts: confusion matrix; rows are the truth, columns what was said, the last column what
            is no label at all.
        scores: name → score with its interval over groups.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    scores: dict[str, Estimate]


def places(values: Sequence[Hashable] | np.ndarray, labels: Sequence[Hashable]) -> np.ndarray:
    """Return the place of each value in the list of labels; the list's length for another value."""
    place = {label: at for at, label in enumerate(labels)}
    return np.array([place.get(value, len(place)) for value in values], int)


def confusion(truth: np.ndarray, said: np.ndarray, n_labels: int) -> Counts:
    """Return how often each label was told as each.

    Args:
        truth: places of the true labels, shape (n,), each below `n_labels`.
        said: places of what was said; `n_labels` for what is no label.
        n_labels: k.

    Returns:
        Counts of shape (k, k + 1), rows for the truth.

    Raises:
        ValueError: when a truth is no label.
    """
    if np.any((truth < 0) | (truth >= n_labels)):
        wrong = int(np.sum((truth < 0) | (truth >= n_labels)))
        raise ValueError(f"{wrong} of {len(truth)} true labels are not among the {n_labels} labels")
    wide = n_labels + 1
    return np.bincount(truth * wide + said, minlength=n_labels * wide).reshape(n_labels, wide)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def accuracy(counts: Counts) -> float:
    """Return the share of cases told rightly."""
    return float(np.trace(counts) / counts.sum()) if counts.sum() else float("nan")


def recalls(counts: Counts) -> np.ndarray:
    """Return the recall of each label, shape (k,); NaN for one that no case has."""
    return _share(np.diag(counts), counts.sum(axis=1))


def uar(counts: Counts) -> float:
    """Return the unweighted average recall (balanced accuracy) of the labels that cases have."""
    return _mean(recalls(counts))


def f1s(counts: Counts) -> np.ndarray:
    """Return F1 of each label, shape (k,); NaN for one that no case has and nobody said."""
    k = len(counts)
    return _share(2 * np.diag(counts), counts.sum(axis=1) + counts[:, :k].sum(axis=0))


def macro_f1(counts: Counts) -> float:
    """Return the mean F1 of the labels that occur in the truth or in what was said."""
    return _mean(f1s(counts))


def weighted_f1(counts: Counts) -> float:
    """Return the mean F1 of the labels, each weighted by its cases."""
    n = counts.sum()
    return float(np.nansum(f1s(counts) * counts.sum(axis=1)) / n) if n else float("nan")


def kappa(counts: Counts, weights: Weights = "none") -> float:
    """Return Cohen's kappa: 1 is perfect, 0 is chance.

    What is no label disagrees as much as two labels can.

    Args:
        counts: confusion matrix, shape (k, k + 1).
        weights: of a disagreement: all the same, or by the distance of the labels in their list,
            plain or squared (QWK).
    """
    k, n = len(counts), counts.sum()
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k + 1))).astype(float)
    apart[:, k] = max(1, k - 1)
    weight = {"none": (apart > 0).astype(float), "linear": apart, "quadratic": apart**2}[weights]
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0))
    chance = float((weight * expected).sum())
    return 1 - float((weight * counts).sum() * n) / chance if chance else float("nan")


SCORES: Final[dict[str, Callable[[Counts], float]]] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "weighted_f1": weighted_f1,
    "uar": uar,
    "kappa": kappa,
}
QWK: Final = partial(kappa, weights="quadratic")


def label_scores(
    truth: Sequence[str],
    said: Sequence[str],
    labels: Sequence[str],
    groups: Sequence[Hashable] | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> LabelScores:
    """Score labels without an order, such as the two closed fields of a summary.

    Args:
        truth: the true label of each case.
        said: what was said; anything else than a label is wrong, and is no label of its own.
        labels: all of them, in the order of the confusion matrix.
        groups: what each case belongs to, for the intervals; each case by itself by default.
        resamples: number of bootstrap samples.
        seed: the same seed gives the same intervals.

    Raises:
        ValueError: without cases, for a truth that is no label, or another number of answers.
    """
    if not len(truth) or len(truth) != len(said):
        raise ValueError(f"need one label a case, got {len(said)} for {len(truth)} cases")
    true, told, k = places(truth, labels), places(said, labels), len(labels)
    counts = confusion(true, told, k)
    owners = np.arange(len(true)) if groups is None else np.array([str(each) for each in groups])
    scores = {
        name: bootstrap_groups(
            lambda t, s, score=score: score(confusion(t, s, k)),
            owners,
            true,
            told,
            resamples=resamples,
            seed=seed,
        )
        for name, score in SCORES.items()
    }
    rows = tuple(tuple(map(int, row)) for row in counts)
    return LabelScores(labels=tuple(labels), counts=rows, scores=scores)

"""How well ordered ratings, such as satisfaction from 1 to 5, are told.

Accuracy is won by "always 3": read QWK, macro-F1 and MAE beside the scores of `floors`. Intervals
are over dialogues, since the turns of one depend on each other. A score that the data cannot
define (Spearman of a constant, for instance) is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final

import numpy as np

from churnlens.evaluation import labels as of_labels
from churnlens.evaluation.classification import ece
from churnlens.evaluation.intervals import Estimate, bootstrap_groups

Labels = Sequence[int]
Score = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float]


def expected(probability: np.ndarray, labels: Labels) -> np.ndarray:
    """Return the mean label under each row of probabilities, shape (n,)."""
    return np.asarray(probability, float) @ np.asarray(labels, float)


def most_probable(probability: np.ndarray, labels: Labels) -> np.ndarray:
    """Return the label with the highest probability of each row, the lower one of equals."""
    return np.asarray(labels)[np.argmax(probability, axis=1)]


def nearest(probability: np.ndarray, labels: Labels) -> np.ndarray:
    """Return the label nearest to the expected one, the lower one of equals.

    It often has a better QWK and MAE than the most probable label, at a worse macro-F1.
    """
    apart = np.abs(expected(probability, labels)[:, None] - np.asarray(labels, float))
    return np.asarray(labels)[np.argmin(np.round(apart, 9), axis=1)]


def mae(truth: np.ndarray, value: np.ndarray) -> float:
    """Return the mean absolute error, in steps of the rating."""
    return float(np.mean(np.abs(np.asarray(truth, float) - value)))


def spearman(truth: np.ndarray, value: np.ndarray) -> float:
    """Return Spearman's rank correlation, ties by their mean rank; NaN when one is constant."""
    from scipy import stats

    if np.ptp(truth) == 0 or np.ptp(value) == 0:
        return float("nan")
    ranks = stats.rankdata([truth, value], axis=1)
    return float(np.corrcoef(ranks)[0, 1])


def top_ece(truth: np.ndarray, probability: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error of the most probable label (Guo et al. 2017).

    Args:
        truth: places of the true labels, shape (n,).
        probability: of each label, shape (n, k).
        bins: of equal width, as in `classification.ece`.
    """
    return ece(np.argmax(probability, axis=1) == truth, np.max(probability, axis=1), bins)


def classwise_ece(truth: np.ndarray, probability: np.ndarray, bins: int = 10) -> float:
    """Return the mean over labels of the calibration error of each one's probability.

    Stricter than `top_ece` where a rare label matters (Nixon et al. 2019). Arguments as there.
    """
    columns = enumerate(np.asarray(probability).T)
    return float(np.mean([ece(truth == place, column, bins) for place, column in columns]))


def _of_counts(score: Callable[[of_labels.Counts], float]) -> Score:
    def measured(
        truth: np.ndarray, said: np.ndarray, value: np.ndarray, probability: np.ndarray
    ) -> float:
        return score(of_labels.confusion(truth, said, probability.shape[1]))

    return measured


_NAMED: Final[dict[str, Score]] = {
    "qwk": _of_counts(of_labels.QWK),
    "macro_f1": _of_counts(of_labels.macro_f1),
    "weighted_f1": _of_counts(of_labels.weighted_f1),
    "uar": _of_counts(of_labels.uar),
    "accuracy": _of_counts(of_labels.accuracy),
    "spearman": lambda truth, said, value, probability: spearman(truth, value),
    "ece": lambda truth, said, value, probability: top_ece(truth, probability),
    "classwise_ece": lambda truth, said, value, probability: classwise_ece(truth, probability),
}


def ordinal_scores(
    truth: np.ndarray,
    probability: np.ndarray,
    labels: Labels,
    dialogues: Sequence[Hashable],
    said: np.ndarray | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Return every score of ordered ratings with its interval over dialogues.

    `qwk`, `macro_f1`, `weighted_f1`, `uar` and `accuracy` are of the label said; `mae` and
    `spearman` of the expected label; `ece` and `classwise_ece` of the probabilities, with intervals
    that lie high, since a resample adds noise (`classification.ece_by_chance` is their floor).

    Args:
        truth: the true label of each turn, shape (n,).
        probability: of each label, shape (n, k); rows add up to 1.
        labels: the k labels, rising; fixed, so that an absent one moves no weight of QWK.
        dialogues: what each turn belongs to, shape (n,).
        said: the label that counts as the answer, shape (n,); the most probable one by default.
        resamples: number of bootstrap samples.
        seed: the same seed gives the same intervals.

    Raises:
        ValueError: without turns, for another shape, a row that adds up to something else, or a
            truth that is no label.
    """
    p = checked(probability, len(truth), labels)
    told = most_probable(p, labels) if said is None else said
    columns = (
        of_labels.places(truth, labels),
        of_labels.places(told, labels),
        expected(p, labels),
        p,
    )
    steps = np.asarray(labels, float)
    scores = {**_NAMED, "mae": lambda t, s, value, p: mae(steps[t], value)}
    owners = np.array([str(each) for each in dialogues])
    return {
        name: bootstrap_groups(score, owners, *columns, resamples=resamples, seed=seed)
        for name, score in scores.items()
    }


def checked(probability: np.ndarray, n: int, labels: Labels) -> np.ndarray:
    """Return probabilities as floats of shape (n, k).

    Raises:
        ValueError: without rows, for another shape, or a row that is no distribution.
    """
    p = np.asarray(probability, float)
    if not n or p.shape != (n, len(labels)):
        raise ValueError(f"need probabilities of shape ({n} > 0, {len(labels)}), got {p.shape}")
    wrong = ~(np.isclose(p.sum(axis=1), 1, atol=1e-4) & (p >= 0).all(axis=1))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ValueError(f"{int(wrong.sum())} rows do not add up to 1, the first at place {first}")
    return p


def floors(training: np.ndarray, labels: Labels, n: int) -> dict[str, np.ndarray]:
    """Return what a model must beat, as probabilities of shape (n, k), the same in every row.

    `always_3` (the middle label, named by its value), `majority` (the most frequent label of the
    training rows) and `base_rate` (their shares, the floor of calibration).

    Raises:
        ValueError: when a training label is not in the list, or there is none.
    """
    counts = np.bincount(of_labels.places(training, labels), minlength=len(labels))
    if not len(training) or len(counts) > len(labels):
        raise ValueError(f"need training labels among {list(labels)}, got {set(training)}")
    middle, one = (len(labels) - 1) // 2, np.eye(len(labels))
    rows = {
        f"always_{labels[middle]}": one[middle],
        "majority": one[int(np.argmax(counts))],
        "base_rate": counts / counts.sum(),
    }
    return {name: np.tile(row, (n, 1)) for name, row in rows.items()}

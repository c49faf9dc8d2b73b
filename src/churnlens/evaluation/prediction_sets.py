"""Sets of labels that hold the true one with a chosen probability: split conformal prediction.

The set of a turn are the labels whose score is at most a threshold, and always the most probable
one. The threshold comes from calibration dialogues that trained nothing. Turns of a dialogue are
alike, so that a dialogue, not a turn, counts as one case: a set then holds the true label of a
turn of a new dialogue with at least the chosen probability, over dialogues (Lee, Barber and
Willett 2023, arXiv 2306.06342). Where every turn is a dialogue of its own this is the usual rule.

`lac` (least ambiguous sets, Sadinle et al. 2019) scores 1 - the label's probability: small sets.
`aps` (adaptive sets, after Romano et al. 2020, without their random draw) scores the probability
of all labels that are more probable: larger sets for harder turns, a more even coverage.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from churnlens.evaluation.intervals import Estimate, bootstrap_groups
from churnlens.evaluation.labels import places
from churnlens.evaluation.ordinal import Labels, checked
from churnlens.schema import Frozen

Method = Literal["lac", "aps"]
Sets = NDArray[np.bool_]


def _lac(probability: np.ndarray) -> np.ndarray:
    return 1 - probability


def _aps(probability: np.ndarray) -> np.ndarray:
    order = np.argsort(-probability, axis=1, kind="stable")
    falling = np.take_along_axis(probability, order, axis=1)
    above, scores = np.cumsum(falling, axis=1) - falling, np.empty_like(probability)
    np.put_along_axis(scores, order, above, axis=1)
    return scores


_SCORES: Final[dict[Method, Callable[[np.ndarray], np.ndarray]]] = {"lac": _lac, "aps": _aps}


class SetRule(Frozen):
    """How probabilities become sets; small enough to store beside a model.

    Attributes:
        method: how a label is scored.
        coverage: that was asked for.
        threshold: the highest score inside a set; 1 or more admits every label.
        dialogues: how many calibrated it.
    """

    method: Method
    coverage: float
    threshold: float
    dialogues: int

    def sets(self, probability: np.ndarray) -> Sets:
        """Return which labels are in the set of each row, booleans of shape (n, k)."""
        p = np.asarray(probability, float)
        inside = _SCORES[self.method](p) <= self.threshold
        inside[np.arange(len(p)), np.argmax(p, axis=1)] = True
        return inside


class SetScores(Frozen):
    """How well sets hold the truth; intervals are over dialogues.

    Attributes:
        coverage: share of turns whose set holds the true label.
        size: mean number of labels in a set.
        single: share of sets with one label.
        by_label: coverage of the turns of each true label that occurs.
    """

    coverage: Estimate
    size: Estimate
    single: Estimate
    by_label: dict[int, Estimate]


def calibrate_sets(
    truth: np.ndarray,
    probability: np.ndarray,
    labels: Labels,
    dialogues: Sequence[Hashable],
    coverage: float = 0.9,
    method: Method = "lac",
) -> SetRule:
    """Return the rule whose sets hold the true label of a new dialogue's turn at `coverage`.

    Args:
        truth: the true labels of the calibration turns, shape (n,).
        probability: of each label, shape (n, k), from a model that has not seen these dialogues.
        labels: the k labels.
        dialogues: what each turn belongs to, shape (n,).
        coverage: between 0 and 1.
        method: see the module.

    Returns:
        The rule; with too few dialogues (fewer than coverage / (1 - coverage)) it admits every
        label.

    Raises:
        ValueError: for a coverage outside (0, 1), a truth that is no label, or probabilities that
            are none.
    """
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be between 0 and 1, got {coverage}")
    p, place = checked(probability, len(truth), labels), places(truth, labels)
    if place.max() >= len(labels):
        raise ValueError(f"every truth must be among {list(labels)}")
    scores = _SCORES[method](p)[np.arange(len(p)), place]
    _, owner, turns = np.unique(
        [str(each) for each in dialogues], return_inverse=True, return_counts=True
    )
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(1 / turns[owner][order]) / (len(turns) + 1)
    at = int(np.searchsorted(reached, coverage - 1e-12))
    threshold = float(scores[order][at]) if at < len(scores) else 1.0
    return SetRule(method=method, coverage=coverage, threshold=threshold, dialogues=len(turns))


def set_scores(
    truth: np.ndarray,
    sets: Sets,
    labels: Labels,
    dialogues: Sequence[Hashable],
    resamples: int = 2000,
    seed: int = 0,
) -> SetScores:
    """Return coverage and size of sets on turns that calibrated nothing.

    Args:
        truth: the true label of each turn, shape (n,).
        sets: which labels are in its set, shape (n, k).
        labels: the k labels.
        dialogues: what each turn belongs to, shape (n,).
        resamples: number of bootstrap samples.
        seed: the same seed gives the same intervals.
    """
    place = places(truth, labels)
    held, size = sets[np.arange(len(sets)), place].astype(float), sets.sum(axis=1).astype(float)
    owners = np.array([str(each) for each in dialogues])

    def mean(column: np.ndarray, rows: np.ndarray | slice = slice(None)) -> Estimate:
        return bootstrap_groups(np.mean, owners[rows], column[rows], resamples=resamples, seed=seed)

    return SetScores(
        coverage=mean(held),
        size=mean(size),
        single=mean((size == 1).astype(float)),
        by_label={labels[at]: mean(held, place == at) for at in map(int, np.unique(place))},
    )

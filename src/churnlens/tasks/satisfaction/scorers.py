"""What rates turns: the tuned model, the floor, and both together, all by one call.

A service asks for one row and a batch for many; the code is the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from churnlens.tasks.satisfaction.turns import TurnRow

_LEAST = 1e-6
_STEPS = np.arange(11) / 10
_SCALES = (0.5, 0.7, 1, 1.4, 2, 2.8, 4)  # of log probabilities


class TurnScorer(Protocol):
    """Anything that gives each label of each row a probability."""

    @property
    def labels(self) -> tuple[int, ...]:
        """The labels, rising."""
        ...

    def probabilities(self, rows: Sequence[TurnRow]) -> np.ndarray:
        """Return the probability of each label, shape (n, k), in the order of the rows."""
        ...


@dataclass(frozen=True, eq=False)
class HeadScorer:
    """A tuned model as a scorer of turns.

    Attributes:
        scorer: of the texts of rows, see `models.heads.scorer.Scorer`.
        labels: that its classes stand for.
    """

    scorer: Any
    labels: tuple[int, ...]

    def probabilities(self, rows: Sequence[TurnRow]) -> np.ndarray:
        """See `TurnScorer`."""
        return np.asarray(self.scorer.scores([row.text for row in rows]))


def load_head_scorer(base: Path, tuned: Path, labels: tuple[int, ...]) -> HeadScorer:
    """Load a tuned model; see `models.heads.scorer.Scorer` for what may be wrong with it."""
    from churnlens.models.heads.scorer import Scorer

    return HeadScorer(Scorer(base, tuned), labels)


@dataclass(frozen=True, eq=False)
class Blend:
    """Two scorers whose log probabilities are mixed (a logarithmic pool).

    Attributes:
        first, second: of the same labels.
        weight: of the first, from 0 to 1; see `best_weight`.
    """

    first: TurnScorer
    second: TurnScorer
    weight: float

    @property
    def labels(self) -> tuple[int, ...]:
        """See `TurnScorer`."""
        return self.first.labels

    def probabilities(self, rows: Sequence[TurnRow]) -> np.ndarray:
        """See `TurnScorer`."""
        return mixed(self.first.probabilities(rows), self.second.probabilities(rows), self.weight)


def mixed(first: np.ndarray, second: np.ndarray, weight: float, scale: float = 1) -> np.ndarray:
    """Return the logarithmic pool of two arrays of probabilities, shape (n, k).

    Args:
        first: shape (n, k).
        second: the same of the other scorer.
        weight: of the first, from 0 to 1.
        scale: of the pooled log probabilities, 1 / temperature.
    """
    logs = weight * np.log(np.maximum(first, _LEAST))
    logs += (1 - weight) * np.log(np.maximum(second, _LEAST))
    raised = np.exp(scale * (logs - logs.max(axis=1, keepdims=True)))
    return raised / raised.sum(axis=1, keepdims=True)


def best_weight(
    first: np.ndarray,
    second: np.ndarray,
    places: np.ndarray,
    rows: np.ndarray,
    dialogues: Sequence[Hashable],
) -> float:
    """Return the weight, in steps of 0.1, under which the true labels are most probable.

    Each pool is judged at its best temperature: calibration follows, and a scorer that is merely
    less sure than it could be is not worse. The weight is 0 where the gain over the second scorer
    alone is within one standard error over dialogues: a weight has to be earned.

    Args:
        first: probabilities on turns that taught neither scorer, shape (n, k).
        second: the same of the other scorer.
        places: of the true labels, shape (n,).
        rows: weight of each row, shape (n,), such as to make classes equal.
        dialogues: what each row belongs to, shape (n,).
    """
    at, owners = np.arange(len(places)), np.unique(np.asarray(dialogues), return_inverse=True)[1]

    def losses(pool: np.ndarray, scale: float) -> np.ndarray:
        told = np.maximum(mixed(pool, pool, 1, scale)[at, places], _LEAST)
        return np.bincount(owners, -np.log(told) * rows / rows.sum())

    pools = [mixed(first, second, step) for step in _STEPS]
    found = np.array(  # (steps, dialogues)
        [min((losses(pool, scale) for scale in _SCALES), key=np.sum) for pool in pools]
    )
    best = found.sum(axis=1).argmin()
    gain = found[0] - found[best]
    earned = gain.sum() > gain.std() * np.sqrt(len(gain))
    return float(_STEPS[best]) if earned else 0.0

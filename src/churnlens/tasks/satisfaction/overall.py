"""Satisfaction with a whole dialogue from the scores of its turns: a line that anyone can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from churnlens.schema import Frozen

Satisfaction = Literal["dissatisfied", "neutral", "satisfied"]
PARTS = ("mean", "last", "lowest")
_PENALTY = 1.0  # of the ridge, in rows
_LEAST = 20  # rated dialogues below which nothing is fitted


class OverallModel(Frozen):
    """overall = intercept + weights · (mean, last and lowest score of the customer's turns).

    Attributes:
        intercept, weights: of the line; one weight a part.
        n: rated dialogues that it was fitted on; 0: none, and the mean of the turns is taken.
    """

    intercept: float = 0.0
    weights: tuple[float, ...] = Field(default=(1.0, 0.0, 0.0), min_length=3, max_length=3)
    n: int = 0

    def predict(self, scores: Sequence[float], low: float = 1, high: float = 5) -> float:
        """Return the overall satisfaction, kept inside the scale; `scores` has one or more."""
        return float(np.clip(self.intercept + _parts(scores) @ np.array(self.weights), low, high))


def _parts(scores: Sequence[float]) -> np.ndarray:
    return np.array([np.mean(scores), scores[-1], np.min(scores)])


def fit_overall(scores: Sequence[Sequence[float]], overall: Sequence[float]) -> OverallModel:
    """Fit the line by ridge regression towards "the mean of the turns".

    Args:
        scores: of the customer's turns of each dialogue, from a model that has not seen it.
        overall: rating of each whole dialogue, on the scale of the scores.

    Returns:
        The model; with fewer than 20 dialogues the mean of the turns.
    """
    if len(overall) < _LEAST:
        return OverallModel()
    parts, prior = np.array([_parts(each) for each in scores]), np.array([1.0, 0.0, 0.0])
    target = np.asarray(overall, float) - parts @ prior
    centre, offset = parts.mean(axis=0), target.mean()
    around = parts - centre
    weights = np.linalg.solve(
        around.T @ around + _PENALTY * np.eye(len(PARTS)), around.T @ (target - offset)
    )
    intercept = float(offset - centre @ weights)
    return OverallModel(
        intercept=intercept, weights=tuple(map(float, prior + weights)), n=len(overall)
    )


def level_of(overall: float, low: float = 1, high: float = 5) -> Satisfaction:
    """Return the level: within half a step of the middle of the scale is neutral."""
    from_middle = overall - (low + high) / 2
    if abs(from_middle) <= 0.5:
        return "neutral"
    return "satisfied" if from_middle > 0 else "dissatisfied"

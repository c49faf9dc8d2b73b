"""P(reason) of a dialogue's vector: a linear head over a frozen encoder, kept as plain numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

LEAST_CASES = 5  # labelled cases of a reason, below which it is not learned
_STRENGTH = 10.0  # inverse of the L2 penalty, on centred vectors of mean length one


@dataclass(frozen=True)
class ReasonHead:
    """A multinomial logistic model.

    Attributes:
        reasons: k names.
        weights: shape (k, dimensions).
        bias: shape (k,).
    """

    reasons: tuple[str, ...]
    weights: np.ndarray
    bias: np.ndarray

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> Self | None:
        """Return the head that `to_table` wrote; None for an empty table."""
        if table.empty:
            return None
        weights = np.stack(table["weights"].tolist())
        return cls(tuple(table["reason"]), weights, table["bias"].to_numpy(float))

    def to_table(self) -> pd.DataFrame:
        """Return one row a reason: `reason`, `weights`, `bias`."""
        rows = {"reason": self.reasons, "weights": list(self.weights), "bias": self.bias}
        return pd.DataFrame(rows)

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """Return P(reason), shape (n, k), of unit vectors of shape (n, dimensions)."""
        logits = vectors @ self.weights.T + self.bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
        return shares


def fit_reason_head(vectors: np.ndarray, reasons: Sequence[str]) -> ReasonHead | None:
    """Return the head of labelled cases; None with fewer than two reasons of 5 cases each.

    Args:
        vectors: unit vectors of shape (n, dimensions).
        reasons: label of each; empty ones and rare ones are left out.
    """
    from sklearn.linear_model import LogisticRegression

    counts = Counter(reason for reason in reasons if reason)
    known = {reason for reason, count in counts.items() if count >= LEAST_CASES}
    rows = [place for place, reason in enumerate(reasons) if reason in known]
    if len(known) < 2:
        return None
    chosen = vectors[rows].astype(float)
    centre = chosen.mean(axis=0)
    length = float(np.linalg.norm(chosen - centre, axis=1).mean()) or 1.0
    model = LogisticRegression(C=_STRENGTH, max_iter=500, class_weight="balanced")
    model.fit((chosen - centre) / length, [reasons[row] for row in rows])
    weights, bias = _multinomial(model.coef_, model.intercept_)
    weights = weights / length
    return ReasonHead(tuple(model.classes_.tolist()), weights, bias - weights @ centre)


def _multinomial(weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one row a class; scikit-learn keeps one row only for two classes."""
    if len(weights) > 1:
        return weights, bias
    return np.vstack([np.zeros_like(weights), weights]), np.concatenate([np.zeros(1), bias])

"""Linear discriminant analysis over vectors: which passage a text belongs to, by all its examples.

The nearest example alone decides by one text. Here the examples of a passage are its mean, and
directions in which texts of one passage differ among themselves count less (Fisher 1936). All
passages are held equally likely, so that one with many examples has no lead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Discriminant:
    """A fitted discriminant.

    Attributes:
        centre: mean of the examples, shape (dimensions,).
        weights: shape (dimensions, n_classes).
        offsets: shape (n_classes,).
    """

    centre: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray

    def scores(self, vector: np.ndarray) -> np.ndarray:
        """Return a score for each class, higher is likelier; shape (n_classes,)."""
        return np.asarray(_directions(vector - self.centre) @ self.weights + self.offsets)


def fit_discriminant(
    vectors: np.ndarray, owner: np.ndarray, classes: int, shrinkage: float
) -> Discriminant:
    """Fit a discriminant in closed form; the same vectors give the same one.

    Args:
        vectors: of the examples, shape (n, dimensions).
        owner: class of each, from 0, shape (n,); every class has an example.
        classes: how many.
        shrinkage: share of a multiple of the identity in the covariance, above 0 up to 1.
    """
    centre = vectors.mean(axis=0)
    rows = _directions(vectors - centre)
    member = np.eye(classes)[owner]
    means = (member.T @ rows) / member.sum(axis=0)[:, None]
    around = rows - means[owner]
    covariance = around.T @ around / len(rows)
    size = len(covariance)
    level = max(np.trace(covariance) / size, np.finfo(np.float32).eps)
    mixed = (1 - shrinkage) * covariance + shrinkage * level * np.eye(size)
    weights = np.linalg.solve(mixed, means.T)
    return Discriminant(centre, weights, -0.5 * np.einsum("cd,dc->c", means, weights))


def _directions(rows: np.ndarray) -> np.ndarray:
    """Return the rows with length one; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))

"""What every retriever returns, and the filter that every retriever takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Hits(NamedTuple):
    """Documents in falling order of score; equal scores in order of position.

    Attributes:
        positions: row numbers, integers of shape (n_hits,).
        scores: floats of shape (n_hits,); what they measure is the retriever's business.
    """

    positions: np.ndarray
    scores: np.ndarray


def best(positions: np.ndarray, scores: np.ndarray, k: int) -> Hits:
    """Return the `k` highest scores, ties by position.

    Args:
        positions: row numbers, shape (n,).
        scores: of those rows, shape (n,).
        k: how many; all when there are fewer.
    """
    if k < len(scores):
        border = np.partition(scores, -k)[-k]
        inside = scores >= border  # every tie with the last place stays in the race
        positions, scores = positions[inside], scores[inside]
    order = np.lexsort((positions, -scores))[:k]
    return Hits(positions[order], scores[order])


def allowed_positions(allowed: np.ndarray | None, n_documents: int) -> np.ndarray:
    """Return the rows that a filter lets through, increasing and without repeats.

    Args:
        allowed: a boolean mask of shape (n_documents,), row numbers, or None for every row.
        n_documents: size of the corpus.

    Raises:
        ValueError: when a mask has another length or a row number does not exist.
    """
    if allowed is None:
        return np.arange(n_documents)
    allowed = np.asarray(allowed)
    if allowed.dtype == bool:
        if allowed.shape != (n_documents,):
            raise ValueError(f"expected a mask of {n_documents} rows, got shape {allowed.shape}")
        return np.flatnonzero(allowed)
    positions = np.unique(allowed.astype(np.int64))
    if len(positions) and not 0 <= positions[0] <= positions[-1] < n_documents:
        raise ValueError(
            f"expected rows 0 to {n_documents - 1}, got {positions[0]} to {positions[-1]}"
        )
    return positions


def at_least_one(k: int) -> int:
    """Return `k`; ValueError when it is below one."""
    if k < 1:
        raise ValueError(f"expected k of at least 1, got {k}")
    return k

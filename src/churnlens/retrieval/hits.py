"""What every retriever returns, and the filter that every retriever takes."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Inside:
    """The documents that a filter lets through, in the two forms that searching takes.

    Attributes:
        mask: shape (n_documents,).
        positions: row numbers, increasing and without repeats.
    """

    mask: np.ndarray
    positions: np.ndarray


Filter = np.ndarray | Inside | None


def inside_of(allowed: Filter, n_documents: int) -> Inside:
    """Return what a filter lets through.

    Args:
        allowed: a boolean mask of shape (n_documents,), row numbers, None for every row, or what
            this function returned of one of them.
        n_documents: size of the corpus.

    Raises:
        ValueError: when a mask has another length or a row number does not exist.
    """
    if allowed is None:
        return Inside(np.ones(n_documents, dtype=bool), np.arange(n_documents))
    given = allowed.mask if isinstance(allowed, Inside) else np.asarray(allowed)
    if given.dtype == bool:
        if given.shape != (n_documents,):
            raise ValueError(f"expected a mask of {n_documents} rows, got shape {given.shape}")
        return allowed if isinstance(allowed, Inside) else Inside(given, np.flatnonzero(given))
    positions = np.unique(given.astype(np.int64))
    if len(positions) and not 0 <= positions[0] <= positions[-1] < n_documents:
        raise ValueError(
            f"expected rows 0 to {n_documents - 1}, got {positions[0]} to {positions[-1]}"
        )
    mask = np.zeros(n_documents, dtype=bool)
    mask[positions] = True
    return Inside(mask, positions)


def at_least_one(k: int) -> int:
    """Return `k`; ValueError when it is below one."""
    if k < 1:
        raise ValueError(f"expected k of at least 1, got {k}")
    return k

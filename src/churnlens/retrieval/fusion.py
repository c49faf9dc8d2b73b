"""Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from churnlens.retrieval.hits import Hits, best


def reciprocal_rank_fusion(
    rankings: Sequence[np.ndarray],
    weights: Sequence[float] | None = None,
    constant: float = 60,
) -> Hits:
    """Return every ranked document with Σ weight / (constant + rank), ranks counted from 1.

    Args:
        rankings: positions in falling order, one array a retriever; a document that one of them
            does not name gets nothing from it.
        weights: of each ranking; equal when None.
        constant: damps the lead of the first ranks; 60 in the paper.

    Returns:
        All documents of all rankings, best first, ties by position.
    """
    weights = [1.0] * len(rankings) if weights is None else weights
    scores: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, position in enumerate(ranking.tolist(), 1):
            scores[position] = scores.get(position, 0.0) + weight / (constant + rank)
    positions = np.fromiter(scores, dtype=np.int64)
    return best(positions, np.fromiter(scores.values(), dtype=float), len(scores))

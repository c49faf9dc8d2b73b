"""How far two lexical indices return the same documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from churnlens.retrieval.lexical import LexicalIndex


class Agreement(NamedTuple):
    """Means over the questions to which the first index finds anything.

    Attributes:
        overlap: share of the first index's top k that is in the second's top k.
        ndcg: normalised discounted cumulative gain of the second's top k, where the document
            that the first index ranks r-th is worth k + 1 - r, and any other nothing.
        n_queries: questions counted.
    """

    overlap: float
    ndcg: float
    n_queries: int


def agreement(
    index_a: LexicalIndex, index_b: LexicalIndex, queries: Sequence[Sequence[str]], k: int = 10
) -> Agreement:
    """Compare the top `k` of two indices over the same corpus.

    Args:
        index_a: the judge.
        index_b: the judged.
        queries: tokens of each question, by `tokenize`.
        k: depth of both lists.

    Raises:
        ValueError: when the indices differ in size, or no question has a hit in `index_a`.
    """
    if index_a.n_documents != index_b.n_documents:
        raise ValueError(
            f"expected two indices of one corpus, got {index_a.n_documents} and "
            f"{index_b.n_documents} documents"
        )
    overlaps, ndcgs = [], []
    for tokens in queries:
        wanted = index_a.search(tokens, k).positions
        got = index_b.search(tokens, k).positions
        if not len(wanted):
            continue
        worth = {int(position): k - rank for rank, position in enumerate(wanted)}
        gains = np.array([worth.get(int(position), 0) for position in got])
        overlaps.append(np.count_nonzero(gains) / len(wanted))
        ndcgs.append(_discounted(gains) / _discounted(np.array(list(worth.values()))))
    if not overlaps:
        raise ValueError(f"none of the {len(queries)} questions has a hit in the first index")
    return Agreement(float(np.mean(overlaps)), float(np.mean(ndcgs)), len(overlaps))


def _discounted(gains: np.ndarray) -> float:
    return float(np.sum(gains / np.log2(np.arange(len(gains)) + 2)))

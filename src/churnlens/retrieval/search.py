"""Hybrid search: words and meaning inside a filter, fused, and chosen for diversity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from churnlens.retrieval.dense import rescore, search_dense
from churnlens.retrieval.diversity import Groups, diversify, number_texts
from churnlens.retrieval.fusion import reciprocal_rank_fusion
from churnlens.retrieval.hits import Filter, Hits, at_least_one, inside_of
from churnlens.retrieval.lexical import LexicalIndex

if TYPE_CHECKING:
    import faiss


@dataclass(frozen=True)
class Hit:
    """One document, and why it was found.

    Attributes:
        position: row of the documents table.
        score: reciprocal rank fusion score.
        rank_bm25, rank_vector: places in the two rankings, from 1; None where it is not among the
            first `candidates` of that ranking.
        rank_fused: place after fusion, before the choice for diversity.
    """

    position: int
    score: float
    rank_bm25: int | None
    rank_vector: int | None
    rank_fused: int


@dataclass(frozen=True)
class HybridRetriever:
    """The indices of one corpus, row i of each being document i, and how to use them.

    Attributes:
        lexical: BM25 over the tokens.
        index: FAISS index over the vectors.
        vectors: shape (n_documents, dimensions).
        texts: of the documents, to tell repeats; None leaves that to the vectors.
        candidates: hits taken from each ranking.
        weights: of the BM25 and of the vector ranking.
        constant: of the reciprocal rank fusion.
        balance, near_duplicate: see `diversify`.
    """

    lexical: LexicalIndex
    index: faiss.Index
    vectors: np.ndarray
    texts: Sequence[str] | None = None
    candidates: int = 200
    weights: tuple[float, float] = (1.0, 1.0)
    constant: float = 60
    balance: float = 0.7
    near_duplicate: float = 0.97

    def __post_init__(self) -> None:
        """Refuse indices that do not belong together."""
        sizes = {
            "lexical": self.lexical.n_documents,
            "index": self.index.ntotal,
            "vectors": len(self.vectors),
        } | ({} if self.texts is None else {"texts": len(self.texts)})
        if len(set(sizes.values())) > 1:
            raise ValueError(
                f"expected one size, got {sizes}: the indices were made from different "
                "documents; run the indexing stage again"
            )

    @cached_property
    def _text_numbers(self) -> np.ndarray | None:
        return None if self.texts is None else number_texts(self.texts)

    def search(
        self,
        tokens: Sequence[str],
        vector: np.ndarray | None,
        k: int,
        allowed: Filter = None,
        groups: Groups | None = None,
    ) -> tuple[Hit, ...]:
        """Return up to `k` documents inside the filter, without repeats.

        With a vector, a filter that holds fewer than `k` documents comes back whole, repeats aside.

        Args:
            tokens: of the question, by `tokenize`.
            vector: of the question, shape (dimensions,); None searches by words alone.
            k: how many.
            allowed: see `inside_of`.
            groups: of every document; they take turns in the order of their share among the
                allowed documents.

        Raises:
            ValueError: for a k below 1, or a filter, vector or groups that do not fit.
        """
        depth = max(self.candidates, at_least_one(k))
        inside = inside_of(allowed, self.lexical.n_documents)
        words = self.lexical.search(tokens, depth, inside).positions
        meaning = np.zeros(0, dtype=np.int64)
        if vector is not None:
            found = search_dense(self.index, vector[None], depth, inside)[0]
            meaning = rescore(self.index, found, vector, self.vectors).positions
        fused = reciprocal_rank_fusion((words, meaning), self.weights, self.constant)
        by_words, by_meaning = _ranks(words), _ranks(meaning)
        return tuple(
            Hit(
                position=(position := int(fused.positions[place])),
                score=float(fused.scores[place]),
                rank_bm25=by_words.get(position),
                rank_vector=by_meaning.get(position),
                rank_fused=int(place) + 1,
            )
            for place in self._choose(fused, k, inside.positions, groups)
        )

    def _choose(self, fused: Hits, k: int, inside: np.ndarray, groups: Groups | None) -> np.ndarray:
        rows, turns = fused.positions, None
        if groups is not None:
            if len(groups) != self.lexical.n_documents:
                raise ValueError(
                    f"expected a label for each of {self.lexical.n_documents} documents, "
                    f"got {len(groups)}"
                )
            turns = groups.turns(rows, inside)
        same = None if self._text_numbers is None else self._text_numbers[rows]
        return diversify(
            fused, self.vectors[rows], k, turns, same, self.balance, self.near_duplicate
        )


def _ranks(positions: np.ndarray) -> dict[int, int]:
    return {position: rank for rank, position in enumerate(positions.tolist(), 1)}

"""BM25 as a table of postings: which term gives which document how much.

Both engines only weigh: rank-bm25 (Okapi, exact and simple) and bm25s (Lucene's variant, for
corpora beyond memory for one mapping per document). What they weigh is kept in one form, so that
searching, filtering and storing are the same code, and the stored form is a table that anybody
can open: no pickle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from churnlens.retrieval.hits import Filter, Hits, at_least_one, best, inside_of

Engine = Literal["rank_bm25", "bm25s"]
Postings = Mapping[str, Hits]


def _term_counts(token_lists: Sequence[Sequence[str]]) -> dict[str, dict[int, int]]:
    """Return term → row → how often, terms in alphabetic order."""
    counts: dict[str, dict[int, int]] = {}
    for row, tokens in enumerate(token_lists):
        for token in tokens:
            rows = counts.setdefault(token, {})
            rows[row] = rows.get(row, 0) + 1
    return dict(sorted(counts.items()))


def _weigh_rank_bm25(token_lists: Sequence[Sequence[str]]) -> Postings:
    """Weigh as ``rank_bm25.BM25Okapi`` does (k1 1.5, b 0.75), but never at or below zero.

    Its idf is zero for a term in exactly half of the documents, and its floor for commoner terms
    is negative where the average idf is: a document that has the word would score like one that
    has not, or worse. Such terms get the smallest positive idf of the corpus (1 when no term has
    one), so that a match always counts, and never more than a rarer term's.
    """
    from rank_bm25 import BM25Okapi

    model = BM25Okapi([list(tokens) for tokens in token_lists])
    positive = [value for value in model.idf.values() if value > 0]
    floor = min(positive, default=1.0)
    norm = model.k1 * (1 - model.b + model.b * np.array(model.doc_len) / model.avgdl)
    postings = {}
    for term, rows in _term_counts(token_lists).items():
        positions = np.fromiter(rows, dtype=np.int32)
        count = np.fromiter(rows.values(), dtype=np.int64)
        idf = model.idf[term] if model.idf[term] > 0 else floor
        weights = idf * (count * (model.k1 + 1) / (count + norm[positions]))
        postings[term] = Hits(positions, weights)
    return postings


def _weigh_bm25s(token_lists: Sequence[Sequence[str]]) -> Postings:
    """Weigh with bm25s (Lucene's idf, which is always positive; k1 1.5, b 0.75)."""
    import bm25s

    terms = sorted({token for tokens in token_lists for token in tokens})
    numbers = {term: number for number, term in enumerate(terms)}
    rows = [[numbers[token] for token in tokens] for tokens in token_lists]
    model = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
    model.index((rows, numbers), create_empty_token=False, show_progress=False)
    inner = model.scores["indptr"][1:-1]
    positions = np.split(model.scores["indices"], inner)
    weights = np.split(model.scores["data"], inner)
    return {term: Hits(*pair) for term, *pair in zip(terms, positions, weights, strict=True)}


def _counted(posting: Hits, mask: np.ndarray) -> Hits:
    """Return the part of a posting inside a mask (n_documents,)."""
    # "clip": the rows are known to exist, and to check each would cost more than to take it.
    inside = np.flatnonzero(mask.take(posting.positions, mode="clip"))
    return Hits(*(part.take(inside, mode="clip") for part in posting))


_ENGINES = {"rank_bm25": _weigh_rank_bm25, "bm25s": _weigh_bm25s}


@dataclass(frozen=True)
class LexicalIndex:
    """Weighed terms of a corpus.

    Attributes:
        postings: term → the rows that have it and its positive weight in each.
        n_documents: size of the corpus, rows without any token included.
    """

    postings: Postings
    n_documents: int

    @classmethod
    def build(
        cls, token_lists: Sequence[Sequence[str]], engine: Engine = "rank_bm25"
    ) -> LexicalIndex:
        """Weigh the tokens of every document.

        Args:
            token_lists: one sequence of tokens a document, by `tokenize`; it may be empty.
            engine: `rank_bm25`, or `bm25s` for large corpora.

        Raises:
            ValueError: for an unknown engine, or when no document has a token.
        """
        if engine not in _ENGINES:
            raise ValueError(f"expected an engine out of {sorted(_ENGINES)}, got {engine!r}")
        if not any(len(tokens) for tokens in token_lists):
            raise ValueError(
                f"none of the {len(token_lists)} documents has a token; expected text in at "
                "least one: check the column that the documents are made from"
            )
        return cls(_ENGINES[engine](token_lists), len(token_lists))

    def search(self, tokens: Sequence[str], k: int, allowed: Filter = None) -> Hits:
        """Return the best documents inside a filter; a document without a match is never one.

        Args:
            tokens: of the question, by `tokenize`; a repeated token counts as often.
            k: how many; fewer come back when fewer match.
            allowed: see `inside_of`.

        Raises:
            ValueError: for k below 1 or a filter that does not fit the corpus.
        """
        at_least_one(k)
        mask, positions = (inside := inside_of(allowed, self.n_documents)).mask, inside.positions
        postings = [posting for token in tokens if (posting := self.postings.get(token))]
        if not postings:
            return best(positions[:0], np.zeros(0), k)
        rows, weights = zip(*(_counted(posting, mask) for posting in postings), strict=True)
        summed = np.bincount(np.concatenate(rows), np.concatenate(weights), self.n_documents)
        scores = summed[positions]
        return best(positions[scores > 0], scores[scores > 0], k)

    def to_table(self) -> pd.DataFrame:
        """Return one row per term: `term`, `positions` and `weights` (lists of equal length)."""
        return pd.DataFrame(
            {
                "term": list(self.postings),
                "positions": [hits.positions for hits in self.postings.values()],
                "weights": [hits.scores for hits in self.postings.values()],
            }
        )

    @classmethod
    def from_table(cls, table: pd.DataFrame, n_documents: int) -> LexicalIndex:
        """Return the index that `to_table` wrote.

        Args:
            table: columns `term`, `positions`, `weights`.
            n_documents: rows of the documents table that the positions count in.

        Raises:
            ValueError: when a position lies outside the documents: the two do not belong together.
        """
        last = max((int(positions.max()) for positions in table["positions"]), default=-1)
        if last >= n_documents:
            raise ValueError(
                f"the index names row {last}, expected rows 0 to {n_documents - 1}: it was made "
                "from other documents; run the indexing stage again"
            )
        pairs = zip(table["positions"], table["weights"], strict=True)
        return cls(
            {str(t): Hits(*p) for t, p in zip(table["term"], pairs, strict=True)}, n_documents
        )

"""Hybrid search inside a filter, against the usual way: rank everything, then throw away.

`python benchmarks/search.py [--full]`: 7,000 and 20,000 documents, with --full 100,000 and
1,000,000. Words by Zipf's law, vectors in clusters, a filter that lets a fifth through, ten hits
a query, reasons in turn as in an answer. The usual way is rank-bm25 and a flat index over
everything, fused in Python, filtered afterwards.

Recall is over 100 other queries, of the ten that exact search inside the filter fuses. `alone` is
what the vector index finds by itself, of the nearest 10 and 200. `away` is both inside a filter
that leaves out the whole cluster of the query, so that what is allowed lies elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from beside import arguments, case, report, side_by_side

from churnlens.options import IndexingOptions
from churnlens.pipelines.indexing.churn.nodes import choose_engine
from churnlens.pipelines.indexing.vectors import choose_factory
from churnlens.retrieval import Groups, HybridRetriever, LexicalIndex, build_index, search_dense

WORDS, LENGTH, DIMENSIONS, CLUSTERS, SHARE, TOP, DEPTH = 20_000, 30, 384, 200, 0.2, 10, 200
REASONS, JUDGED = 8, 100
Query = tuple[list[str], np.ndarray]
BARS = {7_000: 3, 20_000: None, 100_000: 20, 1_000_000: 100}


@dataclass(frozen=True)
class Corpus:
    """Documents, a filter and queries, all made up.

    Attributes:
        tokens, vectors, clusters: of each document.
        allowed: mask of the filter.
        queries: that are timed.
        judged: others, of which recall is counted, and the cluster of each.
    """

    tokens: list[list[str]]
    vectors: np.ndarray
    clusters: np.ndarray
    allowed: np.ndarray
    queries: list[Query]
    judged: list[tuple[Query, int]]


def make_corpus(rows: int, queries: int, seed: int = 7) -> Corpus:
    """Return `rows` documents; each query is a few words and the vector of one, with noise."""
    rng = np.random.default_rng(seed)
    chance = 1 / np.arange(1, WORDS + 1)
    numbers = rng.choice(WORDS, (rows, LENGTH), p=chance / chance.sum())
    names = [f"w{number}" for number in range(WORDS)]
    centres = rng.normal(size=(CLUSTERS, DIMENSIONS)).astype(np.float32)
    clusters = rng.integers(CLUSTERS, size=rows)
    vectors = centres[clusters]
    vectors += rng.normal(size=vectors.shape, scale=0.7).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    asked = rng.choice(rows, queries + JUDGED, replace=False)
    noise = rng.normal(size=(len(asked), DIMENSIONS), scale=0.02).astype(np.float32)
    made = [
        ([names[number] for number in numbers[row][:6]], vectors[row] + noise[at])
        for at, row in enumerate(asked)
    ]
    return Corpus(
        tokens=[[names[number] for number in row] for row in numbers],
        vectors=vectors,
        clusters=clusters,
        allowed=rng.random(rows) < SHARE,
        queries=made[:queries],
        judged=list(zip(made[queries:], clusters[asked[queries:]].tolist(), strict=True)),
    )


class PostFiltered:
    """rank-bm25 and a flat index over everything; what the filter does not let through goes."""

    def __init__(self, corpus: Corpus) -> None:
        """Build both indices."""
        import faiss
        from rank_bm25 import BM25Okapi

        self.words, self.allowed = BM25Okapi(corpus.tokens), corpus.allowed
        self.index = faiss.IndexFlatIP(DIMENSIONS)
        self.index.add(corpus.vectors)

    def search(self, tokens: Sequence[str], vector: np.ndarray) -> list[int]:
        """Return the ten best."""
        by_words = np.argsort(-self.words.get_scores(tokens))
        _, (by_meaning,) = self.index.search(vector[None], min(len(self.allowed), 10 * DEPTH))
        scores: dict[int, float] = {}
        for ranking in (by_words, by_meaning):
            inside = [int(row) for row in ranking if self.allowed[row]][:DEPTH]
            for rank, row in enumerate(inside, 1):
                scores[row] = scores.get(row, 0) + 1 / (60 + rank)
        return sorted(scores, key=lambda row: -scores[row])[:TOP]


def recall(corpus: Corpus, ours: HybridRetriever, exact: HybridRetriever) -> dict[str, Any]:
    """Return recall of the fused ten and of the vector index alone, and both `away`."""
    found: dict[str, list[float]] = {}
    for (tokens, vector), cluster in corpus.judged:
        masks = {"": corpus.allowed, "away_": corpus.allowed & (corpus.clusters != cluster)}
        for where, mask in masks.items():
            got, wanted = (
                {hit.position for hit in each.search(tokens, vector, TOP, mask)}
                for each in (ours, exact)
            )
            found.setdefault(f"{where}recall_at_{TOP}", []).append(len(got & wanted) / len(wanted))
            near, nearest = (
                search_dense(each.index, vector[None], DEPTH, mask)[0].positions.tolist()
                for each in (ours, exact)
            )
            for k in (TOP, DEPTH):
                share = len(set(near[:k]) & set(nearest[:k])) / len(nearest[:k])
                found.setdefault(f"{where}alone_at_{k}", []).append(share)
    return {name: float(np.mean(each)) for name, each in found.items()}


def compare(rows: int, queries: int, repeat: int) -> dict[str, Any]:
    """Return the case of one size."""
    corpus, options = make_corpus(rows, queries), IndexingOptions()
    lexical = LexicalIndex.build(corpus.tokens, choose_engine(rows, options))
    index = build_index(corpus.vectors, factory := choose_factory(rows, options))
    groups = Groups([f"r{cluster % REASONS}" for cluster in corpus.clusters])
    ours, usual = HybridRetriever(lexical, index, corpus.vectors), PostFiltered(corpus)
    ways = {
        "churnlens": lambda: [
            ours.search(*query, TOP, corpus.allowed, groups) for query in corpus.queries
        ],
        "post-filtered": lambda: [usual.search(*query) for query in corpus.queries],
    }
    times = side_by_side(ways, repeat)
    ranked = {"balance": 1.0, "near_duplicate": 1.1}  # the fusion as it is, without diversity
    exact = HybridRetriever(lexical, build_index(corpus.vectors), corpus.vectors, **ranked)
    plain = HybridRetriever(lexical, index, corpus.vectors, **ranked)
    each = {name: round(1000 * time["median"] / queries, 2) for name, time in times.items()}
    return case(
        f"{rows:,} documents",
        times,
        BARS[rows],
        **recall(corpus, plain, exact),
        milliseconds_a_query=each,
        index=factory,
        engine=choose_engine(rows, options),
    )


def main() -> None:
    """Compare at every size."""
    given = arguments(__doc__)
    sizes = [(7_000, 20, given.repeat), (20_000, 8, given.repeat)]
    sizes += [(100_000, 8, 3), (1_000_000, 3, 2)] if given.full else []
    against = "rank-bm25 and a flat index over everything, fused in Python, filtered afterwards"
    report("search", against, [compare(*size) for size in sizes])


if __name__ == "__main__":
    main()

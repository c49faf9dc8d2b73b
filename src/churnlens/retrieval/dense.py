"""Search by meaning: cosine similarity in a FAISS index, inside a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from churnlens.retrieval.hits import Filter, Hits, at_least_one, best, inside_of

if TYPE_CHECKING:
    import faiss

_DIRECT_ROWS = 20_000  # up to here an exact product over the filtered rows costs milliseconds
_PROBES, _EF_CONSTRUCTION, _EF_SEARCH = 32, 80, 64
_TAUGHT_BY = 40  # vectors a list of an IVF; with 256, as FAISS has it, no more is found


def _faiss() -> Any:
    """Import FAISS when it is needed; its type stubs lack half of what is used here."""
    import faiss

    return faiss


def unit_rows(vectors: np.ndarray, what: str = "vectors") -> np.ndarray:
    """Return a float32 copy whose rows have length one, so that products are cosines.

    Args:
        vectors: of shape (n, dimensions).
        what: what the rows are, for the error text.

    Raises:
        ValueError: for another shape, no rows, values that are not finite, or a zero row.
    """
    rows = np.array(vectors, dtype=np.float32, order="C")
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"expected {what} of shape (n, dimensions), got {rows.shape}")
    norms = np.linalg.norm(rows, axis=1)
    faulty = np.flatnonzero(~np.isfinite(norms) | (norms == 0))
    if len(faulty):
        raise ValueError(
            f"{len(faulty)} of {len(rows)} {what} are zero, NaN or infinite, first row "
            f"{faulty[0]}; expected finite numbers: embed those texts again"
        )
    return rows / norms[:, None]


def build_index(vectors: np.ndarray, factory: str = "Flat") -> faiss.Index:
    """Build an inner-product index over normalised vectors.

    Args:
        vectors: float array of shape (n_documents, dimensions); row i becomes position i.
        factory: FAISS factory string: ``Flat`` is exact and right up to about 10^5 rows;
            ``HNSW32`` or ``IVF1024,SQ8`` above. The same vectors give the same bytes, except that
            FAISS may link an HNSW graph in another order where it builds with several threads.

    Raises:
        ValueError: for vectors that `unit_rows` refuses or a factory outside these families.
    """
    faiss = _faiss()
    rows = unit_rows(vectors)
    index = faiss.index_factory(rows.shape[1], factory, faiss.METRIC_INNER_PRODUCT)
    if not isinstance(index, faiss.IndexFlat | faiss.IndexHNSW | faiss.IndexIVF):
        raise ValueError(f"expected a factory of Flat, HNSW… or IVF…, got {factory!r}")
    _prepare(index)
    index.train(rows)
    index.add(rows)
    return index


def _prepare(index: Any) -> None:
    """Set breadths that keep recall near 1 and are saved with the index, and how it is taught."""
    faiss = _faiss()
    if isinstance(index, faiss.IndexHNSW):
        index.hnsw.efConstruction, index.hnsw.efSearch = _EF_CONSTRUCTION, _EF_SEARCH
    elif isinstance(index, faiss.IndexIVF):
        index.nprobe = min(_PROBES, index.nlist)
        index.cp.max_points_per_centroid = _TAUGHT_BY
        index.set_direct_map_type(faiss.DirectMap.Array)


def _parameters(index: Any, mask: np.ndarray) -> Any:
    """Return search parameters that keep a search inside a mask (n_documents,)."""
    faiss = _faiss()
    inside = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(sel=inside, nprobe=index.nprobe)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(sel=inside, efSearch=index.hnsw.efSearch)
    return faiss.SearchParameters(sel=inside)


def _exact(index: Any, queries: np.ndarray, k: int, positions: np.ndarray) -> list[Hits]:
    rows = index.reconstruct_batch(positions)
    return [best(positions, scores, k) for scores in queries @ rows.T]


def search_dense(
    index: faiss.Index, queries: np.ndarray, k: int, allowed: Filter = None
) -> list[Hits]:
    """Return the most similar documents inside a filter, for a batch of queries.

    Never fewer than the filter holds, up to `k`: where an approximate index comes back short, or
    the filter is small, the product over the filtered rows is taken instead.

    Args:
        index: by `build_index`.
        queries: float array of shape (n_queries, dimensions); normalised here.
        k: how many for each.
        allowed: see `inside_of`.

    Returns:
        For each query its hits with their cosine.

    Raises:
        ValueError: for a k below 1, queries that are not finite or have other dimensions than
            the index, or a filter that does not fit.
    """
    faiss = _faiss()
    at_least_one(k)
    queries = unit_rows(queries, "queries")
    if queries.shape[1] != index.d:
        raise ValueError(
            f"expected queries of {index.d} dimensions, got {queries.shape[1]}: the index was "
            "built with another encoder"
        )
    mask, positions = (inside := inside_of(allowed, index.ntotal)).mask, inside.positions
    k = min(k, len(positions))
    if not k:
        return [Hits(positions, np.zeros(0, np.float32)) for _ in queries]
    if not isinstance(index, faiss.IndexFlat) and len(positions) <= _DIRECT_ROWS:
        return _exact(index, queries, k, positions)
    scores, found = index.search(queries, k, params=_parameters(index, mask))
    if (found < 0).any():
        return _exact(index, queries, k, positions)
    return [best(*row, k) for row in zip(found, scores, strict=True)]


def rescore(index: faiss.Index, hits: Hits, query: np.ndarray, vectors: np.ndarray) -> Hits:
    """Return hits in the order of the vectors themselves, where the index keeps rounded ones.

    Args:
        index: that found them; one that keeps vectors as they are has their order already.
        hits: of one query.
        query: shape (dimensions,).
        vectors: of all documents, shape (n_documents, dimensions).
    """
    if not isinstance(index, _faiss().IndexIVF) or not len(hits.positions):
        return hits
    exact = unit_rows(vectors[hits.positions]) @ unit_rows(query[None], "queries")[0]
    return best(hits.positions, exact, len(exact))

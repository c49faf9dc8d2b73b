import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.retrieval import build_index, dense, search_dense
from churnlens.retrieval.dense import rescore, unit_rows

FACTORIES = ("Flat", "HNSW16", "IVF8,SQ8", "IVF8,Flat")
VECTORS = np.random.default_rng(5).normal(size=(600, 24))


def _oracle(query, allowed, k):
    units = VECTORS / np.linalg.norm(VECTORS, axis=1)[:, None]
    cosine = units @ (query / np.linalg.norm(query))
    rows = np.flatnonzero(allowed)
    return rows[np.argsort(-cosine[rows])][:k], cosine


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1), st.integers(1, 150))
def test_flat_search_is_the_exact_cosine_ranking_inside_the_filter(seed, share, k):
    random = np.random.default_rng(seed)
    allowed, query = random.random(600) < share, random.normal(size=24)
    expected, cosine = _oracle(query, allowed, k)
    hits = search_dense(build_index(VECTORS), query[None], k, allowed)[0]
    np.testing.assert_allclose(hits.scores, cosine[hits.positions], atol=1e-5)
    np.testing.assert_allclose(hits.scores, cosine[expected], atol=1e-5)
    assert allowed[hits.positions].all()
    assert len(set(hits.positions.tolist())) == len(expected)


@pytest.mark.parametrize("direct_rows", [0, 20_000])
@pytest.mark.parametrize("factory", FACTORIES)
def test_no_index_leaves_the_filter_or_comes_back_short(factory, direct_rows, monkeypatch):
    monkeypatch.setattr(dense, "_DIRECT_ROWS", direct_rows)
    index = build_index(VECTORS, factory)
    for allowed in (np.arange(600) % 50 == 3, np.arange(600) > 400, np.arange(600) == 7):
        for hits in search_dense(index, VECTORS[:5], 10, allowed):
            assert allowed[hits.positions].all()
            assert len(hits.positions) == min(10, allowed.sum())
            assert (np.diff(hits.scores) <= 0).all()


@pytest.mark.parametrize("factory", FACTORIES)
def test_approximate_indices_recall_what_is_exact(factory, monkeypatch):
    monkeypatch.setattr(dense, "_DIRECT_ROWS", 0)
    queries = VECTORS[:40] + 0.1
    exact = search_dense(build_index(VECTORS), queries, 10)
    found = search_dense(build_index(VECTORS, factory), queries, 10)
    shared = [
        len(set(a.positions.tolist()) & set(b.positions.tolist()))
        for a, b in zip(exact, found, strict=True)
    ]
    assert np.mean(shared) >= 9.5


@pytest.mark.parametrize("factory", FACTORIES)
def test_hits_are_put_in_the_order_of_the_vectors_themselves(factory, monkeypatch):
    monkeypatch.setattr(dense, "_DIRECT_ROWS", 0)
    index, query = build_index(VECTORS, factory), VECTORS[7] + 0.3
    found = search_dense(index, query[None], 20)[0]
    hits = rescore(index, found, query, VECTORS)
    expected, cosine = _oracle(query, np.isin(np.arange(600), found.positions), 20)
    assert hits.positions.tolist() == expected.tolist()
    np.testing.assert_allclose(hits.scores, cosine[expected], atol=1e-5)
    nothing = search_dense(index, query[None], 5, np.zeros(600, dtype=bool))[0]
    assert not len(rescore(index, nothing, query, VECTORS).positions)


@pytest.mark.parametrize("factory", FACTORIES)
def test_the_same_vectors_give_the_same_bytes(factory):
    first, second = (faiss.serialize_index(build_index(VECTORS, factory)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("k", [5, 150, 300])
def test_equal_vectors_come_in_the_order_of_their_rows(k):
    rows = np.repeat(VECTORS[:3], 200, axis=0)
    hits = search_dense(build_index(rows), VECTORS[1][None], k)[0]
    assert hits.positions[:200].tolist() == list(range(200, 400))[:k]


def test_a_batch_gives_what_single_queries_give():
    index = build_index(VECTORS)
    for query, hits in zip(VECTORS[:30], search_dense(index, VECTORS[:30], 5), strict=True):
        alone = search_dense(index, query[None], 5)[0]
        assert hits.positions.tolist() == alone.positions.tolist()
        np.testing.assert_allclose(hits.scores, alone.scores, atol=1e-6)


def test_an_empty_filter_finds_nothing():
    hits = search_dense(build_index(VECTORS), VECTORS[:2], 5, np.zeros(600, dtype=bool))
    assert [len(each.positions) for each in hits] == [0, 0]


def test_units_have_length_one_and_the_input_stays():
    before = VECTORS.copy()
    units = unit_rows(VECTORS)
    assert units.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(units, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(VECTORS, before)


@pytest.mark.parametrize(
    ("row", "value"), [(4, np.nan), (5, np.inf), (6, 0.0)], ids=["nan", "infinity", "zero"]
)
def test_vectors_without_a_direction_are_refused_by_row(row, value):
    vectors = VECTORS.copy()
    vectors[row] = value
    with pytest.raises(ValueError, match=f"1 of 600 vectors are .* first row {row}"):
        build_index(vectors)


@pytest.mark.parametrize("shape", [(0, 4), (4, 0), (4,), (2, 2, 2)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected vectors of shape \(n, dimensions\), got"):
        build_index(np.ones(shape))


def test_wrong_use_is_refused_by_name():
    index = build_index(VECTORS)
    with pytest.raises(ValueError, match="24 dimensions, got 8: the index was built with another"):
        search_dense(index, np.ones((1, 8)), 3)
    with pytest.raises(ValueError, match="1 of 1 queries are zero"):
        search_dense(index, np.zeros((1, 24)), 3)
    with pytest.raises(ValueError, match="k of at least 1"):
        search_dense(index, VECTORS[:1], 0)
    with pytest.raises(ValueError, match="expected a factory of Flat, HNSW… or IVF…, got 'PQ4'"):
        build_index(VECTORS, "PQ4")

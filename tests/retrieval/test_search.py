import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.retrieval import (
    Groups,
    HybridRetriever,
    LexicalIndex,
    build_index,
    search_dense,
    tokenize,
)
from retrieval.gold import recall, synthetic_gold

GOLD = synthetic_gold()
TOKENS = [tokenize(text) for text in GOLD.questions]
LEXICAL = LexicalIndex.build([tokenize(text) for text in GOLD.documents])
INDEX = build_index(GOLD.document_vectors)
PLAIN = HybridRetriever(LEXICAL, INDEX, GOLD.document_vectors, balance=1, near_duplicate=2)
DIVERSE = HybridRetriever(
    LEXICAL, INDEX, GOLD.document_vectors, GOLD.documents, near_duplicate=0.97
)
N = len(GOLD.documents)


def _recall(found, chosen):
    rows = np.flatnonzero(chosen)
    return recall([found[row] for row in rows], tuple(GOLD.relevant[row] for row in rows))


@pytest.mark.parametrize("chinese", [True, False], ids=["zh", "en"])
def test_hybrid_recalls_at_least_as_much_as_each_part_alone(chinese):
    vectors = GOLD.question_vectors
    words = [LEXICAL.search(tokens, 5).positions.tolist() for tokens in TOKENS]
    meaning = [hits.positions.tolist() for hits in search_dense(INDEX, vectors, 5)]
    both = [
        [hit.position for hit in PLAIN.search(tokens, vector, 5)]
        for tokens, vector in zip(TOKENS, vectors, strict=True)
    ]
    asked = GOLD.chinese == chinese
    assert asked.sum() >= 100
    assert _recall(both, asked) >= 0.90
    assert _recall(both, asked) >= max(_recall(words, asked), _recall(meaning, asked))


@pytest.mark.parametrize("engine", ["rank_bm25", "bm25s"])
def test_every_exact_term_is_found_by_words_alone(engine):
    index = LexicalIndex.build([tokenize(text) for text in GOLD.documents], engine)
    for term, relevant in zip(GOLD.exact_terms, GOLD.relevant, strict=True):
        hits = index.search(tokenize(term), N)
        assert set(relevant) <= set(hits.positions.tolist())
        assert (hits.scores > 0).all()
        assert term in GOLD.documents[hits.positions[0]]


@settings(max_examples=80)
@given(st.integers(0, len(TOKENS) - 1), st.floats(0, 1), st.integers(1, 20), st.integers(0, 99))
def test_hits_stay_inside_the_filter_and_fill_it(question, share, k, seed):
    allowed = np.random.default_rng(seed).random(N) < share**3
    hits = PLAIN.search(TOKENS[question], GOLD.question_vectors[question], k, allowed)
    positions = [hit.position for hit in hits]
    assert allowed[positions].all()
    assert len(set(positions)) == len(positions) == min(k, allowed.sum())


def test_every_hit_says_why():
    tokens, vector = TOKENS[3], GOLD.question_vectors[3]
    words = LEXICAL.search(tokens, 200).positions.tolist()
    meaning = search_dense(INDEX, vector[None], 200)[0].positions.tolist()
    hits = PLAIN.search(tokens, vector, 10)
    assert [hit.rank_fused for hit in hits] == list(range(1, 11))
    for hit in hits:
        ranks = {"rank_bm25": words, "rank_vector": meaning}
        for name, ranking in ranks.items():
            place = ranking.index(hit.position) + 1 if hit.position in ranking else None
            assert getattr(hit, name) == place
        parts = [1 / (60 + r) for r in (hit.rank_bm25, hit.rank_vector) if r]
        assert hit.score == pytest.approx(sum(parts))
    assert any(hit.rank_bm25 is None for hit in PLAIN.search(["zzz"], vector, 3))


def test_words_alone_need_no_vector_and_find_only_matches():
    hits = PLAIN.search(tokenize("Maplewood"), None, 500)
    assert {hit.position for hit in hits} == {
        row for row, text in enumerate(GOLD.documents) if "Maplewood" in text
    }
    assert all(hit.rank_vector is None for hit in hits)
    assert PLAIN.search(["zzz"], None, 5) == ()


def test_groups_take_turns_by_their_share_inside_the_filter():
    groups = np.array(["price"] * N, dtype=object)
    inside = np.arange(N) >= N // 2
    groups[inside] = np.resize(["speed", "speed", "speed", "price", "price", ""], inside.sum())
    hits = DIVERSE.search(TOKENS[0], GOLD.question_vectors[0], 6, inside, Groups(groups))
    assert [groups[hit.position] for hit in hits] == ["speed", "price", ""] * 2
    everyone = DIVERSE.search(TOKENS[0], GOLD.question_vectors[0], 2, None, Groups(groups))
    assert [groups[hit.position] for hit in everyone] == ["price", "speed"]


def test_repeated_texts_come_once():
    documents = ["the line drops"] * 3 + ["The line drops!", "my bill doubled"]
    vectors = np.eye(5) + 0.01
    retriever = HybridRetriever(
        LexicalIndex.build([tokenize(text) for text in documents]),
        build_index(vectors),
        vectors,
        documents,
    )
    hits = retriever.search(tokenize("line drops"), vectors[1], 5)
    assert sorted(documents[hit.position] for hit in hits) == ["my bill doubled", "the line drops"]


def test_the_same_search_gives_the_same_hits():
    arguments = (TOKENS[9], GOLD.question_vectors[9], 8, np.arange(N) > 50)
    groups = Groups(["a", "b"] * (N // 2))
    assert len({DIVERSE.search(*arguments, groups) for _ in range(5)}) == 1


def test_an_empty_filter_finds_nothing():
    assert PLAIN.search(TOKENS[0], GOLD.question_vectors[0], 5, np.zeros(N, dtype=bool)) == ()


def test_indices_of_different_documents_are_refused():
    with pytest.raises(ValueError, match=f"'lexical': {N}, 'index': {N}, 'vectors': 3"):
        HybridRetriever(LEXICAL, INDEX, GOLD.document_vectors[:3])
    with pytest.raises(ValueError, match="'texts': 2"):
        HybridRetriever(LEXICAL, INDEX, GOLD.document_vectors, ["a", "b"])
    with pytest.raises(ValueError, match=f"a label for each of {N} documents, got 1"):
        PLAIN.search(TOKENS[0], None, 5, groups=Groups(["price"]))
    with pytest.raises(ValueError, match="k of at least 1"):
        PLAIN.search(TOKENS[0], None, 0)


def test_importing_the_room_loads_nothing_heavy():
    heavy = ("faiss", "jieba", "bm25s", "rank_bm25", "sklearn", "torch")
    code = f"import sys, churnlens.retrieval; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

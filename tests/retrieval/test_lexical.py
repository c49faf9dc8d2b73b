import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Okapi

from churnlens.retrieval import LexicalIndex, agreement, tokenize
from retrieval.gold import synthetic_gold

ENGINES = ("rank_bm25", "bm25s")
WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=8)
CORPORA = st.lists(WORDS, min_size=1, max_size=25).filter(any)


def _scores(index, query):
    hits = index.search(query, index.n_documents)
    scores = np.zeros(index.n_documents)
    scores[hits.positions] = hits.scores
    return scores


@settings(max_examples=200)
@given(CORPORA, WORDS)
def test_scores_equal_rank_bm25_wherever_its_idf_is_positive(corpus, query):
    reference = BM25Okapi(corpus)
    query = [word for word in query if reference.idf.get(word, 1) > 0]
    np.testing.assert_array_equal(
        _scores(LexicalIndex.build(corpus), query), reference.get_scores(query)
    )


@settings(max_examples=200)
@given(CORPORA, WORDS)
def test_scores_equal_bm25s(corpus, query):
    import bm25s

    reference = bm25s.BM25()
    reference.index(corpus, show_progress=False)
    known = [word for word in query if word in reference.vocab_dict]
    expected = reference.get_scores(known) if known else np.zeros(len(corpus))
    np.testing.assert_allclose(
        _scores(LexicalIndex.build(corpus, "bm25s"), query), expected, rtol=1e-5
    )


@settings(max_examples=200)
@given(CORPORA, WORDS, st.integers(1, 8), st.data())
@pytest.mark.parametrize("engine", ENGINES)
def test_hits_are_the_matches_inside_the_filter_and_nothing_else(engine, corpus, query, k, data):
    allowed = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(corpus), max_size=len(corpus)))
    )
    index = LexicalIndex.build(corpus, engine)
    hits = index.search(query, k, allowed)
    matches = {row for row, words in enumerate(corpus) if allowed[row] and set(words) & set(query)}
    assert set(hits.positions.tolist()) <= matches
    assert len(hits.positions) == min(k, len(matches))
    assert (hits.scores > 0).all()
    assert sorted(zip(-hits.scores, hits.positions, strict=True)) == list(
        zip(-hits.scores, hits.positions, strict=True)
    )
    rows = index.search(query, k, np.flatnonzero(allowed))
    assert rows.positions.tolist() == hits.positions.tolist()


@pytest.mark.parametrize(
    "corpus",
    [
        [["price"], ["price"], ["price", "slow"]],  # the average idf is negative
        [["price"], ["slow"]],  # every idf is zero
        [["price"]],
    ],
)
def test_a_common_word_still_counts_where_rank_bm25_would_punish_it(corpus):
    assert BM25Okapi(corpus).get_scores(["price"]).max() <= 0
    hits = LexicalIndex.build(corpus).search(["price"], 10)
    assert len(hits.positions) == sum("price" in words for words in corpus)
    assert (hits.scores > 0).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_table_gives_the_index_back(engine):
    corpus = [tokenize(text) for text in synthetic_gold().documents[:60]]
    index = LexicalIndex.build(corpus, engine)
    again = LexicalIndex.from_table(index.to_table(), len(corpus))
    pd.testing.assert_frame_equal(again.to_table(), index.to_table())
    assert index.to_table()["term"].is_monotonic_increasing
    query = corpus[7]
    for mine, theirs in zip(index.search(query, 9), again.search(query, 9), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_an_index_of_other_documents_is_refused():
    table = LexicalIndex.build([["a"], ["b"], ["c"]]).to_table()
    with pytest.raises(ValueError, match="names row 2, expected rows 0 to 1.*run the indexing"):
        LexicalIndex.from_table(table, 2)


def test_wrong_input_is_refused_by_name():
    with pytest.raises(ValueError, match=r"\['bm25s', 'rank_bm25'\], got 'lucene'"):
        LexicalIndex.build([["a"]], "lucene")
    with pytest.raises(ValueError, match="none of the 2 documents has a token"):
        LexicalIndex.build([[], []])
    with pytest.raises(ValueError, match="k of at least 1"):
        LexicalIndex.build([["a"]]).search(["a"], 0)


def test_engines_agree_on_the_best_documents_of_the_gold_set():
    gold = synthetic_gold()
    corpus = [tokenize(text) for text in gold.documents]
    okapi, lucene = (LexicalIndex.build(corpus, engine) for engine in ENGINES)
    questions = [tokenize(text) for text in gold.questions]
    for question in questions:
        first, second = (index.search(question, 1).positions for index in (okapi, lucene))
        assert first == second
    assert agreement(okapi, lucene, questions).overlap >= 0.95


def _real_feedback():
    beside = Path(__file__).parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("CHURNLENS_REAL_DATA", beside))
    path = folder / "telco_feedback" / "telco_churn_with_feedback.csv"
    if not path.is_file():
        pytest.skip("no real data: set CHURNLENS_REAL_DATA to its folder")
    return pd.read_csv(path)["CustomerFeedback"].dropna().tolist()


def test_engines_agree_on_real_feedback():
    feedback = _real_feedback()
    corpus = [tokenize(text) for text in feedback]
    okapi, lucene = (LexicalIndex.build(corpus, engine) for engine in ENGINES)
    questions = (
        *("slow internet speed and frequent outages", "too expensive monthly charges"),
        *("poor customer service and long waiting times", "fiber optic connection drops"),
        *("a competitor offered a better deal", "billing errors and hidden fees"),
        *("technical support did not solve my problem", "the contract is too restrictive"),
        *("streaming quality and buffering", "reliable and happy with the price"),
        *("online security concerns", "price increase after a promotion"),
    )
    found = agreement(okapi, lucene, [tokenize(text) for text in questions])
    assert found.n_queries == len(questions)
    assert found.overlap >= 0.85
    assert found.ndcg >= 0.90

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from churnlens.retrieval import LexicalIndex, agreement


def _corpus(seed, size=60):
    random = np.random.default_rng(seed)
    return [random.choice(list("abcdefghijkl"), 8).tolist() for _ in range(size)]


def test_an_index_agrees_with_itself():
    index = LexicalIndex.build(_corpus(1))
    assert agreement(index, index, [["a", "b"], ["k"]]) == (1.0, 1.0, 2)


def test_equals_overlap_and_ndcg_of_an_independent_library():
    judge, judged = LexicalIndex.build(_corpus(1)), LexicalIndex.build(_corpus(2))
    queries = [["a", "b"], ["c", "d", "e"], ["l"]]
    overlaps, ndcgs = [], []
    for query in queries:
        wanted = judge.search(query, 10).positions
        got = judged.search(query, 10).positions
        worth, places = np.zeros(60), np.zeros(60)
        worth[wanted] = np.arange(10, 0, -1)
        places[got] = np.arange(10, 0, -1)
        overlaps.append(len(set(wanted.tolist()) & set(got.tolist())) / 10)
        ndcgs.append(ndcg_score([worth], [places], k=10))
    found = agreement(judge, judged, queries)
    assert found.overlap == pytest.approx(np.mean(overlaps))
    assert found.ndcg == pytest.approx(np.mean(ndcgs))
    assert 0 < found.overlap < 1


def test_questions_without_a_hit_do_not_count():
    index = LexicalIndex.build([["a"], ["b"]])
    assert agreement(index, index, [["a"], ["zzz"]]) == (1.0, 1.0, 1)
    with pytest.raises(ValueError, match="none of the 1 questions has a hit"):
        agreement(index, index, [["zzz"]])


def test_a_hit_that_the_other_misses_costs():
    one, other = LexicalIndex.build([["a"], ["b"]]), LexicalIndex.build([["b"], ["b"]])
    assert agreement(one, other, [["a"]]) == (0.0, 0.0, 1)


def test_corpora_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="got 1 and 2 documents"):
        agreement(LexicalIndex.build([["a"]]), LexicalIndex.build([["a"], ["b"]]), [["a"]])

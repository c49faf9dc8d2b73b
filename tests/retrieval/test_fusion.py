from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.retrieval import reciprocal_rank_fusion


def test_closed_form():
    hits = reciprocal_rank_fusion([np.array([7, 3]), np.array([3, 9])])
    assert hits.positions.tolist() == [3, 7, 9]
    assert hits.scores.tolist() == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])


def test_weights_and_constant():
    rankings = [np.array([1, 2]), np.array([2, 1])]
    hits = reciprocal_rank_fusion(rankings, weights=(1, 3), constant=0)
    assert hits.positions.tolist() == [2, 1]
    assert hits.scores.tolist() == pytest.approx([1 / 2 + 3, 1 + 3 / 2])


def test_ties_go_to_the_lower_row():
    hits = reciprocal_rank_fusion([np.array([8, 2]), np.array([2, 8])])
    assert hits.positions.tolist() == [2, 8]
    assert hits.scores[0] == hits.scores[1]


def test_nothing_and_one_ranking():
    assert len(reciprocal_rank_fusion([]).positions) == 0
    assert len(reciprocal_rank_fusion([np.zeros(0, int)]).positions) == 0
    assert reciprocal_rank_fusion([np.array([5, 4, 6])]).positions.tolist() == [5, 4, 6]


def test_a_weight_for_each_ranking():
    with pytest.raises(ValueError, match="zip"):
        reciprocal_rank_fusion([np.array([1])], weights=(1, 2))


RANKING = st.permutations(range(12)).flatmap(lambda p: st.integers(0, 12).map(lambda n: p[:n]))


@given(st.lists(RANKING, min_size=1, max_size=4))
def test_equals_exact_fractions(rankings):
    exact = {}
    for ranking in rankings:
        for rank, position in enumerate(ranking, 1):
            exact[position] = exact.get(position, Fraction(0)) + Fraction(1, 60 + rank)
    hits = reciprocal_rank_fusion([np.array(ranking, dtype=int) for ranking in rankings])
    assert set(hits.positions.tolist()) == set(exact)
    assert hits.scores.tolist() == pytest.approx([float(exact[p]) for p in hits.positions.tolist()])
    assert (np.diff(hits.scores) <= 0).all()

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.retrieval.hits import at_least_one, best, inside_of


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(1, 45))
def test_best_is_a_full_sort_cut_at_k(scores, k):
    hits = best(np.arange(len(scores)), np.array(scores, dtype=float), k)
    expected = sorted(range(len(scores)), key=lambda row: (-scores[row], row))[:k]
    assert hits.positions.tolist() == expected
    assert hits.scores.tolist() == [scores[row] for row in expected]


def test_best_of_nothing_is_nothing():
    assert len(best(np.zeros(0, int), np.zeros(0), 3).positions) == 0


@pytest.mark.parametrize(
    ("allowed", "positions"),
    [
        (np.array([False, True, True, False]), [1, 2]),
        (np.array([2, 1, 2]), [1, 2]),
        (None, [0, 1, 2, 3]),
        (np.array([]), []),
    ],
)
def test_a_filter_is_a_mask_or_rows_or_nothing(allowed, positions):
    inside = inside_of(allowed, 4)
    assert inside.positions.tolist() == positions
    assert inside.mask.tolist() == [row in positions for row in range(4)]
    assert inside_of(inside, 4) is inside


def test_a_filter_of_another_corpus_is_refused():
    with pytest.raises(ValueError, match=r"expected a mask of 5 rows, got shape \(4,\)"):
        inside_of(inside_of(None, 4), 5)


@pytest.mark.parametrize(
    ("allowed", "message"),
    [
        (np.ones(3, dtype=bool), r"expected a mask of 4 rows, got shape \(3,\)"),
        (np.array([0, 4]), "expected rows 0 to 3, got 0 to 4"),
        (np.array([-1, 2]), "expected rows 0 to 3, got -1 to 2"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused(allowed, message):
    with pytest.raises(ValueError, match=message):
        inside_of(allowed, 4)


def test_k_is_at_least_one():
    assert at_least_one(1) == 1
    with pytest.raises(ValueError, match="k of at least 1, got 0"):
        at_least_one(0)

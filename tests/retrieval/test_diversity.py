import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.retrieval import Hits, diversify
from churnlens.retrieval.diversity import Groups, number_texts


def _hits(n):
    return Hits(np.arange(n), np.linspace(1, 0, n))


def _vectors(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 32))


def test_turns_go_by_share_in_the_population_then_name_and_none_comes_last():
    groups = ["price", "", "", "", "speed", "speed", "bill", "price", "price"]
    labelled, every = Groups(groups), np.arange(9)
    assert len(labelled) == 9
    assert labelled.turns(every, every).tolist() == [0, 3, 3, 3, 1, 1, 2, 0, 0]
    assert labelled.turns(every[4:], np.array([4, 5, 6, 7])).tolist() == [0, 0, 1, 2, 2]
    assert labelled.turns(np.array([6, 0]), every).tolist() == [2, 0]


def test_a_missing_label_is_refused():
    with pytest.raises(ValueError, match="2 documents have no label"):
        Groups(["price", None, float("nan")])


def test_groups_take_turns_in_order():
    turns = np.array([0, 0, 0, 0, 1, 2, 1])
    chosen = diversify(_hits(7), _vectors(7), 6, turns, balance=1.0)
    assert chosen.tolist() == [0, 4, 5, 1, 6, 2]


def test_fewer_places_than_groups_go_to_the_largest():
    chosen = diversify(_hits(4), _vectors(4), 2, np.array([2, 1, 0, 0]), balance=1.0)
    assert chosen.tolist() == [2, 1]


def test_marginal_relevance_by_hand():
    # Relevance 1, 0.5, 0; the second is close to the first, the third at a right angle to it.
    vectors = np.array([[1, 0], [0.9, np.sqrt(1 - 0.81)], [0, 1]])
    # After the first: 0.5·0.5 − 0.5·0.9 = −0.2 against 0.5·0 − 0.5·0 = 0.
    assert diversify(_hits(3), vectors, 2, balance=0.5).tolist() == [0, 2]
    # 0.9·0.5 − 0.1·0.9 = 0.36 against 0.
    assert diversify(_hits(3), vectors, 2, balance=0.9).tolist() == [0, 1]


def test_the_nearest_of_all_chosen_counts_not_the_last():
    # Chosen: a, then b at a right angle. c lies at a, d between the two: d is the less like them.
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0.96, 0, 0.28], [0.5, 0.5, np.sqrt(0.5)]])
    assert diversify(_hits(4), vectors, 3, balance=0.3).tolist() == [0, 1, 3]


def test_near_duplicates_and_same_texts_drop_out():
    vectors = _vectors(4)
    vectors[1] = vectors[0] * 3 + 0.01
    same = number_texts(["a", "b", "Too slow!", "too  SLOW"])
    assert diversify(_hits(4), vectors, 4, same=same, balance=1.0).tolist() == [0, 2]


def test_a_group_whose_last_member_is_a_repeat_is_passed_over():
    vectors = _vectors(4)
    vectors[1] = vectors[0]
    chosen = diversify(_hits(4), vectors, 2, np.array([0, 1, 2, 0]), balance=1.0)
    assert chosen.tolist() == [0, 2]


def test_texts_are_the_same_up_to_case_width_and_punctuation():
    texts = ["It's SLOW.", "its slow", "网速慢！", "网速慢", "Ｓｌｏｗ", "", "…", "slow"]
    numbers = number_texts(texts).tolist()
    assert numbers[0] == numbers[1]
    assert numbers[2] == numbers[3]
    assert numbers[4] == numbers[7]
    assert len(set(numbers)) == 5


def test_nothing_to_choose_from():
    none = Hits(np.zeros(0, int), np.zeros(0))
    assert diversify(none, np.zeros((0, 8)), 3).tolist() == []


@settings(max_examples=80)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 1000))
def test_always_distinct_and_never_alike(n, k, seed):
    random = np.random.default_rng(seed)
    vectors = (
        random.normal(size=(6, 8))[random.integers(0, 6, n)] + random.normal(size=(n, 8)) * 0.1
    )
    same = random.integers(0, n, n)
    chosen = diversify(_hits(n), vectors, k, random.integers(0, 3, n), same)
    assert 1 <= len(chosen) <= k
    assert len(set(chosen.tolist())) == len(set(same[chosen].tolist())) == len(chosen)
    units = vectors[chosen] / np.linalg.norm(vectors[chosen], axis=1)[:, None]
    cosine = units @ units.T - np.eye(len(chosen)) * 2
    assert cosine.max() <= 0.97 + 1e-6

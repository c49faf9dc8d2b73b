from itertools import combinations

import numpy as np
import pytest

from churnlens.dialogues.near import near_pairs, shingles


def test_case_digits_tags_and_marks_do_not_count():
    assert shingles("Call [phone_1], order 12!") == shingles("call order")
    assert shingles("12") == shingles("") != shingles("ab")
    assert len(shingles("我的订单呢")) == 1


def test_the_pairs_are_those_of_an_exhaustive_search():
    rng = np.random.default_rng(5)
    words = [f"w{chr(97 + i)}{chr(97 + j)}ord" for i in range(8) for j in range(8)]
    base = [" ".join(rng.choice(words, 60)) for _ in range(12)]
    texts = list(base)
    for text in base:
        for changes in (1, 3, 8, 20):
            cut = text.split()
            for place in rng.integers(0, 60, changes):
                cut[place] = rng.choice(words)
            texts.append(" ".join(cut))
    texts = list({shingles(text): text for text in texts}.values())
    sets = [shingles(text) for text in texts]
    for threshold in (0.7, 0.8, 0.9):
        pairs = [
            (a, b)
            for a, b in combinations(range(len(texts)), 2)
            if len(sets[a] & sets[b]) >= threshold * len(sets[a] | sets[b])
        ]
        assert near_pairs(texts, threshold) == pairs
        assert pairs


def test_the_same_text_many_times_is_linked_to_the_first_alone():
    assert near_pairs(["same text"] * 4 + ["another"], 1) == [(0, 1), (0, 2), (0, 3)]


@pytest.mark.parametrize("threshold", [0.2, 1.1, float("nan")])
def test_the_threshold_is_a_similarity(threshold):
    with pytest.raises(ValueError, match=r"0.5 to 1"):
        near_pairs(["a"], threshold)

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.evaluation.faithfulness import Explained, faithfulness, score_all, without
from churnlens.options import FaithfulnessOptions

OPTIONS = FaithfulnessOptions(counts=(1, 2), draws=4, resamples=200)
BAD, GOOD = {"bad", "awful"}, {"fine", "great"}
NEUTRAL = ["the", "bill", "came", "today", "with", "one", "more", "line"]


def planted(texts):
    """Each bad word adds a tenth to a half, each good one takes a tenth."""
    words = [text.split() for text in texts]
    return np.array([0.5 + 0.1 * sum((w in BAD) - (w in GOOD) for w in each) for each in words])


def case(words, weights, group):
    text = " ".join(words)
    spans = tuple(found.span() for found in re.finditer(r"\S+", text))
    return Explained(text, spans, np.asarray(weights, float), group)


def truth(words):
    return [(word in BAD) - (word in GOOD) for word in words]


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(3)
    kinds = [["bad", "awful"], ["fine", "great"]]
    return [rng.permutation([*NEUTRAL, *kinds[n % 2]]).tolist() for n in range(40)]


def judged(texts, weigh, scorer=planted, **options):
    cases = [case(words, weigh(words), str(n // 2)) for n, words in enumerate(texts)]
    return faithfulness(cases, scorer, OPTIONS.model_copy(update=options))


def test_planted_words_move_the_score_as_far_as_was_planted(texts):
    found = judged(texts, truth, draws=200)
    assert found.is_faithful
    assert found.texts == 40
    assert [fall.words for fall in found.falls] == [1, 2]
    for fall in found.falls:
        assert fall.top == pytest.approx(0.1 * fall.words)
        assert fall.random == pytest.approx(0.1 * fall.words * 2 / 10, abs=0.01)  # 2 of 10 words
        assert fall.difference.value == pytest.approx(fall.top - fall.random)
        assert fall.difference.n == 20  # groups
        assert fall.difference.low > 0
    assert found.area.value == pytest.approx(np.mean([f.difference.value for f in found.falls]))


def test_a_random_attribution_fails_and_a_reversed_one_fails_worse(texts):
    rng = np.random.default_rng(0)
    guessed = judged(texts, lambda words: rng.normal(size=len(words)), draws=50)
    assert guessed.area.low < 0 < guessed.area.high
    assert not guessed.is_faithful
    assert judged(texts, lambda words: -np.array(truth(words))).area.high < 0


def test_good_words_carry_a_low_score():
    words = ["great", "fine", *NEUTRAL]
    found = judged([words], truth)
    assert [fall.top for fall in found.falls] == pytest.approx([0.1, 0.2])
    assert found.falls[0].top_characters == len("great")


def test_a_text_counts_only_where_it_has_more_words_than_are_removed():
    found = judged([["bad", "bill"], ["bad", "awful", "came"]], truth, counts=(1, 2, 5))
    assert [(fall.words, fall.texts) for fall in found.falls] == [(1, 2), (2, 1)]
    assert [fall.top for fall in found.falls] == pytest.approx([0.1, 0.2])
    with pytest.raises(ValueError, match="none of 1 texts has more than 1 words"):
        judged([["bad"]], truth)


def test_the_same_seed_gives_the_same_figures(texts):
    assert judged(texts, truth) == judged(texts, truth)
    other = judged(texts, truth, seed=8)
    assert other.falls[0].random != judged(texts, truth).falls[0].random


def test_a_batch_size_changes_nothing_and_no_text_is_scored_twice():
    asked = []

    def counting(texts):
        asked.append(list(texts))
        return planted(texts)

    texts = ["bad", "fine", "bad", "bill"]
    assert score_all(counting, texts, 2).tolist() == planted(texts).tolist()
    assert asked == [["bad", "fine"], ["bill"]]


@pytest.mark.parametrize("answer", [np.zeros(3), np.zeros((2, 1)), np.array([0.5, np.nan])])
def test_a_scorer_that_answers_otherwise_is_told(answer):
    with pytest.raises(ValueError, match="scorer: got"):
        score_all(lambda _: answer, ["a", "b"], 8)


@pytest.mark.parametrize(
    ("text", "spans", "left"),
    [
        ("so bad today", [(3, 6)], "so today"),
        ("bad today", [(0, 3)], "today"),
        ("so bad", [(3, 6)], "so "),
        ("太慢了", [(1, 2)], "太了"),
        ("a b c", [(4, 5), (2, 3)], "a "),
        ("a, b", [(0, 1)], ", b"),
        ("", [], ""),
    ],
)
def test_words_go_with_one_of_their_blanks(text, spans, left):
    assert without(text, spans) == left


@given(st.text(alphabet="ab 好\n", max_size=30), st.data())
def test_nothing_else_is_lost_when_spans_are_removed(text, data):
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    naive = "".join(sign for at, sign in enumerate(text) if not any(a <= at < b for a, b in spans))
    left = without(text, spans)
    assert left.replace(" ", "") == naive.replace(" ", "")
    assert len(naive) - len(spans) <= len(left) <= len(naive)
    assert without(text, []) == text

"""The public recipe's figures against nltk, rouge-chinese (pinned) and hand counts."""

import warnings

import jieba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk import edit_distance
from nltk.translate import bleu_score

from churnlens.evaluation.recipe_overlap import (
    embedding_distance,
    embedding_similarity,
    recipe_overlap,
    sentence_bleu,
)
from evaluation.summary_support import csds

TEXT = '{"用户问题": "退货", "客服方案": "三天内退款。", "是否接受": "是"}'
GOLD = '{"用户问题": "申请退货退款", "客服方案": "三个工作日内退款。", "是否接受": "否"}'
SHARES = ("bleu_4", "rouge_1", "rouge_2", "rouge_l")


def by_nltk(text, gold):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        smooth = bleu_score.SmoothingFunction().method3
        return bleu_score.sentence_bleu([list(gold)], list(text), smoothing_function=smooth)


SIGNS = st.text("退款货天三 是。", max_size=14)


@settings(max_examples=300, deadline=None)
@given(SIGNS, SIGNS.filter(str.strip))
def test_sentence_bleu_equals_nltk(text, gold):
    assert sentence_bleu(text, gold) == pytest.approx(by_nltk(text, gold))


def test_smoothing_halves_with_every_missing_order():
    # 退 货 of 退 款 货: 2 of 2; no pair: 1/2 of 1; no triple: 1/4 of 1; 1/8 of 1; 3 signs against 2
    expected = np.exp(1 - 3 / 2) * (1 / 2 * 1 / 4 * 1 / 8) ** 0.25
    assert sentence_bleu("退货", "退款货") == pytest.approx(expected)


def test_the_json_of_one_pair():
    # ROUGE of rouge-chinese 1.0.3 over the words of jieba 0.42.1
    found = recipe_overlap([TEXT], [GOLD])
    assert [found[name].corpus for name in SHARES] == pytest.approx(
        [0.70197098, 0.8, 0.68, 0.875], abs=1e-7
    )
    assert found["edit_distance"].corpus == edit_distance(TEXT, GOLD) == 9
    assert found["edit_distance_normalised"].corpus == pytest.approx(9 / len(GOLD))


@pytest.mark.parametrize(
    ("system", "expected"),
    [  # LLaMA-Factory's script with nltk 3.10.4, rouge-chinese 1.0.3 and jieba 0.42.1
        ("PGN", (0.27304483, 0.52716392, 0.28137084, 0.44497180)),
        ("fast_rl", (0.29238481, 0.55104519, 0.29459079, 0.43815600)),
    ],
)
def test_published_summaries_score_as_under_the_recipes_script(system, expected):
    found = recipe_overlap(*csds(system))
    assert [found[name].corpus for name in SHARES] == pytest.approx(expected, abs=1e-6)


def test_the_same_text_is_perfect_and_an_empty_one_is_nothing():
    same, empty = recipe_overlap([GOLD], [GOLD]), recipe_overlap([" "], [GOLD])
    assert [same[name].corpus for name in SHARES] == pytest.approx([1] * 4)
    assert same["edit_distance"].corpus == same["edit_distance_normalised"].corpus == 0
    assert [empty[name].corpus for name in SHARES[1:]] == [0] * 3
    assert recipe_overlap([""], [GOLD])["bleu_4"].corpus == 0
    assert recipe_overlap([""], [GOLD])["edit_distance"].corpus == len(GOLD)


def test_a_word_said_twice_counts_once_but_not_in_the_longest_run():
    found = recipe_overlap(["退款 退款 退款"], ["退款"])
    assert found["rouge_1"].corpus == 1
    assert found["rouge_l"].corpus == pytest.approx(1 / 2)


def test_words_that_others_add_change_nothing():
    before = recipe_overlap(["申请退货"], ["申请退款"])["rouge_1"].corpus
    try:
        jieba.add_word("申请退货")
        assert recipe_overlap(["申请退货"], ["申请退款"])["rouge_1"].corpus == before > 0
    finally:
        jieba.del_word("申请退货")


def test_corpus_figures_are_means_of_items():
    found = recipe_overlap([TEXT, GOLD], [GOLD, GOLD])
    for metric in found.values():
        assert metric.items.shape == (2,)
        assert metric.corpus == pytest.approx(metric.items.mean())
    short = recipe_overlap(["退货", GOLD], ["退款", GOLD + "。"])["edit_distance_normalised"]
    assert short.items == pytest.approx([1 / 2, 1 / (len(GOLD) + 1)])


def test_signatures_say_every_choice():
    found = recipe_overlap([TEXT], [GOLD])
    assert "smooth:method3" in found["bleu_4"].signature
    assert "tok:character" in found["bleu_4"].signature
    assert all("jieba-0.42.1" in found[f"rouge_{n}"].signature for n in "12l")
    assert "rouge-chinese" in found["rouge_1"].signature
    assert "norm:no" in found["edit_distance"].signature


VECTORS = {"a": [1.0, 0.0], "b": [0.0, 3.0], "c": [2.0, 2.0], "": [0.0, 0.0], "d": [-5.0, 0.0]}


def encode(texts):
    return np.array([VECTORS[text] for text in texts], np.float32)


def test_embedding_distance_is_one_minus_cosine():
    found = embedding_distance(
        ["a", "b", "c", "", "d"], ["a", "a", "a", "a", "a"], encode, "x@1|mean"
    )
    assert found.items == pytest.approx([0, 1, 1 - 2**-0.5, 1, 2])
    assert found.corpus == pytest.approx(found.items.mean())
    assert "encoder:x@1|mean" in found.signature


def test_embedding_similarity_is_the_cosine_and_nothing_said_is_like_nothing():
    texts, gold = ["a", "b", "c", " ", "d"], ["a"] * 5
    found = embedding_similarity(
        texts, gold, lambda t: encode([x.strip() or "a" for x in t]), "y@2"
    )
    assert found.items == pytest.approx([1, 0, 2**-0.5, 0, -1])
    assert found.corpus == pytest.approx(found.items.mean())
    assert found.signature == "cosine|encoder:y@2|empty:0"


@pytest.mark.parametrize(
    "measure",
    [
        recipe_overlap,
        lambda t, r: embedding_distance(t, r, encode, "x"),
        lambda t, r: embedding_similarity(t, r, encode, "x"),
    ],
)
@pytest.mark.parametrize(("texts", "gold"), [([], []), (["a"], []), (["a"], [" "])])
def test_unusable_input_is_refused(measure, texts, gold):
    with pytest.raises(ValueError, match="reference"):
        measure(texts, gold)

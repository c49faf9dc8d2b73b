"""Overlap against published examples, nltk and hand counts; variety and repetition by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk import edit_distance
from nltk.translate.bleu_score import corpus_bleu

from churnlens.evaluation.text_overlap import (
    length,
    repetition,
    rouge,
    shared_ngrams,
    text_overlap,
    variety,
)
from evaluation.summary_support import csds

EN = ["Fiber customers on monthly contracts leave more often .", "The price is the main reason ."]
EN_GOLD = [
    "Fiber customers on monthly plans leave far more often .",
    "The main reason is the price .",
]
ZH, ZH_GOLD = ["光纤客户流失更多。"], ["光纤客户更容易流失。"]
KEYS = {"bleu", "rouge1", "rouge2", "rougeL", "edit_similarity"}


def test_identical_texts_are_1_and_foreign_ones_0():
    same = text_overlap(EN, EN, "en")
    assert set(same) == KEYS
    for metric in same.values():
        assert metric.corpus == pytest.approx(1)
        assert metric.items == pytest.approx([1, 1])
    other = text_overlap(["zzz qqq"], ["Fiber leaves"], "en")
    assert all(other[name].corpus == 0 for name in KEYS - {"edit_similarity"})


def test_corpus_bleu_equals_nltk_on_the_same_tokens():
    expected = corpus_bleu([[text.split()] for text in EN_GOLD], [text.split() for text in EN])
    bleu = text_overlap(EN, EN_GOLD, "en")["bleu"]
    assert bleu.corpus == pytest.approx(expected)
    assert bleu.corpus != pytest.approx(bleu.items.mean())


def test_bleu_by_hand_with_brevity_penalty():
    # 5 of 6 tokens, all n-grams found: precisions 1, so BLEU is the brevity penalty alone
    bleu = text_overlap(["a b c d e"], ["a b c d e f"], "en")["bleu"]
    assert bleu.corpus == pytest.approx(math.exp(1 - 6 / 5)) == bleu.items[0]


def test_short_item_uses_the_orders_that_it_has():
    assert text_overlap(["a b c"], ["a b c"], "en")["bleu"].items[0] == pytest.approx(1)
    assert text_overlap(["a b c"], ["a b c"], "en")["bleu"].corpus == 0


def test_rouge_of_the_original_paper():
    # Lin 2004: reference "police killed the gunman": S2 has ROUGE-L 3/4, S3 2/4
    gold = ["police killed the gunman"] * 2
    scores = text_overlap(["police kill the gunman", "the gunman kill police"], gold, "en")
    # Porter makes kill = killed, so stemmed S2 is complete and S3's best run is "the gunman"
    assert scores["rougeL"].items == pytest.approx([1.0, 0.5])
    assert scores["rouge1"].items == pytest.approx([1.0, 1.0])
    assert scores["rouge2"].items == pytest.approx([1.0, 1 / 3])


def test_rouge_is_an_f_measure():
    found = text_overlap(["price service"], ["price speed support contract service fiber"], "en")
    assert found["rouge1"].items[0] == pytest.approx(2 * 1 * (2 / 6) / (1 + 2 / 6))


def test_chinese_is_scored_by_characters_with_punctuation():
    scores = text_overlap(ZH, ZH_GOLD, "zh")
    # 9 and 10 signs: 光纤客户 流失 更 。 in both = 8; runs of two: 光纤 纤客 客户 流失 = 4 of 8 and 9
    assert scores["rouge1"].corpus == pytest.approx(16 / 19)
    assert scores["rouge2"].corpus == pytest.approx(8 / 17)
    assert scores["rougeL"].corpus == pytest.approx(2 * 7 / 19)  # 光纤客户流失。
    spaced = text_overlap([" ".join(ZH[0])], ZH_GOLD, "zh")
    assert spaced["rouge2"].corpus == scores["rouge2"].corpus
    assert spaced["bleu"].corpus == scores["bleu"].corpus > 0


def test_chinese_bleu_equals_nltk_on_characters():
    texts, gold = ["光纤客户流失更多。", "价格太高"], ["光纤客户流失得更多。", "价格实在太高"]
    expected = corpus_bleu([[list(each)] for each in gold], [list(each) for each in texts])
    assert text_overlap(texts, gold, "zh")["bleu"].corpus == pytest.approx(expected)


def test_signatures_say_every_choice():
    en, zh = text_overlap(EN, EN_GOLD, "en"), text_overlap(ZH, ZH_GOLD, "zh")
    assert "tok:13a" in en["bleu"].signature and "tok:zh" in zh["bleu"].signature
    assert "eff:no" in en["bleu"].signature and "items:eff:yes" in en["bleu"].signature
    assert "stem:porter" in en["rougeL"].signature and "tok:character" in zh["rougeL"].signature
    assert all("version:2.6.0" in each["bleu"].signature for each in (en, zh))
    assert all("rouge-score:0.1.2" in each["rouge1"].signature for each in (en, zh))
    assert en["rouge1"].signature.startswith("rouge1|F1")


@given(st.text(max_size=12), st.text(min_size=1, max_size=12).filter(str.strip))
def test_edit_similarity_equals_nltk(text, gold):
    found = text_overlap([text], [gold], "zh")["edit_similarity"]
    assert found.corpus == pytest.approx(1 - edit_distance(text, gold) / max(len(text), len(gold)))


def test_an_empty_text_scores_0():
    assert all(metric.items[0] == 0 for metric in text_overlap([""], ["gold"], "en").values())


@pytest.mark.parametrize(
    ("texts", "gold", "said"),
    [([], [], "0 and 0"), (["a"], [], "1 and 0"), (["a", "b"], ["x", " "], "first at place 1")],
)
def test_unusable_input_is_refused(texts, gold, said):
    with pytest.raises(ValueError, match=said):
        text_overlap(texts, gold, "en")


def test_length_counts_tokens_of_each_language():
    assert length(["It costs $5.10, now.", ""], "en").tolist() == [7, 0]
    assert length(["5G 网速慢。"], "zh").tolist() == [5]


def test_repetition_is_the_share_of_repeated_runs():
    # a b c a b c a: runs abca bcab cabc abca -> 3 different of 4; no run of four in three words
    found = repetition(["a b c A b c a", "a b c d e", "a b c", ""], "en")
    assert found[:2] == pytest.approx([1 / 4, 0])
    assert np.isnan(found[2:]).all()
    assert repetition(["好好好好好"], "zh")[0] == pytest.approx(1 / 2)
    assert repetition(["a a a"], "en", n=1)[0] == pytest.approx(2 / 3)


def test_shared_ngrams_look_at_other_texts_only():
    found = shared_ngrams(["a b c d e", "a b c d f", "q r s t q r s t"], "en")
    assert found.tolist() == [0.5, 0.5, 0.0]
    assert np.isnan(shared_ngrams(["a b", "a b c d"], "en")[0])


def test_variety_by_hand():
    found = variety(["a b c d", "a b c e"], "en")
    assert found.distinct_1 == pytest.approx(5 / 8)
    assert found.distinct_2 == pytest.approx(4 / 6)
    assert found.shared == 0
    assert found.texts == 2


def test_a_constant_answer_has_the_least_variety():
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(300)]
    free = [" ".join(rng.choice(words, 40)) for _ in range(30)]
    form = [f"Of customers in group {i}, price is the main reason to leave." for i in range(30)]
    constant = variety(form[:1] * 30, "en")
    assert constant.shared == 1
    wide, filled = variety(free, "en"), variety(form, "en")
    assert wide.distinct_2 > filled.distinct_2 > constant.distinct_2
    assert wide.shared < filled.shared < constant.shared
    assert wide.compression_ratio < filled.compression_ratio < constant.compression_ratio


def test_variety_of_too_little():
    with pytest.raises(ValueError, match="got 1"):
        variety(["a"], "en")
    assert np.isnan(variety(["", ""], "zh").shared)
    assert np.isnan(variety(["", ""], "zh").distinct_2)


def test_rouge_over_several_references_is_their_mean_not_the_best():
    one, other = "police killed the gunman", "the storm is over"
    found = rouge(["police kill the gunman", "storm"], [[one, other], [other]], "en")
    alone = [
        rouge(["police kill the gunman"], [[each]], "en")["rouge1"].corpus for each in (one, other)
    ]
    assert alone[0] == 1 and alone[1] == pytest.approx(1 / 4)
    assert found["rouge1"].items == pytest.approx([5 / 8, 2 / 5])
    assert found["rouge1"].corpus == pytest.approx((5 / 8 + 2 / 5) / 2)
    assert "nrefs:1-2|over-refs:mean" in found["rougeL"].signature
    assert "nrefs:1|rouge" in text_overlap(EN, EN_GOLD, "en")["rougeL"].signature


@pytest.mark.parametrize("gold", [[[]], [["a", " "]], [], [["a"], ["b"]]])
def test_a_text_without_a_reference_is_refused(gold):
    with pytest.raises(ValueError, match=r"reference"):
        rouge(["a"], gold, "en")


@pytest.mark.parametrize(
    ("system", "published"),
    [("PGN", (55.6, 39.2)), ("fast_rl", (57.9, 41.4))],
)
def test_published_character_rouge_of_chinese_dialogue_summaries(system, published):
    texts, gold = csds(system)
    scores = text_overlap(texts, gold, "zh")
    found = [100 * scores[name].corpus for name in ("rouge1", "rouge2")]
    assert found == pytest.approx(published, abs=0.1)
    if system == "fast_rl":
        assert 100 * scores["bleu"].corpus == pytest.approx(33.0, abs=0.1)

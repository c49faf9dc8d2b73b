import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.retrieval import LexicalIndex, tokenize
from churnlens.retrieval.tokenize import stem
from retrieval.gold import CHINESE_DOCUMENTS, CHINESE_QUESTIONS, recall


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("charge charges charged charging", "charg"),
        ("price prices priced pricing", "pric"),
        ("city cities", "city"),
        ("drop drops dropped dropping", "drop"),
        ("bill bills billed billing", "bill"),
        ("cancel cancels cancelled cancelling", None),
        ("box boxes boxed", "box"),
        ("fee fees", "fee"),
    ],
)
def test_forms_of_one_word_share_a_stem(words, same):
    stems = {stem(word) for word in words.split()}
    assert stems == ({same} if same else {"cancel", "cancell"})


@pytest.mark.parametrize("word", ["bus", "this", "class", "speed", "need", "bring", "used", "5gs"])
def test_what_only_looks_inflected_keeps_its_end(word):
    assert stem(word) == word


def test_english_words_lose_case_punctuation_and_stop_words():
    assert tokenize("The customer's bills DON'T match, do they?") == ["customer", "bill", "match"]
    assert tokenize("month-to-month, wi-fi/5G: $70.35") == [
        "month",
        "month",
        "wi",
        "fi",
        "5g",
        "70.35",
    ]


def test_full_width_forms_are_the_same_as_half_width():
    assert tokenize("Ｆｉｂｅｒ　５Ｇ　７０．３５") == tokenize("fiber 5g 70.35")


def test_chinese_becomes_characters_and_bigrams_without_function_characters():
    assert tokenize("网速慢") == ["网", "速", "慢", "网速", "速慢"]
    assert tokenize("我的网") == ["网", "的网"]
    assert tokenize("慢") == ["慢"]
    assert tokenize("的，了") == []


def test_languages_mix_in_one_text():
    assert tokenize("换了Router之后WiFi掉线") == [
        *("换", "换了", "router", "之", "后", "之后", "wifi", "掉", "线", "掉线")
    ]


@given(st.text(max_size=200))
def test_any_text_gives_clean_short_tokens(text):
    tokens = tokenize(text)
    assert tokens == tokenize(text)
    for token in tokens:
        assert token == unicodedata.normalize("NFKC", token)
        assert not re.search(r"\s", token)
        han = re.findall(r"[\u3400-\u9fff\u3040-\u30ff]", token)
        assert not han or len(token) <= 2


@given(st.text(alphabet="网速慢账单贵客服信号合同优惠，。 ", min_size=1, max_size=60))
def test_every_chinese_word_of_a_document_can_be_found(text):
    inside = set(tokenize(text))
    for start in range(len(text) - 1):
        assert set(tokenize(text[start : start + 2])) <= inside


def _recall(cut):
    index = LexicalIndex.build([cut(text) for text in CHINESE_DOCUMENTS])
    found = [index.search(cut(text), 5).positions.tolist() for text, _ in CHINESE_QUESTIONS]
    return recall(found, tuple(relevant for _, relevant in CHINESE_QUESTIONS))


def test_characters_and_bigrams_recall_more_chinese_than_words_from_a_dictionary(tmp_path):
    jieba = pytest.importorskip("jieba", reason="jieba is not installed: nothing to compare with")
    jieba.setLogLevel(40)
    cutter = jieba.Tokenizer()
    cutter.tmp_dir = str(tmp_path)  # its cache is a marshal file in a shared folder otherwise
    ours = _recall(tokenize)
    assert ours >= 0.95
    assert ours > _recall(lambda text: [w for w in cutter.cut_for_search(text) if w.isalnum()])
    assert ours > _recall(lambda text: [token for token in tokenize(text) if len(token) == 2])

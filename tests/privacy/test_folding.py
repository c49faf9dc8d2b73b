import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.privacy.folding import fold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text 138", "plain text 138"),
        ("１３８－１２３４＠ＱＱ．ｃｏｍ", "138-1234@QQ.com"),
        ("1\u200b3\ufeff8\u00ad\u20608", "1388"),
        ("٠١٢ ०१२ 𝟎𝟏𝟐", "012 012 012"),
        ("é É ü ñ Ａ", "e E u n A"),
        ("e\u0301", "e"),
        ("1\ufe0f\u20e32", "12"),
        ("a\u00a0b\u3000c\td", "a b c d"),
        ("a\r\u2028\nb", "a\n\n\nb"),
        ("1–2−3‐4—5", "1-2-3-4 5"),
        ("O’Brien ‘x’", "O'Brien 'x'"),
        ("阿布都·热合曼", "阿布都.热合曼"),
        ("① ½ ﬁ 한국 が", "① ½ ﬁ 한국 か"),
        ("幺三八零零一三八零零零", "13800138000"),
        ("二〇二四年", "二〇二四年"),
        ("壹叁捌1234五六", "1381234" + "56"),
    ],
)
def test_fold(text, expected):
    assert fold(text).text == expected


def test_spans_lead_back_to_the_original():
    text = "电\u200b话１3\u200b8，\u200b好"
    folded = fold(text)
    at = folded.text.index("138")
    start, end = folded.span(at, at + 3)
    assert text[start:end] == "１3\u200b8"
    assert fold("abc").span(1, 2) == (1, 2)


def test_ascii_stays_whatever_stands_beside_it():
    printable = "".join(map(chr, range(32, 127)))
    assert fold(printable).text == fold(printable + "\u200b").text == printable


@settings(max_examples=300)
@given(st.text())
def test_fold_is_shorter_or_equal_and_every_span_folds_to_itself(text):
    folded = fold(text)
    assert len(folded.text) <= len(text)
    assert folded.origin is None or len(folded.origin) == len(folded.text)
    assert not {unicodedata.category(c) for c in folded.text if c != "\n"} & {
        "Cc",
        "Cf",
        "Mn",
        "Me",
        "Zl",
    }
    for at in range(len(folded.text)):
        start, end = folded.span(at, at + 1)
        assert fold(text[start:end]).text == folded.text[at] or folded.text[at].isdigit()


def test_one_chinese_numeral_behind_a_number_begins_a_word():
    assert fold("单号20241234567一直没到").text == "单号20241234567一直没到"
    assert fold("电话幺三八00138000").text == "电话13800138000"

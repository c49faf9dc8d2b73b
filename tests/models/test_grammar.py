"""Grammars: which texts they accept and which they refuse, letter by letter."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.models import grammar as g


@pytest.fixture(scope="module")
def accepts():
    """Whether a schema's grammar takes a text, whole, byte by byte."""
    from llguidance import LLMatcher, LLTokenizer

    tokenizer = LLTokenizer("byte")

    def check(schema, text):
        matcher = LLMatcher(tokenizer, g.compile_grammar(schema))
        tokens = list(text.encode())
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

    return check


CLAIM = g.record({"text": g.text(20), "ids": g.subset(["S1", "S2", "S3"], max_items=2)})


def test_a_record_has_its_keys_in_order_on_one_line(accepts):
    assert accepts(CLAIM, '{"text": "fiber", "ids": ["S1"]}')
    for wrong in (
        '{"ids": ["S1"], "text": "fiber"}',
        '{"text": "fiber"}',
        '{"text": "fiber", "ids": ["S1"], "more": 1}',
        '{"text":"fiber","ids":["S1"]}',
        '{ "text": "fiber", "ids": ["S1"]}',
        '{"text": "fiber",\n"ids": ["S1"]}',
        '{"text": "fiber", "ids": ["S1"]} ',
    ):
        assert not accepts(CLAIM, wrong), wrong


def test_chinese_keys_and_values_are_written_as_they_are(accepts):
    schema = g.record({"用户问题": g.text(10), "是否接受": g.one_of(["是", "否", "未明确"])})
    assert accepts(schema, '{"用户问题": "网速太慢", "是否接受": "否"}')
    assert not accepts(schema, '{"用户问题": "网速太慢", "是否接受": "也许"}')


@given(st.lists(st.sampled_from(["S1", "S2", "D1", "D2", "X9"]), max_size=5))
@settings(max_examples=60)
def test_a_subset_is_ordered_unique_and_within_its_sizes(accepts, chosen):
    offered = ["S1", "S2", "D1", "D2"]
    schema = g.subset(offered, min_items=1, max_items=3)
    allowed = [list(c) for size in (1, 2, 3) for c in itertools.combinations(offered, size)]
    assert accepts(schema, json.dumps(chosen)) == (chosen in allowed)


def test_a_subset_may_be_empty_where_that_is_allowed(accepts):
    schema = g.subset(["S1"], min_items=0, max_items=4)
    assert accepts(schema, "[]") and accepts(schema, '["S1"]')
    assert not accepts(g.subset(["S1"], max_items=1), "[]")


def test_a_subset_of_repeated_values_is_a_subset_of_the_values(accepts):
    assert not accepts(g.subset(["S1", "S1"], max_items=2), '["S1", "S1"]')


@pytest.mark.parametrize(
    ("values", "sizes"),
    [([], {"max_items": 2}), (["S1"], {"min_items": 2, "max_items": 2})],
)
def test_an_impossible_subset_is_refused(values, sizes):
    with pytest.raises(g.GrammarError, match="got 0"):
        g.subset(values, **sizes)


def test_too_many_subsets_are_refused_and_the_limit_compiles():
    with pytest.raises(g.GrammarError, match=r"got 1\d{6}; offer fewer values"):
        g.subset([f"S{i}" for i in range(20)], max_items=20)
    assert g.compile_grammar(g.subset([f"S{i}" for i in range(20)], max_items=3))


def test_one_of_nothing_is_refused():
    with pytest.raises(g.GrammarError, match="got none"):
        g.one_of([])


@pytest.mark.parametrize("bad", ['"', "\\", "\n", "\t", "\x00", "\u200b", "\u2028", "<", "{", "]"])
def test_text_holds_no_escape_control_bracket_or_markup(accepts, bad):
    for text in (f"a{bad}b", json.dumps(f"a{bad}b")[1:-1]):
        assert not accepts(g.text(20), f'"{text}"')


def test_text_has_a_length_in_characters(accepts):
    schema = g.text(5, min_chars=2)
    for text, good in {"a": False, "ab": True, "网速太慢了": True, "网速太慢了吧": False}.items():
        assert accepts(schema, f'"{text}"') == good, text


@pytest.mark.parametrize("digit", ["7", "７", "٣", "²", "Ⅷ", "½", "①"])
def test_text_without_digits_refuses_every_script(accepts, digit):
    assert accepts(g.text(9), f'"a {digit} b"')
    assert not accepts(g.text(9, digits=False), f'"a {digit} b"')
    assert not accepts(g.sentence(9, min_words=1), f'"a {digit} b."')
    assert not accepts(g.sentence(9, min_words=1, chinese=True), f'"网{digit}慢。"')


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Customers leave early.", True),
        ("Customers leave, they say, because of the price.", True),
        ("Month-to-month customers don't stay.", True),
        ("Customers leave", False),
        ("Two words.", False),
        ("Customers leave early. They do.", False),
        ("Customers leave early,.", False),
        ("Customers  leave early.", False),
        (" Customers leave early.", False),
        ("a b c d e f g h i.", False),
        ("Customers leave because " + "x" * 30 + ".", False),
        ("客户 离开 了.", False),
    ],
)
def test_a_sentence_ends_with_a_full_stop_after_a_word(accepts, text, good):
    assert accepts(g.sentence(8), json.dumps(text, ensure_ascii=False)) == good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("客户因为月费太高而离开。", True),
        ("客户说：“没人接电话”，所以走了。", True),
        ("VIP客户也离开。", True),
        ("客户因为月费太高而离开", False),
        ("客户离开. ", False),
        ("离。", False),
        ("客户离开。他们走了。", False),
    ],
)
def test_a_chinese_sentence_ends_with_its_own_full_stop(accepts, text, good):
    assert accepts(g.sentence(20, chinese=True), f'"{text}"') == good


ABOUT = {
    "en": (("users (b) of 4.5 [x]", "Users (b) of 4.5 [x]"), "the other 3"),
    "zh": (("用4.5兆的客户",), "其余3类客户"),
}


def framed(language, other=True):
    names, aside = ABOUT[language]
    pattern = g.about(names, aside if other else "", chinese=language == "zh")
    return {"type": "string", "pattern": f"^{pattern}END$"}


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Users (b) of 4.5 [x] left more often END", True),
        ("users (b) of 4.5 [x] END", True),
        ("Among users (b) of 4.5 [x], more left END", True),
        ("Beside the other 3, users (b) of 4.5 [x] left more often END", True),
        ("The rate of users (b) of 4.5 [x] is above that of the other 3 END", True),
        ("The gap between users (b) of 4.5 [x] and the other 3 is open END", True),
        ("More left END", False),
        ("Users (b) of 4,5 [x] left END", False),
        ("Users (b) of 495 [x] left END", False),
        ("Users (b) of 4.5 [x] left in 12 months END", False),
        ("7 users (b) of 4.5 [x] left END", False),
        ("Users (b) of 4.5 [x] left more often than the other 4 END", False),
        ("Users (b) of 4.5 [x] left.  END", False),
        ("Users (b) of 4.5 [x]left END", False),
        ("Users (b) of 4.5 [x] left END ", False),
        (40 * "more " + "users (b) of 4.5 [x] END", False),
    ],
)
def test_words_about_a_name_hold_it_word_by_word_and_no_digits_of_their_own(accepts, text, good):
    assert accepts(framed("en"), json.dumps(text)) == good


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("用4.5兆的客户流失更多END", True),
        ("与其余3类客户相比，用4.5兆的客户流失更多END", True),
        ("用4.5兆的客户比其余3类客户流失更多END", True),
        ("客户流失更多END", False),
        ("用4.5兆的客户在12个月内流失END", False),
        ("用4.5兆的客户 流失更多END", False),
        ("用4.5兆的客户" + 80 * "多" + "END", False),
    ],
)
def test_chinese_words_about_a_name(accepts, text, good):
    assert accepts(framed("zh"), f'"{text}"') == good


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_another_name_there_is_no_room_for_one(accepts, language):
    names, aside = ABOUT[language]
    space = " " if language == "en" else ""
    text = f"{names[0]}{space}{aside}{space}END"
    assert accepts(framed(language), f'"{text}"')
    assert not accepts(framed(language, other=False), f'"{text}"')


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "uniqueItems": True, "items": {"enum": ["a"]}},
        {"type": "string", "pattern": "(?=a)b"},
        {"type": "no such type"},
    ],
)
def test_what_the_engine_cannot_follow_is_refused(schema):
    with pytest.raises(g.GrammarError, match="the schema has no grammar: "):
        g.compile_grammar(schema)

"""The public form: keys and values of two languages, and every way to miss it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from churnlens.tasks.summary.contract import (
    ANSWERS,
    KEYS,
    MAX_CHARS,
    Reference,
    Summary,
    SummaryError,
    bounded,
    grammar_for,
    read_summary,
)
from tasks.summary.support import SUMMARY, dialogue

LINES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=50)
SUMMARIES = st.builds(
    Summary,
    user_problem=LINES.filter(str.strip),
    agent_solution=LINES.filter(str.strip),
    accepted=st.sampled_from(ANSWERS),
    negative_emotion=st.sampled_from(ANSWERS),
)


def test_the_form_of_each_language():
    assert SUMMARY.written("zh") == {
        "用户问题": "The parcel is 3 days late.",
        "客服方案": "The agent offered $5.",
        "是否接受": "是",
        "是否负面情绪": "否",
    }
    assert list(SUMMARY.written("en")) == [
        "user_problem",
        "agent_solution",
        "accepted",
        "negative_emotion",
    ]
    unclear = SUMMARY.model_copy(update={"accepted": "unclear"})
    assert unclear.written("zh")["是否接受"] == "未明确"
    assert unclear.written("en")["accepted"] == "unclear"


@given(SUMMARIES, st.sampled_from(["en", "zh"]))
def test_what_is_written_reads_back(summary, language):
    assert read_summary(summary.text(language), language) == summary


@given(st.text(max_size=200), st.sampled_from(["en", "zh"]))
def test_no_text_breaks_the_reader(text, language):
    try:
        read_summary(text, language)
    except SummaryError as error:
        assert len(str(error)) < 200


@pytest.mark.parametrize(
    "change",
    [
        {"accepted": "maybe"},
        {"accepted": ["yes"]},
        {"accepted": None},
        {"user_problem": ""},
        {"user_problem": 3},
        {"user_problem": "a\nb"},
        {"agent_solution": "x" * (MAX_CHARS + 1)},
        {"more": "x"},
    ],
)
def test_what_misses_the_form_is_told_without_its_words(change):
    with pytest.raises(SummaryError) as error:
        read_summary(json.dumps({**SUMMARY.written("en"), **change}), "en")
    assert "late" not in str(error.value)


def test_the_order_of_the_keys_and_their_language_count():
    turned = dict(reversed(SUMMARY.written("en").items()))
    with pytest.raises(SummaryError, match="in this order"):
        read_summary(json.dumps(turned), "en")
    with pytest.raises(SummaryError):
        read_summary(SUMMARY.text("en"), "zh")


def test_an_open_reference_is_unclear_and_an_empty_one_is_no_summary():
    told = Reference(user_problem="a", agent_solution="b", negative_emotion="yes").summary()
    assert (told.accepted, told.negative_emotion) == ("unclear", "yes")
    with pytest.raises(ValidationError):
        Reference(user_problem="a").summary()


@pytest.fixture(scope="module")
def accepts():
    from llguidance import LLMatcher, LLTokenizer

    tokenizer = LLTokenizer("byte")

    def check(of, text):
        matcher = LLMatcher(tokenizer, grammar_for(of, 80))
        tokens = list(text.encode())
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

    return check


def _said(problem, language="en", accepted="yes", emotion="no"):
    values = [problem, "none was given", accepted, emotion]
    keys = KEYS[language].values()
    return json.dumps(dict(zip(keys, values, strict=True)), ensure_ascii=False)


def test_a_model_can_only_write_digits_of_the_dialogue(accepts):
    told = dialogue("I paid 40 on 3/12 for order A77", "Sorry.")
    assert accepts(told, _said("Paid 40 on 3/12 for A77."))
    assert accepts(told, _said("40 was paid."))
    assert accepts(told, _said("It is late."))
    assert not accepts(told, _said("Paid 41."))
    assert not accepts(told, _said("Paid 4040."))
    assert not accepts(dialogue("Hello", "Sorry."), _said("Paid 4."))


@pytest.mark.parametrize(
    "problem",
    ["Paid40 late.", "Paid 40usd.", "Paid 40.12 late.", "Paid 12-40.", "Paid -40.", "In A40."],
)
def test_a_number_of_the_dialogue_cannot_become_another(accepts, problem):
    told = dialogue("I paid 40 in 12 days", "Sorry.")
    assert not accepts(told, _said(problem))
    for right in ("40, 12 days late.", "Paid $40 (12 days).", "Late: 12. Paid: 40!"):
        assert accepts(told, _said(right))


@pytest.mark.parametrize(
    "problem", ["Paid $ late.", "Paid 40 $", "Paid  40.", "40  days", " 40 days"]
)
def test_a_sign_of_money_needs_its_number_and_spaces_are_single(accepts, problem):
    told = dialogue("I paid $40 in 12 days", "Sorry.")
    assert not accepts(told, _said(problem))
    assert not accepts(dialogue("Hello", "Sorry."), _said(problem.replace("40", "it")))
    assert accepts(told, _said("Paid $40."))


def test_a_number_may_stand_anywhere_and_as_often_as_it_is_needed(accepts):
    told = dialogue("I paid $40 in 12 days", "Sorry.")
    for right in ("word " * 14 + "40 late", "12 " * 9 + "days", "They paid in 12 days, that is 40"):
        assert accepts(told, _said(right))


def test_the_grammar_has_the_keys_and_values_of_the_language(accepts):
    told = dialogue("我付了40元", "抱歉", language="zh")
    assert accepts(told, _said("付了40元", "zh", "未明确", "否"))
    assert not accepts(told, _said("付了40元", "zh", "yes", "否"))
    assert not accepts(told, _said("付了40元", "en"))
    assert not accepts(told, _said("x" * 81, "zh", "是", "否"))


def test_a_grammar_needs_room():
    with pytest.raises(ValueError, match="max_chars"):
        grammar_for(dialogue("hello", "hi"), 10)


@given(st.text(max_size=900))
def test_a_bounded_line_is_one_line(text):
    line = bounded(text)
    assert len(line) <= MAX_CHARS and "\n" not in line and line == line.strip()


def test_a_long_line_ends_at_a_word():
    assert bounded("word " * 200).endswith("word")

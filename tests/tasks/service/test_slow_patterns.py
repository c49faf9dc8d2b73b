"""Patterns that a text could keep busy are found when they are read."""

import pytest
from pydantic import ValidationError

from churnlens.tasks.service.rules import Rules
from churnlens.tasks.service.slow_patterns import attacks, slow_pattern
from tasks.service.support import RULES

SLOW = [
    r"(a+)+$",
    r"(a|a)*b",
    r"(x+x+)+y",
    r"([a-z]+)*!",
    r"order.*.*.*number",
    r"(.*)*退款",
    r"(退款?)*(退|款)*$!",
    r"\bagent (\w+\s?)*$",
    r"^(\s*a?\s*)*b",
]
QUICK = [
    r"(\w|\d)*x",
    r"refund",
    r"\border\b.{0,40}\bnumber\b",
    r"(a|b|c)*d",
    r"^[^\w\n]*agent([ ,!.]+(agent|human))*$",
    r".*退款",
    r"(?<!\d)\d{10}(?!\d)",
    r"(ab+c)+d",
]


@pytest.mark.parametrize("pattern", SLOW)
def test_what_takes_minutes_is_found(pattern):
    assert slow_pattern((("refund", 4000), (pattern, 4000), ("退款", 4000))) == pattern


@pytest.mark.parametrize("pattern", QUICK)
def test_what_is_quick_is_left_alone(pattern):
    assert slow_pattern(((pattern, 4000),)) is None


def test_what_repeats_nothing_is_not_tried():
    assert attacks("refund|退款|a{0,9}", 4000) == []
    assert attacks("order a+", 4000)[0].startswith("order aaa")


def test_what_reads_short_texts_only_is_tried_on_short_ones():
    cubic, endless = r"^\W*ok?\s*\W*\s*x", r"(\W+)+x"
    assert slow_pattern(((cubic, 80),)) is None
    assert slow_pattern(((endless, 80),)) == endless


def test_rules_with_a_slow_pattern_are_refused_and_it_is_named():
    rules = RULES.model_dump() | {"lacking": ["no number", "(o+)+ number"]}
    with pytest.raises(ValidationError, match=r"takes minutes on some texts: '\(o\+\)\+ number'"):
        Rules.model_validate(rules)
    assert Rules.model_validate(RULES.model_dump()) == RULES

"""Clauses, quick overlap, and the greedy oracle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.tasks.summary.units import (
    MAX_UNITS,
    clauses,
    joined,
    oracle,
    overlap,
    tokens,
    units_of,
)
from tasks.summary.support import dialogue


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It broke. I want $5.50 back!", ["It broke.", "I want $5.50 back!"]),
        ("我3月2日买的耳机，一直没到。气死我了", ["我3月2日买的耳机，", "一直没到。", "气死我了"]),
        ("yes, please", ["yes, please"]),
        (
            "the parcel is very late, i want my money back",
            ["the parcel is very late,", "i want my money back"],
        ),
        ("call [phone_1] now please", ["call   now please"]),
        ("ok", []),
        ("😡", []),
    ],
)
def test_clauses(text, parts):
    assert clauses(text) == parts


@given(st.text(max_size=200))
def test_any_text_has_clauses_or_none(text):
    assert all(len(tokens(part)) > 1 for part in clauses(text))


def test_a_dialogue_of_10000_turns_gives_its_ends():
    long = dialogue(*(f"turn number {n} says something" for n in range(10_000)))
    units = units_of(long, "customer")
    assert len(units) == MAX_UNITS
    assert (units[0].turn, units[-1].turn) == (0, 9998)


def test_clauses_are_joined_in_the_order_of_the_dialogue():
    told = dialogue("first thing here. second thing here.", "no", "third thing here")
    units = units_of(told, "customer")
    assert joined([units[2], units[0], units[0]], "en") == "first thing here, third thing here"
    assert joined(units[:2], "zh") == "first thing here，second thing here"


def test_overlap_is_the_mean_f1_of_tokens_and_pairs():
    assert overlap(["a", "b"], [["a", "b"]]) == 1
    assert overlap(["a", "b", "c"], [["a", "b"]]) == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert overlap(["a"], [["a", "b"], ["c", "d"]]) == pytest.approx((2 / 3) / 4)
    assert overlap([], []) == 0


def test_the_oracle_takes_the_clauses_that_say_the_reference():
    told = dialogue(
        "good morning to you. my router blinks red. it rains a lot. since march the third"
    )
    units = units_of(told, "customer")
    assert oracle(units, [tokens("router blinks red since march the third")], 4) == [1, 3]
    assert oracle(units, [tokens("nothing shared whatsoever")], 4) == []

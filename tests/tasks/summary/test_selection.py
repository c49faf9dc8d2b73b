"""Text fields by extraction: what is learned, and what is done where nothing says it."""

import numpy as np
import pytest

from churnlens.tasks.summary.linear import Linear
from churnlens.tasks.summary.selection import Selector, Told, fit_selector, openings_of, unit_cases
from churnlens.tasks.summary.units import units_of
from tasks.summary.support import demo, dialogue

CERTAIN = Linear(places=(), weights=(), bias=0.0)


def selector(**changes):
    settings = {
        "side": "customer",
        "language": "en",
        "linear": CERTAIN,
        "threshold": 0.5,
        "most": 2,
        "opening": "",
        "nothing": "",
    }
    return Selector(**settings | changes)


TOLD = dialogue("my parcel is late. it rains a lot. i want it now", "sorry about that")
UNITS = units_of(TOLD, "customer")


def test_the_best_clauses_are_put_in_order():
    picked = selector().put(UNITS, np.array([0.6, 0.1, 0.9]))
    assert picked.text == "my parcel is late, i want it now"
    assert picked.turns == (0,)


def test_an_opening_stands_before_them():
    assert selector(opening="Customer says").put(UNITS, np.array([0.9, 0, 0])).text == (
        "Customer says: my parcel is late"
    )
    chinese = selector(opening="用户反映", language="zh")
    assert chinese.put(UNITS, np.array([0.9, 0, 0])).text == "用户反映my parcel is late"


def test_where_no_clause_says_it_the_learned_sentence_does_or_the_best_clause():
    low = np.array([0.1, 0.2, 0.1])
    assert selector(nothing="Nothing was said.").put(UNITS, low).text == "Nothing was said."
    assert selector(nothing="Nothing was said.").put(UNITS, low).turns == ()
    assert selector().put(UNITS, low).text == "it rains a lot"


def test_a_side_that_says_nothing_has_no_text():
    assert selector(side="agent").pick(dialogue("hello to you")).text == ""


def test_openings_are_frequent_and_no_open_ends():
    sentences = [f"The customer is angry about the {n} things" for n in "abcdefgh"]
    assert "The customer" in openings_of(sentences, "en")
    assert all(not each.endswith((" is", " the")) for each in openings_of(sentences, "en"))
    assert (
        openings_of(["用户反映没到货", "用户反映坏了的", "用户反映太贵了"], "zh")[0] == "用户反映"
    )
    assert openings_of(["a b c", "d e f"], "en") == []


def test_what_surrounds_a_clause_is_part_of_its_case():
    case = unit_cases(dialogue("one two", "three four", "five six"), UNITS[:1])[0]
    assert case.texts["after"] == "three four" and case.texts["before"] == ""
    assert case.figures["side0"] == 1


def test_it_learns_what_a_reference_copies():
    told = [
        Told(
            dialogue(f"hello there you. my {thing} is broken now. have a nice day", "sorry sir"),
            (f"Customer says my {thing} is broken now.",),
            thing,
        )
        for thing in [
            "phone",
            "cable",
            "laptop",
            "mouse",
            "kettle",
            "toaster",
            "fridge",
            "lamp",
            "desk",
            "chair",
        ]
    ]
    learned = fit_selector(told, "customer", "en")
    new = dialogue("hello there you. my violin is broken now. have a nice day", "sorry sir")
    assert learned.pick(new).text == "Customer says: my violin is broken now"


def test_without_references_there_is_nothing_to_learn():
    with pytest.raises(ValueError, match="got none"):
        fit_selector([Told(TOLD, ("",), "a")], "customer", "en")


def test_demo_dialogues_without_an_offer_get_a_sentence_of_their_own(parts):
    assert parts["zh"].texts["agent_solution"].opening.startswith("客服")
    texts = [parts["zh"].summarise(d)[0]["user_problem"] for d in demo() if d.language == "zh"]
    assert all(texts)

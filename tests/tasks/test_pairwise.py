"""A judge that sees both orders: what it prefers counts only if the order does not matter."""

import json

import pytest
from pydantic import ValidationError

from churnlens.models.generation import Completion
from churnlens.options import JudgeOptions
from churnlens.tasks.pairwise import Pair, count_rulings, judge_pairs

PAIRS = [Pair(id=f"q{n}", evidence=f"evidence {n}", first="good", second="bad") for n in range(3)]


class Judge:
    """Replies by a rule of what stands in places A and B."""

    def __init__(self, rule):
        self.rule, self.asked = rule, []

    def generate(self, requests):
        self.asked += requests
        return [self._reply(each) for each in requests]

    def _reply(self, request):
        block = request.messages[1].content
        choice = self.rule(block.index("| good") < block.index("| bad"))
        text = choice if choice.startswith("?") else json.dumps({"better": choice})
        return Completion(key=request.key, text=text, finished=True, tokens=5)


@pytest.mark.parametrize(
    ("rule", "ruling"),
    [
        (lambda good_is_a: "A" if good_is_a else "B", "first"),
        (lambda good_is_a: "B" if good_is_a else "A", "second"),
        (lambda good_is_a: "A", "swayed"),
        (lambda good_is_a: "B", "swayed"),
        (lambda good_is_a: "A" if good_is_a else "tie", "swayed"),
        (lambda good_is_a: "tie", "tie"),
        (lambda good_is_a: "A" if good_is_a else "? no JSON", "unread"),
        (lambda good_is_a: "C", "unread"),
    ],
)
def test_only_what_is_preferred_in_both_orders_wins(rule, ruling):
    assert judge_pairs(PAIRS, Judge(rule), "Judge.", 16) == [ruling] * 3


def test_each_pair_is_asked_in_both_orders_inside_a_grammar_with_its_evidence():
    judge = Judge(lambda _: "tie")
    judge_pairs(PAIRS, judge, "Judge.", 16)
    assert [each.key for each in judge.asked[:3]] == ["q0 AB", "q0 BA", "q1 AB"]
    assert all(each.grammar and each.messages[0].content == "Judge." for each in judge.asked)
    assert judge.asked[2].messages[1].content.startswith("evidence 1\n")


def test_a_server_that_fails_leaves_the_pair_unread():
    class Server(Judge):
        def try_generate(self, requests):
            return [object(), *self.generate(requests)[1:]]

    judge = Server(lambda good_is_a: "A" if good_is_a else "B")
    assert judge_pairs(PAIRS, judge, "Judge.", 16) == ["unread", "first", "first"]


def test_points_are_counted_over_families_and_an_unread_pair_has_none():
    found = count_rulings(["first", "tie", "swayed", "second", "unread", "first"], list("aabbcc"))
    assert found["counts"] == {"first": 2, "tie": 1, "swayed": 1, "second": 1, "unread": 1}
    assert (found["share"]["value"], found["share"]["n"]) == (0.6, 3)
    assert count_rulings(["unread"], ["a"])["share"] is None


def test_it_is_off_by_default_and_needs_a_model():
    assert not JudgeOptions().enabled
    with pytest.raises(ValidationError, match="transformers or openai"):
        JudgeOptions.model_validate({"by": {"teacher": "reference"}})

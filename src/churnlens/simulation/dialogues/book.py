"""The words and situations of service dialogues, read from ``en.yml`` and ``zh.yml``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from churnlens.simulation.sampling import Draw


@dataclass(frozen=True)
class Solution:
    """What an agent can propose.

    Attributes:
        offer: the agent's wordings.
        summary: the same as a fact, for the end of a summary sentence.
    """

    offer: Sequence[str]
    summary: str


@dataclass(frozen=True)
class Scenario:
    """One situation; its wordings occur in no other scenario.

    Attributes:
        name: the id, the same in both languages.
        reason: the reason of dissatisfaction that it brings, or ``none`` for a plain question.
        items: what it can be about.
        amount: lowest and highest amount.
        problem: how the customer tells it.
        ask: how the agent asks for the detail.
        detail: the customer's answer.
        summary: the reference sentence about the problem, without its frame.
        solutions: what the agent can propose, two of them.
    """

    name: str
    reason: str
    items: Sequence[str]
    amount: tuple[int, int]
    problem: Sequence[str]
    ask: Sequence[str]
    detail: Sequence[str]
    summary: str
    solutions: tuple[Solution, ...]


@dataclass(frozen=True)
class Book:
    """The phrases of one language: `words` as in the file, and the scenarios."""

    words: dict[str, Any]
    scenarios: tuple[Scenario, ...]


def _scenario(name: str, raw: dict[str, Any]) -> Scenario:
    solutions = tuple(Solution(**each) for each in raw["solutions"])
    return Scenario(name=name, **{**raw, "solutions": solutions})


@cache
def dialogue_book(language: str) -> Book:
    """Read a language's book (``en`` or ``zh``); shared between callers: do not change it."""
    raw = files(__package__).joinpath(f"{language}.yml").read_text(encoding="utf-8")
    words: dict[str, Any] = yaml.safe_load(raw)
    scenarios = tuple(_scenario(name, each) for name, each in words.pop("scenarios").items())
    return Book(words, scenarios)


def _written(day: date, words: dict[str, Any]) -> str:
    month: str = words["months"][day.month - 1]
    return str(words["date"]).format(month=month, day=day.day)


def draw_facts(book: Book, scenario: Scenario, today: date, draw: Draw) -> dict[str, str]:
    """Return a value for every slot that a wording of the scenario may have.

    Days lie before `today` (`date`), shortly after (`due`) or later (`date_next`); `now` is the
    other amount of a pair, `difference` above `amount`; `refund` is 5 to 30 % of `amount`.
    """
    low, high = scenario.amount
    amount = low + draw.below(high - low + 1)
    difference = max(2, amount * (10 + draw.below(40)) // 100)
    days = 3 + draw.below(7)
    numbers = {
        "amount": amount,
        "now": amount + difference,
        "difference": difference,
        "refund": max(2, amount * (5 + draw.below(26)) // 100),
        "days": days,
        "count": 2 + draw.below(4),
        "hours": 2 * (1 + draw.below(24)),
        "minutes": 5 * (3 + draw.below(16)),
        "code": 1000 + draw.below(9000),
    }
    ahead = {
        "date": -days - draw.below(4),
        "due": 1 + draw.below(5),
        "date_next": 6 + draw.below(20),
    }
    return {
        "item": draw.pick(scenario.items),
        "place": draw.pick(book.words["places"]),
        **{name: str(number) for name, number in numbers.items()},
        **{name: _written(today + timedelta(n), book.words) for name, n in ahead.items()},
    }

"""Answers judged by the table and the feedback, by code that shares nothing with what made them.

Groups are selected anew with plain pandas, rates are counted anew, quotes are looked up in the
feedback of the customer who is cited, and every number that a sentence prints must be a statistic
that this sentence names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from churnlens.evaluation.intervals import Estimate, wilson
from churnlens.evaluation.oracle import Filter, Meaning, oracle_mask
from churnlens.evidence.checks import Claim
from churnlens.evidence.statements import Statistic
from churnlens.schema import Frozen, Language, Schema
from churnlens.tasks.churn.answers import Answer

_NUMBER = re.compile(r"(?:(?<![0-9A-Za-z])[-\u2212])?\d[\d,]*(?:\.\d+)?")
_COUNTS = ("customers", "events", "groups")
_RATIOS = ("risk_ratio", "odds_ratio", "adjusted_odds_ratio", "money_adjusted_odds_ratio")
Hits = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Judged:
    """Counts of one answer: how much of it was right, and what was looked at."""

    sizes: Hits
    rates: Hits
    lifts: Hits
    inside: Hits
    outcome: Hits
    numbers: Hits
    citations: Hits
    claims: Hits


class AnswerScore(Frozen):
    """Shares of right figures over many answers, with Wilson intervals; None where none were.

    Attributes:
        answers, answered: how many were judged, and how many of them have status `answered`.
        sizes, rates: size and churn rate of the group, and of the one that it is compared with,
            equal to a count of the table.
        lifts: lift of the group equal to a count of the table.
        inside: cited customers who are in the group.
        outcome: cited customers who have the asked outcome, where a bench knows it.
        numbers: numbers in sentences that are statistics which the sentence names, as printed.
        citations: citations whose quote is in the feedback of the cited customer.
        claims: claims that passed the checks, of those written.
        models: how many answers each writer wrote.
    """

    answers: int
    answered: int
    sizes: Estimate | None
    rates: Estimate | None
    lifts: Estimate | None
    inside: Estimate | None
    outcome: Estimate | None
    numbers: Estimate | None
    citations: Estimate | None
    claims: Estimate | None
    models: dict[str, int]


def _share(hits: Iterable[bool]) -> Hits:
    each = list(hits)
    return sum(map(bool, each)), len(each)


def _numbers(text: str) -> list[str]:
    return [_plain(number) for number in _NUMBER.findall(text)]


def _plain(number: str) -> str:
    number = number.replace(",", "").replace("\u2212", "-")
    return number if re.search("[1-9]", number) else number.removeprefix("-")


def _figures(statistic: Statistic) -> list[str]:
    """Return estimate and interval in the one form in which the measure is printed."""
    values = (statistic.value, *(statistic.interval or ()))
    if statistic.measure in _RATIOS:
        return [_plain(f"{value:.2f}") for value in values]
    return [_plain(f"{100 * value:.1f}") for value in values]


def _names(statistics: Iterable[Statistic], schema: Schema, language: Language) -> list[str]:
    """Return the names of groups and things, longest first: their numbers are no figures."""
    about = [each.about for each in statistics]
    names = {*about, *(each.rpartition(": ")[0] for each in about)}
    labels = [*(each.label for each in schema.reasons), *(each.label for each in schema.columns)]
    names |= {label.of(language) for label in labels}
    return sorted(names - {""}, key=len, reverse=True)


def _in_order(said: Sequence[str], known: Sequence[str]) -> list[bool]:
    """Whether each number is among `known`, behind the place where the one before it was."""
    right, place = [], 0
    for number in said:
        right.append(number in known[place:])
        place = known.index(number, place) + 1 if right[-1] else place
    return right


def _right_numbers(claim: Claim, answer: Answer, schema: Schema) -> list[bool]:
    """Whether each number of a claim is a figure that its statistics print, in their order.

    Counts may come in any order ("12 of 40", "of 40, 12").
    """
    named = [answer.statistics[key] for key in claim.stat_ids if key in answer.statistics]
    text = claim.text
    for name in _names(named, schema, answer.language):
        text = re.sub(re.escape(name), " ", text, flags=re.IGNORECASE)
    counts = [each for each in named if each.measure in _COUNTS]
    whole = {f"{number:.0f}" for each in counts for number in (each.value, each.n)}
    shown = [figure for each in named if each not in counts for figure in _figures(each)]
    said = _numbers(text)
    fractions = iter(_in_order([number for number in said if "." in number], shown))
    return [next(fractions) if "." in number else number in whole for number in said]


def _meaning(answer: Answer) -> Meaning:
    """Return the groups that an answer says it is about; it does not say which outcome."""
    told = answer.cohort.model_dump(mode="json") if answer.cohort else {"filter": ()}
    groups = {"cohort": told["filter"], "compare_to": told.get("compare_to")}
    return Meaning.model_validate({"answerable": True, **groups})


@dataclass(frozen=True, eq=False)
class _Group:
    """A group counted anew: its customers, and the share of them that left."""

    members: frozenset[str]
    rate: float | None


def _texts(cells: pd.Series) -> Iterable[str]:
    """Return cells as plain strings; a column of strings itself is slow to walk."""
    return map(str, cells.to_numpy(dtype=object))


def _count(group: Filter, table: pd.DataFrame, schema: Schema) -> _Group:
    inside = table[oracle_mask(group, table)]
    left = inside[schema.outcome.column] == schema.outcome.left
    rate = float(left.mean()) if len(inside) else None
    return _Group(frozenset(_texts(inside[schema.key])), rate)


def _states(answer: Answer, other: _Group, outcome: str | None) -> tuple[bool, bool]:
    """Whether some rate of an answer is of as many customers as `other`, and whether it is its."""
    size, left = len(other.members), other.rate if other.rate is not None else np.nan
    stated = [each for each in answer.statistics.values() if each.measure == "rate"]
    found = [each.value for each in stated if each.n == size]
    right = {"left": (left,), "stayed": (1 - left,)}.get(outcome or "", (left, 1 - left))
    return bool(found), bool(np.isclose(np.reshape(found, (-1, 1)), right).any())


def _judge_groups(
    answer: Answer, group: _Group, everybody: _Group, other: tuple[bool, bool] | None
) -> dict[str, Hits]:
    cohort, missed = answer.cohort, (False, False)
    if cohort is None:
        return {"sizes": (0, 1), "rates": (0, 1), "lifts": (0, 1)}
    if other is None and cohort.compare_to is not None:
        other = missed
    lift = group.rate / everybody.rate if group.rate is not None and everybody.rate else None
    more = [[each] for each in other] if other else [[], []]
    return {
        "sizes": _share([cohort.size == len(group.members), *more[0]]),
        "rates": _share([cohort.churn_rate == group.rate, *more[1]]),
        "lifts": _share([cohort.lift == lift]),
    }


def _is_quoted(answer: Answer, key: str, said: Mapping[str, str]) -> bool:
    quote = answer.documents[key].quote.strip() if key in answer.documents else ""
    return bool(quote) and quote in said.get(key, "")


def _judge_citations(
    answer: Answer, group: _Group, having: frozenset[str] | None, said: Mapping[str, str]
) -> dict[str, Hits]:
    cited = dict.fromkeys([*answer.citations, *(key for c in answer.claims for key in c.doc_ids)])
    return {
        "inside": _share(key in group.members for key in cited),
        "outcome": _share(key in having for key in cited) if having is not None else (0, 0),
        "citations": _share(_is_quoted(answer, key, said) for key in cited),
    }


def judge(
    answer: Answer,
    asked: Meaning | None,
    table: pd.DataFrame,
    feedback: pd.DataFrame,
    schema: Schema,
) -> Judged:
    """Count what is right in one answer.

    Args:
        answer: an answer with status `answered`.
        asked: what was asked, by a bench's oracle. None where nobody knows: the groups are then
            those that the answer names, and the outcome is not judged.
        table: the validated table.
        feedback: redacted, with the columns `customer` and `feedback`.
        schema: names key and outcome.
    """
    meaning = asked or _meaning(answer)
    group, everybody = (_count(each, table, schema) for each in (meaning.cohort, ()))
    other = None
    if meaning.compare_to is not None:
        other = _states(answer, _count(meaning.compare_to, table, schema), meaning.outcome)
    having = None
    if meaning.outcome is not None:
        value = getattr(schema.outcome, meaning.outcome)
        having = frozenset(_texts(table.loc[table[schema.outcome.column] == value, schema.key]))
    said = dict(zip(*(_texts(feedback[each]) for each in ("customer", "feedback")), strict=True))
    numbers = [_right_numbers(claim, answer, schema) for claim in answer.claims]
    return Judged(
        **_judge_groups(answer, group, everybody, other),
        **_judge_citations(answer, group, having, said),
        numbers=_share(right for each in numbers for right in each),
        claims=(answer.checks.kept, answer.checks.written),
    )


def score_answers(
    answers: Sequence[Answer],
    meanings: Sequence[Meaning | None],
    table: pd.DataFrame,
    feedback: pd.DataFrame,
    schema: Schema,
) -> AnswerScore:
    """Judge every answer with status `answered`.

    Args:
        answers: of any status.
        meanings: what each question asks by an oracle, or None; see `judge`.
        table: the validated table.
        feedback: redacted, with the columns `customer` and `feedback`.
        schema: names key and outcome.
    """
    judged = [
        judge(answer, asked, table, feedback, schema)
        for answer, asked in zip(answers, meanings, strict=True)
        if answer.status == "answered"
    ]

    def total(name: str) -> Estimate | None:
        counts = [getattr(each, name) for each in judged]
        hits, n = sum(count[0] for count in counts), sum(count[1] for count in counts)
        return wilson(hits, n) if n else None

    models = pd.Series([answer.model for answer in answers], dtype=object).value_counts()
    return AnswerScore(
        answers=len(answers),
        answered=len(judged),
        models={str(name): int(count) for name, count in models.sort_index().items()},
        **{field.name: total(field.name) for field in fields(Judged)},
    )

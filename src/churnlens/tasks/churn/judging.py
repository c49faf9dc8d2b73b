"""Answers judged against the table, by code that shares nothing with what made them.

The cohort is selected anew with plain pandas, rates are counted anew, and every number that a
sentence prints is looked up, rounded as printed, among the cells of the evidence table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlens.evaluation.intervals import Estimate, wilson
from churnlens.evaluation.oracle import Meaning, oracle_mask
from churnlens.schema import Frozen, Schema
from churnlens.tasks.churn.answers import Answer

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, eq=False)
class Judged:
    """Counts of one answer: what was looked at, and how much of it was right."""

    sizes: tuple[int, int]
    rates: tuple[int, int]
    lifts: tuple[int, int]
    inside: tuple[int, int]
    outcome: tuple[int, int]
    numbers: tuple[int, int]
    citations: tuple[int, int]
    claims: tuple[int, int]


class AnswerScore(Frozen):
    """Shares of right figures over many answers, with Wilson intervals; None where none were.

    Attributes:
        answers, answered: how many were judged, and how many of them have status `answered`.
        sizes, rates, lifts: cohort size, churn rate and lift equal to a count of the table.
        inside, outcome: cited customers who are in the cohort; who have the asked outcome.
        numbers: numbers in claims that are cells of the evidence table.
        citations: cited documents that exist, with their quote.
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


def _printed(value: float) -> set[str]:
    """Return the ways in which a cell may be printed."""
    scaled = (value, 100 * value, -100 * value)
    return {f"{each:.{digits}f}" for each in scaled for digits in (0, 1, 2)}


def _cells(answer: Answer) -> set[str]:
    values = [v for s in answer.statistics.values() for v in (s.value, s.low, s.high, float(s.n))]
    printed = set().union(*(_printed(v) for v in values if v is not None))
    about = " ".join(s.about for s in answer.statistics.values())
    return printed | set(_numbers(about))


def _numbers(text: str) -> list[str]:
    return [number.replace(",", "") for number in _NUMBER.findall(text)]


def _share(hits: Sequence[bool] | np.ndarray) -> tuple[int, int]:
    return int(np.sum(hits)), len(hits)


def _filter(answer: Answer) -> list[dict[str, Any]]:
    return answer.cohort.model_dump(mode="json")["filter"] if answer.cohort else []


def judge(answer: Answer, table: pd.DataFrame, schema: Schema, outcome: str) -> Judged:
    """Count what is right in one answer.

    Args:
        answer: an answer with status `answered`.
        table: the validated table.
        schema: names key and outcome.
        outcome: `left` or `stayed`, as asked.
    """
    cohort = answer.cohort
    filters = Meaning.model_validate({"answerable": True, "cohort": _filter(answer)}).cohort
    mask = oracle_mask(filters, table).to_numpy(bool)
    left = (table[schema.outcome.column] == schema.outcome.left).to_numpy(bool)
    asked = left if outcome == "left" else ~left
    keys = table[schema.key].astype(str)
    members, askers = set(keys[mask]), set(keys[asked])
    cells = _cells(answer)
    printed = [number in cells for claim in answer.claims for number in _numbers(claim.text)]
    rate = float(left[mask].mean()) if mask.any() else None
    lift = rate / float(left.mean()) if rate is not None and left.any() else None
    cited = answer.citations
    return Judged(
        sizes=_share([cohort is not None and cohort.size == int(mask.sum())]),
        rates=_share([cohort is not None and cohort.churn_rate == rate]),
        lifts=_share([cohort is not None and cohort.lift == lift]),
        inside=_share([key in members for key in cited]),
        outcome=_share([key in askers for key in cited]),
        numbers=_share(printed),
        citations=_share([bool(answer.documents.get(key)) for key in cited]),
        claims=(answer.checks.kept, answer.checks.written),
    )


def score_answers(
    answers: Sequence[Answer], outcomes: Sequence[str], table: pd.DataFrame, schema: Schema
) -> AnswerScore:
    """Judge every answer with status `answered`.

    Args:
        answers: of any status.
        outcomes: `left` or `stayed` as asked, one per answer.
        table: the validated table.
        schema: names key and outcome.
    """
    judged = [
        judge(answer, table, schema, outcome)
        for answer, outcome in zip(answers, outcomes, strict=True)
        if answer.status == "answered"
    ]

    def total(name: str) -> Estimate | None:
        counts = [getattr(each, name) for each in judged]
        hits, n = sum(count[0] for count in counts), sum(count[1] for count in counts)
        return wilson(hits, n) if n else None

    models = pd.Series([answer.model for answer in answers], dtype=object).value_counts()
    names = ("sizes", "rates", "lifts", "inside", "outcome", "numbers", "citations", "claims")
    return AnswerScore(
        answers=len(answers),
        answered=len(judged),
        models={str(name): int(count) for name, count in models.sort_index().items()},
        **{name: total(name) for name in names},
    )

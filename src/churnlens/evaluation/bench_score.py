"""How well something reads questions: its filters against the oracle's, by split and language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pydantic import ConfigDict

from churnlens.evaluation.intervals import Estimate, wilson
from churnlens.evaluation.oracle import Filter, Meaning, oracle_mask
from churnlens.evaluation.question_bench import BenchQuestion, Split
from churnlens.schema import Frozen


class Prediction(Meaning):
    """What a parser made of a question; other keys are ignored."""

    model_config = ConfigDict(extra="ignore")


class Figures(Frozen):
    """Shares with 95 % Wilson intervals; None where no question of the kind exists.

    Attributes:
        exact_filter: answerable questions whose cohort and comparison select the oracle's rows.
        correct_refusal: unanswerable questions that were refused.
        false_refusal: answerable questions that were refused.
        outcome, ask: answerable questions with the right one, not refused.
    """

    questions: int
    exact_filter: Estimate | None
    correct_refusal: Estimate | None
    false_refusal: Estimate | None
    outcome: Estimate | None
    ask: Estimate | None


class Failure(Frozen):
    """A question that went wrong, and in which respects."""

    id: str
    text: str
    wrong: tuple[str, ...]
    got: dict[str, Any]
    expected: dict[str, Any]


class SplitScore(Frozen):
    """Scores of one split; of `dev`, `failures` holds the first of `failure_count`."""

    overall: Figures
    by_language: dict[str, Figures]
    by_category: dict[str, Figures]
    failure_count: int
    failures: tuple[Failure, ...]


class BenchScore(Frozen):
    """Scores by split: what a parser's author may have seen, and what not."""

    splits: dict[Split, SplitScore]


def score(
    questions: Sequence[BenchQuestion],
    predictions: Sequence[Mapping[str, Any]],
    table: pd.DataFrame,
    max_failures: int = 20,
) -> BenchScore:
    """Compare what a parser made of the questions with the oracle.

    Args:
        questions: the questions, of one split or of both.
        predictions: one mapping per question and in the same order, with `answerable`, `cohort`,
            `compare_to`, `outcome` and `ask`; filters have the JSON form of a parsed question.
        table: the validated table on which filters are compared by the rows that they select.
        max_failures: failures that are listed of the split `dev`. Of `held_out` they are only
            counted, so that nobody mends a parser by them.

    Raises:
        ValueError: when the numbers differ or a prediction is malformed.
    """
    if len(questions) != len(predictions):
        raise ValueError(
            f"expected one prediction per question, got {len(predictions)} for {len(questions)}"
        )
    splits: dict[Split, list[Judged]] = {}
    for question, prediction in zip(questions, predictions, strict=True):
        got = Prediction.model_validate(prediction)
        verdict = _judge(question, got, table)
        splits.setdefault(question.split, []).append((question, got, verdict))
    return BenchScore(
        splits={
            split: _score_split(judged, max_failures if split == "dev" else 0)
            for split, judged in splits.items()
        }
    )


Judged = tuple[BenchQuestion, Prediction, dict[str, bool]]


def _judge(question: BenchQuestion, got: Prediction, table: pd.DataFrame) -> dict[str, bool]:
    """Return, for each figure that the question counts in, whether it is a hit."""
    if not question.answerable:
        return {"correct_refusal": not got.answerable}
    verdict = {
        "exact_filter": got.answerable
        and _same_rows(question.cohort, got.cohort, table)
        and _same_rows(question.compare_to, got.compare_to, table),
        "false_refusal": not got.answerable,
        "ask": got.answerable and got.ask == question.ask,
    }
    if question.outcome is not None:
        verdict["outcome"] = got.answerable and got.outcome == question.outcome
    return verdict


def _same_rows(one: Filter | None, other: Filter | None, table: pd.DataFrame) -> bool:
    if one is None or other is None:
        return one is other
    return oracle_mask(one, table).equals(oracle_mask(other, table))


def _score_split(judged: Sequence[Judged], max_failures: int) -> SplitScore:
    def by(field: str) -> dict[str, Figures]:
        names = sorted({getattr(question, field) for question, _, _ in judged})
        return {
            name: _figures([each for q, _, each in judged if getattr(q, field) == name])
            for name in names
        }

    failures = [failure for each in judged if (failure := _failure(*each))]
    return SplitScore(
        overall=_figures([verdict for _, _, verdict in judged]),
        by_language=by("language"),
        by_category=by("category"),
        failure_count=len(failures),
        failures=tuple(failures[:max_failures]),
    )


def _figures(verdicts: Sequence[Mapping[str, bool]]) -> Figures:
    def share(name: str) -> Estimate | None:
        hits = [verdict[name] for verdict in verdicts if name in verdict]
        return wilson(sum(hits), len(hits)) if hits else None

    names = [name for name in Figures.model_fields if name != "questions"]
    return Figures(questions=len(verdicts), **{name: share(name) for name in names})


def _failure(
    question: BenchQuestion, got: Prediction, verdict: Mapping[str, bool]
) -> Failure | None:
    wrong = tuple(n for n, hit in verdict.items() if hit == (n == "false_refusal"))
    if not wrong:
        return None
    return Failure(
        id=question.id,
        text=question.text,
        wrong=wrong,
        got=got.model_dump(mode="json"),
        expected=question.model_dump(mode="json", include=set(Meaning.model_fields)),
    )

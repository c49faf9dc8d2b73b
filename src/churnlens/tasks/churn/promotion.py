"""Whether a newly trained student is to answer in place of the one that does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from churnlens.evaluation.intervals import Comparison
from churnlens.evaluation.paired import compare_arms
from churnlens.schema import Frozen
from churnlens.tasks.churn.arm_scores import HONEST, score_arm
from churnlens.tasks.churn.curriculum import Lesson

BETTER_BY = 0.02
SCORE = "honest_mean"
Rows = Sequence[Mapping[str, Any]]


class PromotionError(RuntimeError):
    """A promotion that cannot be decided or taken back; says why and what to do."""


class Verdict(Frozen):
    """Two models on the same validation questions.

    Attributes:
        candidate, incumbent: their weights.
        questions, families: that were compared.
        candidate_score, incumbent_score: mean over questions of the mean of the metrics that a
            stub cannot win.
        difference: candidate minus incumbent, over families.
        better: by at least `BETTER_BY`, with the whole interval above zero.
    """

    candidate: str
    incumbent: str
    questions: int
    families: int
    candidate_score: float
    incumbent_score: float
    difference: Comparison
    better: bool


def honest_mean(
    lessons: Sequence[Lesson], texts: Sequence[str], common_words: Collection[str]
) -> np.ndarray:
    """Return the mean of the metrics that apply, one score a lesson, shape (n_lessons,)."""
    scores = score_arm(lessons, texts, common_words)
    return np.nanmean([scores[name] for name in HONEST], axis=0)


def decide(
    lessons: Sequence[Lesson], candidate: Rows, incumbent: Rows, common_words: Collection[str]
) -> Verdict:
    """Compare the answers of two models.

    Args:
        lessons: of the validation split; the test is for the report alone.
        candidate: `{id, text, weights}` a lesson, in order, by `answer_as`.
        incumbent: the same.
        common_words: that any answer may use.

    Raises:
        PromotionError: without lessons, or when the two have the same weights.
    """
    if not lessons:
        raise PromotionError(
            "no validation questions in a language of the student; next: run stage distillation"
        )
    weights = [str(rows[0]["weights"]) for rows in (candidate, incumbent)]
    if weights[0] == weights[1]:
        raise PromotionError(f"the student has the weights that serve already ({weights[0]})")
    scores = {
        name: {SCORE: honest_mean(lessons, [str(row["text"]) for row in rows], common_words)}
        for name, rows in (("candidate", candidate), ("incumbent", incumbent))
    }
    families = [lesson.family for lesson in lessons]
    [row] = compare_arms(scores, [("candidate", "incumbent")], [SCORE], families)
    if row.result is None or row.first_mean is None or row.second_mean is None:
        raise PromotionError("no metric applies to these questions; next: draw others")
    difference = row.result.difference
    return Verdict(
        candidate=weights[0],
        incumbent=weights[1],
        questions=len(lessons),
        families=difference.n,
        candidate_score=row.first_mean,
        incumbent_score=row.second_mean,
        difference=row.result,
        better=difference.value >= BETTER_BY and difference.low > 0,
    )


def serving(log: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of the students that were promoted and not taken back, the last one serves.

    A promotion that a kill interrupted is in the log twice and counts once.

    Args:
        log: rows with `event` (`promoted`, `forced`, `kept` or `back`) and `student`, in order.
    """
    stack: list[str] = []
    for row in log:
        if row["event"] in ("promoted", "forced") and stack[-1:] != [row["student"]]:
            stack.append(str(row["student"]))
        elif row["event"] == "back":
            stack.pop()
    return stack

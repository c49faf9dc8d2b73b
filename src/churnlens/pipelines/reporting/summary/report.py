"""The report on summaries: values field by field beside the constant answer, and the student."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from churnlens.dialogues.form import Dialogue
from churnlens.options import SummaryReportingOptions
from churnlens.pipelines.reporting.pages import render_page
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.tasks.summary.references import references_of

SECTIONS = ("summaries", "summary_student", "examples", "summary_limits")
RECIPE = (
    "bleu_4",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "edit_distance",
    "edit_distance_normalised",
    "embedding_distance",
)
# Field and score of the rows in the comparison of arms; the figures of the whole JSON follow.
ARM_ROWS = (
    ("whole", "rouge_1"),
    ("whole", "rouge_2"),
    ("whole", "rouge_l"),
    ("user_problem", "rouge_l"),
    ("agent_solution", "rouge_l"),
    ("accepted", "macro_f1"),
    ("negative_emotion", "macro_f1"),
)


def render_summary(
    dialogues: Sequence[Dialogue],
    summaries: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, Any],
    cleaning_counts: Mapping[str, Any],
    options: SummaryReportingOptions,
    arm_metrics: Mapping[str, Any] | None = None,
) -> str:
    """Return the report as one HTML page; equal inputs give equal bytes.

    Args:
        dialogues: of the test side.
        summaries: one a dialogue.
        metrics: language → figures of `tasks.summary.scores.score_drafts`.
        cleaning_counts: what was read and removed.
        options: language, and how many dialogues are shown.
        arm_metrics: from `arms.evaluate_summary_arms`; None until there is a student.
    """
    words = load_strings(options.language)
    failed = sum("error" in row for row in summaries)
    return render_page(
        "summary/report.html",
        words,
        title=words.say("four_fields"),
        lead=words.say("summary_lead", dialogues=len(dialogues), failed=failed),
        sections=SECTIONS,
        metrics=metrics,
        recipe=RECIPE,
        arm_rows=ARM_ROWS,
        arm_metrics=arm_metrics,
        examples=list(_examples(dialogues, summaries, options.shown)),
        counts=cleaning_counts,
    )


def _examples(
    dialogues: Sequence[Dialogue], summaries: Sequence[Mapping[str, Any]], shown: int
) -> Iterator[dict[str, Any]]:
    """Yield the first dialogues of each language with their summary and a reference."""
    seen: dict[str, int] = {}
    for dialogue, row in zip(dialogues, summaries, strict=True):
        seen[dialogue.language] = seen.get(dialogue.language, 0) + 1
        if "summary" in row and seen[dialogue.language] <= shown:
            gold = references_of(dialogue)
            reference = gold[0].summary().written(dialogue.language) if gold else {}
            yield {"dialogue": dialogue, "row": row, "reference": reference}

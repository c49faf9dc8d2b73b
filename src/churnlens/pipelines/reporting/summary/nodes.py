"""Task summary: how good the summaries are beside the constant answer, and the report."""

from __future__ import annotations

from typing import Any

from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.options import SummaryReportingOptions
from churnlens.pipelines.reporting.embedder import load_embedder
from churnlens.pipelines.reporting.summary.report import render_summary
from churnlens.tasks.summary.stages import judge_summaries


def evaluate_summaries(
    dialogues: Rows,
    summaries: list[dict[str, Any]],
    extractive: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    options: SummaryReportingOptions,
) -> dict[str, Any]:
    """Judge the summaries of the test side; returns language → figures of `score_drafts`.

    Args:
        dialogues: clean, with sides.
        summaries: one a dialogue of the test side.
        extractive: holds the constant answer.
        model_lock: names the encoder by which texts are apart.
        model_root: where fetched models are.
        options: of the bootstrap and the encoder.
    """
    test = dialogues_of(dialogues, "test")
    embedder = load_embedder(model_lock, model_root, options.embedder)
    return judge_summaries(test, summaries, extractive, options, embedder)


def write_summary_report(
    dialogues: Rows,
    summaries: list[dict[str, Any]],
    metrics: dict[str, Any],
    cleaning_counts: dict[str, Any],
    options: SummaryReportingOptions,
    arm_metrics: dict[str, Any] | None = None,
) -> str:
    """Return the report as one HTML file that needs nothing else.

    Args:
        dialogues: clean, with sides.
        summaries: one a dialogue of the test side.
        metrics: from `evaluate_summaries`.
        cleaning_counts: what was read and removed.
        options: language, and how many dialogues are shown.
        arm_metrics: the comparison of the student; None until one has been trained.
    """
    test = dialogues_of(dialogues, "test")
    return render_summary(test, summaries, metrics, cleaning_counts, options, arm_metrics)

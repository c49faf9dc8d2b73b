"""Task satisfaction: how good everything is on dialogues that taught nothing, and the report."""

from __future__ import annotations

from typing import Any, Unpack

from kedro.io.core import DatasetError

from churnlens.dialogues.phrases import PhraseFinder
from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.options import SatisfactionFinetuningOptions, SatisfactionReportingOptions
from churnlens.pipelines.reporting.satisfaction.plots import plot_confusion, plot_reliability
from churnlens.pipelines.reporting.satisfaction.report import render_satisfaction
from churnlens.tasks.satisfaction.alert_scores import is_rated
from churnlens.tasks.satisfaction.judging import (
    judge_alerts,
    judge_reasons,
    judge_traces,
    judge_turns,
    judge_wholes,
    learned_labels,
    plain,
)
from churnlens.tasks.satisfaction.loading import ScorerParts, StoredDesk, open_desk
from churnlens.tasks.satisfaction.phrases import AlertPhrases


def evaluate_satisfaction(
    dialogues: Rows,
    finetuning: SatisfactionFinetuningOptions,
    options: SatisfactionReportingOptions,
    **stored: Unpack[StoredDesk],
) -> dict[str, Any]:
    """Judge scores, alerts, reasons and explanations on the test side.

    Args:
        dialogues: clean, with sides.
        finetuning: how the desk was made.
        options: of the bootstrap.
        stored: the desk.

    Returns:
        `turns`, `wholes`, `alerts`, `reasons` and `traces`, see `tasks.satisfaction.judging`; None
        for each of `wholes`, `reasons` and `traces` that these dialogues have no truth of.

    Raises:
        DatasetError: when nobody rated a turn of the test side.
    """
    test = dialogues_of(dialogues, "test")
    if not any(map(is_rated, test)):
        raise DatasetError(
            f"dialogues: got no rated turn in {len(test)} of the test side, expected some to judge "
            "by; next: more rated dialogues, or a larger share of test (data_processing.shares)"
        )
    desk = open_desk(stored, finetuning)
    floor = ScorerParts.model_validate(stored["scorer_parts"]).floor
    finder = PhraseFinder(AlertPhrases.model_validate(stored["alert_phrases"]))
    learned = learned_labels(dialogues_of(dialogues, "train"), desk.turns)
    found = desk.assess(test)
    metrics: dict[str, Any] = plain(
        {
            "turns": judge_turns(test, desk, floor, learned, options),
            "wholes": judge_wholes(test, found, desk, options),
            "alerts": judge_alerts(test, found, desk, finder, finetuning.judged),
            "reasons": judge_reasons(test, desk, options),
            "traces": judge_traces(test, desk, options),
        }
    )
    return metrics


def draw_satisfaction(metrics: dict[str, Any]) -> tuple[Any, Any]:
    """Return two matplotlib figures: confusion of the ratings, reliability of P(dissatisfied)."""
    return plot_confusion(metrics["turns"], "en"), plot_reliability(metrics["turns"], "en")


def write_satisfaction_report(options: SatisfactionReportingOptions, **entries: Any) -> str:
    """Return the report as one HTML file that needs nothing else.

    Args:
        options: language, and how many dialogues are drawn.
        entries: see `report.render_satisfaction`.
    """
    return render_satisfaction(language=options.language, shown=options.shown, **entries)

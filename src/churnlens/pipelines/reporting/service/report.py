"""The report on the service assistant: replies beside their floor, and the arms side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.options import ServiceReportingOptions
from churnlens.pipelines.reporting.pages import render_page
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.tasks.service.judging import METRICS

SECTIONS = ("assistant", "routing", "service_arms", "lessons", "assistant_limits")
ARM_METRICS = ("stated", "facts", "invented", "language", "conduct", "refusals", "readable")


def render_service(
    metrics: Mapping[str, Any],
    routing: Mapping[str, Any],
    rows: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    options: ServiceReportingOptions,
) -> str:
    """Return the report as one HTML page; equal inputs give equal bytes.

    Args:
        metrics: by `evaluate_service`.
        routing: by `evaluate_routing`.
        rows: what was learned from, by `own_rows.report_of`.
        history: losses of the training.
        options: language.
    """
    words = load_strings(options.language)
    losses = [row["loss"] for row in history if row["split"] == "validation"]
    return render_page(
        "service/report.html",
        words,
        title=words.say("service_title"),
        lead=words.say("service_lead", side=words.name("bench_sides", metrics["side"])),
        sections=SECTIONS,
        metrics=metrics,
        names=[*METRICS, "pass_all"],
        arm_metrics=[name for name in ARM_METRICS if _has(metrics["arms"], name)],
        routing=routing,
        rows=rows,
        losses=losses,
    )


def _has(arms: Mapping[str, Mapping[str, Any]], metric: str) -> bool:
    return any(metric in scores for scores in arms.values())

"""The report on satisfaction: scores beside their floors, alerts, reasons, similar cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from churnlens.pipelines.reporting.pages import render_page
from churnlens.pipelines.reporting.satisfaction.plots import (
    most_alerted,
    plot_confusion,
    plot_course,
    plot_reliability,
)
from churnlens.pipelines.reporting.strings import Strings, load_strings
from churnlens.pipelines.reporting.svg import as_svg
from churnlens.schema import Language

if TYPE_CHECKING:
    from markupsafe import Markup

SECTIONS = ("at_a_glance", "scores", "courses", "alerts", "reasons", "data", "cannot")
SHOWN = ("qwk", "macro_f1", "uar", "accuracy", "mae", "ece")
MOST = 8  # rows of a list


def render_satisfaction(  # noqa: PLR0913 (one argument per entry of the catalog)
    *,
    language: Language,
    shown: int,
    metrics: Mapping[str, Any],
    assessments: Sequence[Mapping[str, Any]],
    decisions: Sequence[Mapping[str, Any]],
    explanations: Sequence[Mapping[str, Any]],
    case_metrics: Mapping[str, Any],
    cleaning_counts: Mapping[str, Any],
    label_review: Mapping[str, Any],
    desk_rules: Mapping[str, Any],
) -> str:
    """Return the report as one HTML page; equal inputs give equal bytes.

    Args:
        language: of everything that is not data.
        shown: dialogues whose course is drawn.
        metrics: by `evaluate_satisfaction`.
        assessments: of the test side.
        decisions: what follows from each alert.
        explanations: of alerts.
        case_metrics: of the similar cases, by `evaluate_cases`.
        cleaning_counts: what was read and removed.
        label_review: of the ratings.
        desk_rules: the overall line and the tuned alerts.
    """
    words = load_strings(language)
    courses = most_alerted(assessments, shown)
    return render_page(
        "satisfaction/report.html",
        words,
        title=words.say("satisfaction_title"),
        lead=words.say("satisfaction_lead", dialogues=metrics["turns"]["dialogues"]),
        sections=SECTIONS,
        metrics=metrics,
        arms=list(metrics["turns"]["scores"]),
        shown_scores=SHOWN,
        alerted=metrics["alerts"],
        svg=_figures(metrics, courses, desk_rules["alerts"], words),
        courses=courses,
        decisions=decisions[:MOST],
        n_decisions=len(decisions),
        explanations=explanations[:MOST],
        raised={alert["id"]: alert["reasons"] for each in assessments for alert in each["alerts"]},
        case_metrics=case_metrics,
        counts=cleaning_counts,
        review=label_review,
        rules=desk_rules["alerts"],
    )


def _figures(
    metrics: Mapping[str, Any],
    courses: Sequence[Mapping[str, Any]],
    rules: Mapping[str, Any],
    words: Strings,
) -> dict[str, Markup]:
    """Draw the figures, each described by its caption."""
    from markupsafe import Markup

    language = words.language
    drawn = {
        "confusion": (plot_confusion(metrics["turns"], language), words.say("confusion_figure")),
        "reliability": (
            plot_reliability(metrics["turns"], language),
            words.say("reliability_figure"),
        ),
    }
    for each in courses:
        caption = words.say("course_figure", id=each["id"])
        drawn[f"course-{each['id']}"] = (plot_course(each, rules, language), caption)
    return {name: Markup(as_svg(*both)) for name, both in drawn.items()}  # noqa: S704 (as_svg escapes)

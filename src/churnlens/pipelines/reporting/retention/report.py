"""The report on whom to keep: value at risk by segment, what acting is worth, the first rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from churnlens.pipelines.reporting.pages import render_page
from churnlens.pipelines.reporting.retention.plots import plot_value_at_risk
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.pipelines.reporting.svg import as_svg
from churnlens.pipelines.reporting.value_plots import value_svgs
from churnlens.schema import Language
from churnlens.tasks.clv.segments import NAMES

SECTIONS = ("keep_glance", "keep_risk", "keep_values", "keep_worth", "keep_list", "keep_cannot")


def render_retention(
    metrics: Mapping[str, Any],
    values: Mapping[str, Any],
    first: pd.DataFrame,
    reasons: Mapping[str, Mapping[str, str]],
    language: Language,
) -> str:
    """Return the report as one HTML page; equal inputs give equal bytes.

    Args:
        metrics: by `evaluate_retention`.
        values: by `evaluate_values` of task clv.
        first: rows of the list, the first ones.
        reasons: reason → its name in both languages.
        language: of everything that is not data.
    """
    from markupsafe import Markup

    words = load_strings(language)
    figure = plot_value_at_risk(metrics["segments"], metrics["currency"], language)
    at_risk = Markup(as_svg(figure, words.say("risk_figure")))  # noqa: S704 (as_svg escapes)
    return render_page(
        "retention/report.html",
        words,
        title=words.say("keep_title"),
        lead=words.say("keep_lead", customers=metrics["sources"]["customers"]),
        sections=SECTIONS,
        segments=NAMES,
        reasons=reasons,
        metrics=metrics,
        sources={k: v for k, v in metrics["sources"].items() if k != "customers"},
        first=first.to_dict("records"),
        values=values["scores"],
        svg={"risk": at_risk, **value_svgs(values, words)},
    )

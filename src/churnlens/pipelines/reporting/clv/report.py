"""The report on value: every model beside its floors, whom the value sits with, and what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.pipelines.reporting.clv.wording import say_column, say_factors
from churnlens.pipelines.reporting.pages import render_page
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.pipelines.reporting.value_plots import parametric, value_svgs
from churnlens.schema import Language, Schema
from churnlens.tasks.clv.arms import FLOORS
from churnlens.tasks.clv.segments import NAMES

SECTIONS = ("glance", "value_models", "value_segments", "value_first", "value_data", "value_cannot")
SHOWN = ("normalised_gini", "decile_mape", "total_bias", "mae")
KINDS = {"normalised_gini": "score", "decile_mape": "share", "total_bias": "share", "mae": "ratio"}
FACTORS = 8


def render_value(
    metrics: Mapping[str, Any],
    report: Mapping[str, Any],
    first: Sequence[Mapping[str, Any]],
    schema: Schema | None,
    language: Language,
) -> str:
    """Return the report as one HTML page; equal inputs give equal bytes.

    Args:
        metrics: by `evaluate_values`.
        report: of the transactions.
        first: rows of the most valuable customers.
        schema: names their attributes; None where only payments are known.
        language: of everything that is not data.
    """
    words, scores = load_strings(language), metrics["scores"]
    weights = list(metrics["importance"].items())
    models = {each["model"]: each["metrics"] for each in scores["models"]}
    return render_page(
        "clv/report.html",
        words,
        title=words.say("value_title"),
        lead=words.say("value_lead", customers=scores["customers"], days=scores["days"]),
        sections=SECTIONS,
        segments=NAMES,
        metrics=metrics,
        models=models,
        floors=FLOORS,
        scores=scores,
        best=models[scores["best"]],
        parametric=parametric(scores),
        shown_scores=SHOWN,
        kinds=KINDS,
        report=report,
        first=[{**row, "factors": say_factors(row["factors"], schema, words)} for row in first],
        importance=[(say_column(n, schema, words), w) for n, w in weights[:FACTORS]],
        svg=value_svgs(metrics, words),
    )

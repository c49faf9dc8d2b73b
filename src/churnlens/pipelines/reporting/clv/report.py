"""The report on value: every model beside its floors, whom the value sits with, and what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.pipelines.reporting.clv.plots import plot_deciles, plot_gini
from churnlens.pipelines.reporting.clv.wording import say_column, say_factors
from churnlens.pipelines.reporting.pages import render_page
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.pipelines.reporting.svg import as_svg
from churnlens.schema import Language, Schema
from churnlens.tasks.clv.arms import FLOORS
from churnlens.tasks.clv.segments import NAMES

SECTIONS = ("glance", "value_models", "value_segments", "value_first", "value_data", "value_cannot")
SHOWN = ("normalised_gini", "decile_mape", "total_bias", "mae")
KINDS = {"normalised_gini": "score", "decile_mape": "share", "total_bias": "share", "mae": "ratio"}
FACTORS = 8


def compared(scores: Mapping[str, Any]) -> list[str]:
    """Return the models that are drawn: the chosen one, the parametric one, the mean rate."""
    return list(dict.fromkeys([scores["best"], parametric(scores), "mean_rate"]))


def parametric(scores: Mapping[str, Any]) -> str:
    """Return the name of the parametric model: the first that the stack weighs."""
    return next(iter(scores["weights"]))


def deciles_of(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return model → deciles of the models that are drawn."""
    known = {each["model"]: each["deciles"] for each in scores["models"]}
    return {name: known[name] for name in compared(scores)}


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
    from markupsafe import Markup

    words, scores = load_strings(language), metrics["scores"]
    weights = list(metrics["importance"].items())
    models = {each["model"]: each["metrics"] for each in scores["models"]}
    drawn = {
        "gini": plot_gini(metrics["curves"], compared(scores), language),
        "deciles": plot_deciles(deciles_of(scores), metrics["currency"], language),
    }
    svg = {name: Markup(as_svg(each, words.say(f"{name}_figure"))) for name, each in drawn.items()}  # noqa: S704 (as_svg escapes)
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
        svg=svg,
    )

"""Task retention: what acting on the list is worth, and the report."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import pandas as pd

from churnlens.options import RetentionReportingOptions, ValueOptions
from churnlens.pipelines.reporting.retention.plots import plot_value_at_risk
from churnlens.pipelines.reporting.retention.report import render_retention
from churnlens.pipelines.reporting.value_plots import value_figures
from churnlens.tasks.clv.presets import Preset
from churnlens.tasks.clv.recovery import is_truth_of
from churnlens.tasks.clv.segments import segment_table
from churnlens.tasks.retention.worth import worth_of_list


class Planted(TypedDict):
    """The truth of demo data.

    Attributes:
        purchases: checked transactions.
        ledger_truth: see `simulate_ledger`; None without.
        ledger_facts: of which transactions it is.
    """

    purchases: pd.DataFrame
    ledger_truth: pd.DataFrame | None
    ledger_facts: dict[str, Any] | None


def evaluate_retention(
    joined: pd.DataFrame,
    actions: pd.DataFrame,
    sources: dict[str, Any],
    trade: dict[str, Any],
    options: RetentionReportingOptions,
    **planted: Unpack[Planted],
) -> dict[str, Any]:
    """Return the figures of the list.

    Args:
        joined: one row a customer.
        actions: the list.
        sources: which tasks it rests on.
        trade: names the currency.
        options: the action of the comparison, and the bootstrap.
        planted: the truth of demo data.

    Returns:
        `sources`; `list` with rows, eligible, cost, expected gain and why the others are not;
        `segments`; `worth`, a `TargetingScores` of the first share, None without planted truth.
    """
    value: ValueOptions = Preset.model_validate(trade).value
    truth, worth = planted["ledger_truth"], None
    if truth is not None and is_truth_of(planted["ledger_facts"], planted["purchases"], value):
        found = worth_of_list(joined, truth, options.effect, options.cost, options.worth)
        worth = found.model_dump(mode="json")
    return {
        "sources": sources,
        "currency": value.currency,
        "assumed": {"effect": options.effect, "cost": options.cost, "share": options.worth.share},
        "list": {
            "rows": len(actions),
            "eligible": int(actions["eligible"].sum()),
            "cost": float(actions["cost"].sum()),
            "expected_gain": float(actions["expected_gain"].sum()),
            "actions": actions["action"].value_counts().to_dict(),
            "why_not": actions["why_not"].replace("", "acted_on").value_counts().to_dict(),
        },
        "segments": segment_table(joined).to_dict("records"),
        "worth": worth,
    }


def draw_retention(metrics: dict[str, Any], value_metrics: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return three matplotlib figures: value at risk by segment, Gini curve, decile calibration."""
    figures = value_figures(value_metrics, "en")
    at_risk = plot_value_at_risk(metrics["segments"], metrics["currency"], "en")
    return at_risk, figures["gini"], figures["deciles"]


def write_retention_report(
    metrics: dict[str, Any],
    value_metrics: dict[str, Any],
    actions: pd.DataFrame,
    known_schema: dict[str, Any] | None,
    reason_book: dict[str, Any],
    options: RetentionReportingOptions,
) -> str:
    """Return the report as one HTML file that needs nothing else.

    Args:
        metrics: by `evaluate_retention`.
        value_metrics: by `evaluate_values` of task clv: how good the values are.
        actions: the ranked list.
        known_schema: names the reasons of feedback; None where task churn has not run.
        reason_book: names those of service dialogues.
        options: language, and rows shown.
    """
    said = (known_schema or {}).get("reasons", [])
    reasons = {each["name"]: each["label"] for each in said}
    reasons |= {name: each["name"] for name, each in reason_book["reasons"].items()}
    return render_retention(
        metrics, value_metrics, actions.head(options.shown), reasons, options.language
    )

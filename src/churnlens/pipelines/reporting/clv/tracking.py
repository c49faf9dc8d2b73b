"""Task clv in an MLflow store: the trials of the search, and every model on the test cut."""

from __future__ import annotations

from typing import Any

from churnlens.options import ClvReportingOptions
from churnlens.pipelines.tracking import Tracked, bounds, track


def track_values(
    metrics: dict[str, Any],
    value_model: dict[str, Any],
    transaction_report: dict[str, Any],
    options: ClvReportingOptions,
    report: str,
) -> None:
    """Log trials and models as runs within one, where a store is named; see `tracking.track`.

    It is last: a store that cannot be reached costs nothing else.

    Args:
        metrics: by `evaluate_values`.
        value_model: says what was tried, and with which seed.
        transaction_report: says which transactions it was.
        options: its `tracking_uri`.
        report: not read; it is written by then.
    """
    if options.tracking_uri:
        facts = ("trade", "rows", "kept", "customers", "first", "last")
        tags = {name: str(transaction_report[name]) for name in facts}
        tags |= {"chosen": metrics["scores"]["best"], "definition": metrics["definition"]["en"]}
        runs = [*tracked_trials(value_model), *tracked_models(metrics["scores"], value_model)]
        track("clv", runs, tags, options.tracking_uri)


def tracked_trials(value_model: dict[str, Any]) -> list[Tracked]:
    """Return the settings given, and those that the search proposed, with their deviance."""
    runs = []
    for number, trial in enumerate(value_model["trials"]):
        name = f"trial {number}" if number else "settings given"
        loss = trial["deviance"]
        metrics = {} if loss is None else {"tweedie_deviance": loss}
        runs.append(Tracked(name, trial["settings"], metrics, _seed(value_model)))
    return runs


def tracked_models(scores: dict[str, Any], value_model: dict[str, Any]) -> list[Tracked]:
    """Return every model of the test cut, with its deviance on the last training cut if it has one.

    Args:
        scores: a `ClvScores`.
        value_model: says with which settings; only models of boosting read them.
    """
    runs = []
    for each in scores["models"]:
        name = each["model"]
        metrics: dict[str, float] = {}
        for metric, estimate in each["metrics"].items():
            metrics |= bounds(metric, estimate)
        if name in scores["deviances"]:
            metrics["training_cut_deviance"] = scores["deviances"][name]
        settings = value_model["options"]["models"] if _is_boosted(name) else {}
        runs.append(Tracked(name, settings, metrics, _seed(value_model)))
    return runs


def _is_boosted(model: str) -> bool:
    """Whether a model is of boosting; floors, parametric ones and a language model are not."""
    return model.startswith("tweedie") or model in {"two_stage", "stack"}


def _seed(value_model: dict[str, Any]) -> dict[str, str]:
    return {"seed": str(value_model["options"]["models"]["seed"])}

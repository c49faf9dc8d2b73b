"""Whom to keep: what the tasks that have run say of each customer, joined and ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from kedro.io.core import DatasetError

from churnlens.options import RetentionInferenceOptions
from churnlens.schema import parse_schema
from churnlens.tasks.retention.export import export_csv, neutralised_texts
from churnlens.tasks.retention.known import (
    churn_risk,
    earlier_offers,
    feedback_reasons,
    merge_known,
    service_signals,
)
from churnlens.tasks.retention.rules import RetentionRules
from churnlens.tasks.retention.table import join_customers, retention_table


def join_tasks(
    values: pd.DataFrame,
    known_risk: pd.DataFrame | None,
    known_schema: dict[str, Any] | None,
    known_reasons: pd.DataFrame | None,
    known_dialogues: Sequence[Mapping[str, Any]] | None,
    known_assessments: Sequence[Mapping[str, Any]] | None,
    offers: pd.DataFrame | None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return one row a customer, and which tasks it rests on.

    Args:
        values: of task clv.
        known_risk: of task churn; None where it has not run.
        known_schema: of its table.
        known_reasons: of the feedback.
        known_dialogues: of task satisfaction; None where it has not run.
        known_assessments: of some of them.
        offers: the user's own table of who wants no offers and who had one, or None.

    Returns:
        See `join_customers`; and of each source how many customers of the list it knows.

    Raises:
        DatasetError: when what a task says does not fit.
    """
    has_risk = known_risk is not None and known_schema is not None
    has_service = known_dialogues is not None and known_assessments is not None
    try:
        parts = {
            "churn": churn_risk(known_risk, parse_schema(known_schema)) if has_risk else None,  # type: ignore[arg-type]
            "offers": earlier_offers(offers) if offers is not None else None,
            "satisfaction": service_signals(known_dialogues, known_assessments)  # type: ignore[arg-type]
            if has_service
            else None,
            "feedback": feedback_reasons(known_reasons) if known_reasons is not None else None,
        }
        known = merge_known(parts["offers"], parts["satisfaction"], parts["feedback"])
        joined = join_customers(values, parts["churn"], known)
    except ValueError as error:
        raise DatasetError(f"retention: {error}") from None
    there = set(values["customer_id"])
    sources = {
        name: None if part is None else len(there & set(part["customer_id"]))
        for name, part in parts.items()
    }
    return joined, {"customers": len(joined), **sources}


def list_customers(
    joined: pd.DataFrame,
    retention_rules: dict[str, Any],
    trade: dict[str, Any],
    options: RetentionInferenceOptions,
) -> tuple[pd.DataFrame, str]:
    """Return the ranked list, and the same as CSV; no spreadsheet runs either.

    Args:
        joined: of `join_tasks`.
        retention_rules: the table of actions.
        trade: names the currency of the values.
        options: language of the actions.

    Raises:
        DatasetError: when values and costs are in different currencies.
    """
    rules = RetentionRules.model_validate(retention_rules)
    currency = (trade.get("value") or {}).get("currency", "USD")
    if currency != rules.currency:
        raise DatasetError(
            f"retention: values are in {currency}, the rules in {rules.currency}; next: give both "
            "the same currency"
        )
    table = retention_table(joined, rules, options.language)
    return neutralised_texts(table), export_csv(table)

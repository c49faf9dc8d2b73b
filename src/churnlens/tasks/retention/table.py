"""Whom to keep: one row for each customer, from what the other tasks say of him, ranked by gain.

The expected gain of an action is its assumed effect times the value at risk, less its cost. It is
arithmetic on a stated assumption, not a causal estimate.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import numpy as np
import pandas as pd

from churnlens.tasks.retention.rules import NONE, RetentionRules

VALUES: Final = ("customer_id", "segment", "clv", "clv_low", "clv_high", "value_at_risk", "p_leave")
KNOWN: Final = (
    "satisfaction_trend",
    "main_reason",
    "evidence_ids",
    "opted_out",
    "days_since_offer",
)
COLUMNS: Final = (
    "rank",
    "customer_id",
    "segment",
    "p_churn",
    "clv",
    "clv_low",
    "clv_high",
    "value_at_risk",
    "satisfaction_trend",
    "main_reason",
    "action",
    "action_text",
    "evidence_ids",
    "assumed_effect",
    "cost",
    "expected_gain",
    "eligible",
    "why_not",
    "rules",
)


def join_customers(
    values: pd.DataFrame, risk: pd.DataFrame | None = None, known: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return one row for each customer of `values`, with what else is known of him.

    Args:
        values: `VALUES`, see `assign_segments`; one row a customer.
        risk: `customer_id`, `p_churn` of the churn task; without it, or where it is silent, the
            `p_leave` of the values counts. Where it speaks, the value at risk becomes `p_churn`
            times what is lost if he leaves: the value at risk by `p_leave`, at most all that he is
            worth while he stays.
        known: `customer_id` and any of `KNOWN`: trend of satisfaction, main reason, ids of the
            feedback or turns that show it (a list), whether he opted out, days since an offer.

    Raises:
        ValueError: when a customer stands twice, or a probability is outside 0 to 1.
    """
    for name, frame in (("values", values), ("risk", risk), ("known", known)):
        if frame is not None and frame["customer_id"].duplicated().any():
            raise ValueError(f"{name}: some customer stands twice; expected one row each")
    joined = values[list(VALUES)]
    for frame, columns in ((risk, ("p_churn",)), (known, KNOWN)):
        if frame is not None:
            there = ["customer_id", *(name for name in columns if name in frame)]
            joined = joined.merge(frame[there], on="customer_id", how="left")
    empty = pd.Series(np.nan, index=joined.index)
    p_churn = joined.get("p_churn", empty).where(joined["p_leave"] < 1, 1.0)
    p_churn = p_churn.fillna(joined["p_leave"])
    if not p_churn.between(0, 1).all():
        raise ValueError("got a churn probability outside 0 to 1")
    absent = {name: None for name in KNOWN if name not in joined}
    at_risk = joined["value_at_risk"].where(p_churn == joined["p_leave"], _at_risk(joined, p_churn))
    return joined.assign(p_churn=p_churn, value_at_risk=at_risk, **absent)


def _at_risk(customers: pd.DataFrame, p_churn: pd.Series) -> pd.Series:
    """Return the value at risk at another probability of leaving, see `join_customers`."""
    at_risk, p_leave = customers["value_at_risk"], customers["p_leave"]
    most = customers["clv"].clip(lower=0) + at_risk
    lost = (at_risk / p_leave.where(p_leave > 0)).clip(upper=most).fillna(most)
    return p_churn * lost


def retention_table(customers: pd.DataFrame, rules: RetentionRules, language: str) -> pd.DataFrame:
    """Return the ranked list with the action of each customer.

    Args:
        customers: see `join_customers`.
        rules: eligibility, actions, their caps and the budget.
        language: `en` or `zh`, of `action_text`.

    Returns:
        `COLUMNS`, one row a customer: those to act on first, by expected gain, then the others by
        value at risk; `why_not` says why nothing is done.
    """
    rows = [_proposed(row, rules) for row in customers.to_dict("records")]
    rows.sort(key=lambda row: (-row["expected_gain"], row["customer_id"]))
    _allot(rows, rules)
    rows.sort(key=lambda row: (not row["eligible"], *_order(row)))
    for rank, row in enumerate(rows, start=1):
        action = rules.actions.get(row["action"])
        text = (action.text.zh if language == "zh" else action.text.en) if action else ""
        row |= {"rank": rank, "action_text": text, "rules": rules.version}
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _order(row: dict[str, Any]) -> tuple[float, str]:
    worth = row["expected_gain"] if row["eligible"] else row["value_at_risk"]
    return -worth, row["customer_id"]


def _proposed(row: dict[Hashable, Any], rules: RetentionRules) -> dict[str, Any]:
    """Return the row with the action that the rules propose, what it costs and brings."""
    trend, reason = _number(row["satisfaction_trend"]), _text(row["main_reason"])
    name = rules.action_for(row["segment"], reason, trend)
    action = rules.actions.get(name)
    cost, effect = (action.cost, action.effect) if action else (0.0, 0.0)
    evidence = row["evidence_ids"] if isinstance(row["evidence_ids"], list | tuple) else ()
    proposed: dict[str, Any] = {str(name): cell for name, cell in row.items()} | {
        "satisfaction_trend": trend,
        "main_reason": reason,
        "evidence_ids": list(evidence),
        "action": name,
        "assumed_effect": effect,
        "cost": cost,
        "expected_gain": effect * row["value_at_risk"] - cost,
    }
    why_not = _why_not(proposed, rules)
    return proposed | {"eligible": not why_not, "why_not": why_not}


def _why_not(row: dict[str, Any], rules: RetentionRules) -> str:
    """Return the first reason to leave a customer alone, empty if there is none."""
    rested = _number(row["days_since_offer"])
    reasons = {
        "left": row["segment"] == "lost",
        "opted_out": row["opted_out"] is True or row["opted_out"] == 1,
        "recent_offer": rested is not None and rested < rules.rest_days,
        "no_rule": row["action"] == NONE,
        "gain_too_small": row["expected_gain"] < rules.least_gain,
    }
    return next((name for name, holds in reasons.items() if holds), "")


def _allot(rows: list[dict[str, Any]], rules: RetentionRules) -> None:
    """Take actions from those below caps and budget; `rows` come with the largest gain first."""
    left, budget = {name: action.most for name, action in rules.actions.items()}, rules.budget
    for row in rows:
        if row["eligible"] and (left[row["action"]] < 1 or row["cost"] > budget):
            row |= {"eligible": False, "why_not": "cap" if left[row["action"]] < 1 else "budget"}
        elif row["eligible"]:
            left[row["action"]] -= 1
            budget -= row["cost"]
    for row in rows:
        if not row["eligible"]:
            row |= {"action": NONE, "assumed_effect": 0.0, "cost": 0.0, "expected_gain": 0.0}


def _number(cell: Any) -> float | None:
    return None if cell is None or pd.isna(cell) else float(cell)


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""

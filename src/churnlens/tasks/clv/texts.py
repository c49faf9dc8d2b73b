"""The customer as text, for a language model that regresses: what is known at a cut, never after.

One line of plain facts in a fixed order; amounts are rounded to what a person would read.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from churnlens.schema import Language, Schema


def repeat_texts(rows: pd.DataFrame, currency: str) -> list[str]:
    """Return one text for each row of features at a cut, in their order."""
    return [_repeat(row, currency) for row in rows.to_dict("records")]


def _repeat(row: dict[Hashable, Any], currency: str) -> str:
    fact = {name: float(row[name]) for name in row if name not in {"customer_id", "cut"}}
    return (
        f"Customer for {fact['age_weeks']:.0f} weeks. Purchases: {fact['frequency'] + 1:.0f}, "
        f"the last one {fact['idle_weeks']:.0f} weeks ago. "
        f"Spent {fact['total']:.0f} {currency}, {fact['mean_amount']:.0f} {currency} a purchase. "
        f"In the last 90 days: {fact['purchases_90d']:.0f} purchases, "
        f"{fact['spend_90d']:.0f} {currency}. "
        f"In the last 180 days: {fact['purchases_180d']:.0f} purchases, "
        f"{fact['spend_180d']:.0f} {currency}."
    )


def contract_texts(ledger: pd.DataFrame, schema: Schema, language: Language = "en") -> list[str]:
    """Return one text for each customer of a ledger: his columns in the schema's words.

    The time since the start, the outcome and sums of past charges are not in it.
    """
    parts = []
    for column in schema.attributes():
        if column.name not in ledger:
            continue
        if column.kind == "number":
            label, unit = column.label.of(language), column.unit
            parts.append([f"{label} {cell:g} {unit}".strip() for cell in ledger[column.name]])
        else:
            words = {value.value: value.label.of(language) for value in column.values}
            parts.append([words.get(cell, "") for cell in ledger[column.name]])
    rows = zip(*parts, strict=True)
    return ["; ".join(filter(None, row)) for row in rows]


def log_target(target: np.ndarray) -> np.ndarray:
    """Return log(1 + spend): what a regression head learns, shape as given."""
    return np.log1p(np.maximum(target, 0))


def from_log_target(predicted: np.ndarray, smear: float = 1.0) -> np.ndarray:
    """Return spend from log(1 + spend); `smear` lifts it back to the mean, see `smearing`."""
    return np.maximum(np.expm1(predicted), 0) * smear


def smearing(target: np.ndarray, predicted: np.ndarray) -> float:
    """Return the factor by which training spend is above the spend that logarithms give back.

    Args:
        target: spend of training rows.
        predicted: their log(1 + spend) as predicted.
    """
    total = from_log_target(predicted).sum()
    return float(target.sum() / total) if total > 0 else 1.0

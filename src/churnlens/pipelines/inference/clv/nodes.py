"""From the fitted models to what every customer is worth from now on."""

from __future__ import annotations

from typing import Any

import pandas as pd

from churnlens.tasks.clv.customer_values import ValueModel, value_customers


def value_everybody(
    value_model: dict[str, Any], current_rows: pd.DataFrame, ledger: pd.DataFrame
) -> pd.DataFrame:
    """Return value with interval, segment and rank of every customer.

    Args:
        value_model: of the stage finetuning.
        current_rows: at the day up to which everything is known.
        ledger: of contracts, else without rows.

    Returns:
        See `value_customers`; by rank.
    """
    model = ValueModel.model_validate(value_model)
    valued = ledger if model.preset.kind == "contract" else None
    return value_customers(model, current_rows, valued)

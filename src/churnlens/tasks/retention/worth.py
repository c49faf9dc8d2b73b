"""Whether the list is worth acting on, where the truth is planted."""

from __future__ import annotations

import pandas as pd

from churnlens.evaluation.targeting import TargetingScores, compare_lists
from churnlens.options import RetentionOptions


def worth_of_list(
    customers: pd.DataFrame,
    truth: pd.DataFrame,
    effect: float,
    cost: float,
    options: RetentionOptions,
) -> TargetingScores:
    """Compare acting on the most value at risk with acting on churn probability, or at random.

    One action for all, so that only the order differs. The true gain of a customer is the assumed
    effect times what his staying for a year truly adds, less the cost.

    Args:
        customers: see `join_customers`; only those still there are acted on.
        truth: `customer_id`, `clv`, `clv_kept`, see `simulate_ledger`.
        effect: assumed share of leavers that the action keeps.
        cost: of the action.
        options: share acted on, and the bootstrap.
    """
    here = customers[customers["segment"] != "lost"].merge(
        truth[["customer_id", "clv", "clv_kept"]], on="customer_id", suffixes=("", "_true")
    )
    gain = effect * (here["clv_kept"] - here["clv_true"]) - cost
    scores = {
        "value_at_risk": here["value_at_risk"].to_numpy(float),
        "churn_probability": here["p_churn"].to_numpy(float),
        "leaving": here["p_leave"].to_numpy(float),  # of the model that the value comes from
        "value": here["clv"].to_numpy(float),
    }
    return compare_lists(
        gain.to_numpy(float), scores, options.share, options.resamples, options.seed
    )

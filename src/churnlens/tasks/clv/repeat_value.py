"""What customers without a contract are worth: months of BG/NBD at the level of the best model.

BG/NBD and Gamma-Gamma say how spend goes on and ends; the best model says how much of it comes in
the days that could be checked. Its ratio to BG/NBD lifts every month of a customer alike.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlens.options import ClvModelOptions, ValueOptions
from churnlens.tasks.clv.arms import ClvModel, lift, predict_arms
from churnlens.tasks.clv.features import WEEK
from churnlens.tasks.clv.repeat import MONTH_WEEKS, RepeatModel, value_intervals
from churnlens.tasks.clv.value import contribution, lifetime_value


def repeat_values(
    model: ClvModel,
    repeat: RepeatModel,
    rows: pd.DataFrame,
    value: ValueOptions,
    options: ClvModelOptions,
) -> pd.DataFrame:
    """Return what each customer is worth from the cut on.

    Args:
        model: fitted on earlier cuts.
        repeat: BG/NBD and Gamma-Gamma of this cut.
        rows: features of this cut.
        value: what value means.
        options: draws and seed of the intervals.

    Returns:
        `customer_id`, `clv`, `clv_low`, `clv_high` (what he will really bring lies between them as
        often as `coverage` says, by what the training windows showed of the longest time up to
        the horizon), `value_at_risk` (what his not stopping in the next twelve months
        would add, times P(he is still there): who has gone cannot be kept), `p_leave` (P(has
        stopped)), one row a customer.

    Raises:
        ValueError: for a fixed cost of a month: without a contract nobody knows until when.
    """
    if value.monthly_cost:
        raise ValueError(
            f"got a monthly cost of {value.monthly_cost:g}, expected 0 without contracts; next: "
            "put costs into the margin"
        )
    spend = repeat.spend(rows, model.days)
    best = predict_arms(model, rows, repeat)[model.best]
    lifted = lift(best, spend)
    monthly = repeat.monthly_spend(rows, value.horizon_months) * lifted[:, None]
    clv = lifetime_value(np.ones(monthly.shape), *contribution(monthly, value), value)
    level = model.level_of(value.horizon_months * MONTH_WEEKS * WEEK)
    bounds = value_intervals(repeat, rows, value, level, options.draws, options.seed)
    alive = repeat.alive(rows)
    kept = repeat.unstopped_spend(rows, value.horizon_months) * (alive * lifted)[:, None]
    kept_value = lifetime_value(np.ones(kept.shape), *contribution(kept, value), value)
    return pd.DataFrame(
        {
            "customer_id": rows["customer_id"].to_numpy(),
            "clv": clv,
            "clv_low": np.minimum(bounds[:, 0] * lifted, clv),
            "clv_high": np.maximum(bounds[:, 1] * lifted, clv),
            "value_at_risk": np.maximum(kept_value - clv, 0),
            "p_leave": 1 - alive,
        }
    )

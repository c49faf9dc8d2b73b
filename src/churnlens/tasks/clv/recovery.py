"""How near values are to planted ones, where a simulated ledger has its truth beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churnlens.evaluation.intervals import Estimate, bootstrap, wilson
from churnlens.options import ValueOptions
from churnlens.schema import Frozen


class Recovery(Frozen):
    """Values against the truth, of customers who are still there.

    Attributes:
        customers: how many.
        mape: mean of |value - truth| / truth.
        rank_correlation: of Spearman.
        total_bias: sum of values over the sum of the truth, minus 1.
        coverage: share of customers whose true value lies inside the interval.
    """

    customers: int
    mape: Estimate
    rank_correlation: Estimate
    total_bias: Estimate
    coverage: Estimate


def is_truth_of(
    facts: Mapping[str, Any] | None, purchases: pd.DataFrame, value: ValueOptions
) -> bool:
    """Whether a planted truth is of these transactions, and means by value what they mean."""
    if not facts:
        return False
    same = {name: getattr(value, name) for name in ("horizon_months", "discount_year", "first")}
    return (
        facts.get("rows") == len(purchases)
        and facts.get("total") == round(float(purchases["amount"].sum()), 2)
        and all(facts.get(name) == given for name, given in same.items())
    )


def recovery(values: pd.DataFrame, truth: pd.DataFrame, resamples: int, seed: int) -> Recovery:
    """Compare values with the planted ones.

    Args:
        values: see `contract_values`.
        truth: `customer_id`, `left` and `clv`, see `simulate_ledger`.
        resamples: of the bootstrap over customers.
        seed: the same seed gives the same intervals.
    """
    here = truth[~truth["left"]][["customer_id", "clv"]]
    both = values.merge(here, on="customer_id", suffixes=("", "_true"), validate="one_to_one")
    found, true = both["clv"].to_numpy(float), both["clv_true"].to_numpy(float)
    inside = (both["clv_low"] <= true) & (true <= both["clv_high"])
    of = {"mape": _mape, "rank_correlation": _spearman, "total_bias": _bias}
    scored = {
        name: bootstrap(each, found, true, resamples=resamples, seed=seed)
        for name, each in of.items()
    }
    return Recovery(customers=len(both), coverage=wilson(int(inside.sum()), len(both)), **scored)


def _mape(found: np.ndarray, true: np.ndarray) -> float:
    return float((np.abs(found - true) / true).mean())


def _spearman(found: np.ndarray, true: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(found, true).statistic)


def _bias(found: np.ndarray, true: np.ndarray) -> float:
    return float(found.sum() / true.sum() - 1)

"""Lifetime value: Σ S(t)·(R(t) − C(t)) / (1 + d)^t over the months of the horizon.

d is the rate of a month, (1 + rate of a year)^(1/12) − 1: the rate of a year taken for that of a
month would shrink three years at 10 % to less than a third. S, R and C come from submodels of their
own, which can be read one by one.
"""

from __future__ import annotations

import numpy as np

from churnlens.options import ValueOptions
from churnlens.schema import Text


def monthly_rate(year: float) -> float:
    """Return the discount rate of a month from that of a year."""
    return float((1 + year) ** (1 / 12) - 1)


def discounts(options: ValueOptions) -> np.ndarray:
    """Return 1 / (1 + d)^t of each month of the horizon, shape (horizon_months,)."""
    months = np.arange(options.first, options.first + options.horizon_months)
    return (1 + monthly_rate(options.discount_year)) ** -months.astype(float)


def lifetime_value(
    survival: np.ndarray, revenue: np.ndarray, cost: np.ndarray, options: ValueOptions
) -> np.ndarray:
    """Return the value of each customer, in the currency of `revenue`, shape (n_customers,).

    Args:
        survival: P(still a customer) in each month, shape (n_customers, horizon_months).
        revenue: of a month while he stays; a number, shape (n_customers, 1) or as `survival`.
        cost: of a month while he stays, likewise; the cost of winning him is not part of it.
        options: discount rate and number of the first month.

    Raises:
        ValueError: for another number of months, or a survival outside 0 to 1.
    """
    if survival.ndim != 2 or survival.shape[1] != options.horizon_months:
        raise ValueError(
            f"got survival of shape {survival.shape}, expected (n, {options.horizon_months})"
        )
    if not np.all((survival >= 0) & (survival <= 1)):
        raise ValueError("got a survival outside 0 to 1, or none; expected probabilities")
    return (survival * (revenue - cost)) @ discounts(options)


def contribution(revenue: np.ndarray, options: ValueOptions) -> tuple[np.ndarray, np.ndarray]:
    """Return revenue and cost of a month by the options' margin and fixed cost."""
    return revenue, revenue * (1 - options.margin) + options.monthly_cost


def definition(options: ValueOptions, margin: float | None = None) -> Text:
    """Return the definition as a report prints it.

    Args:
        options: what value means.
        margin: mean share of revenue that costs leave, where costs are known of each customer.
    """
    o, year, month = options, 100 * options.discount_year, 100 * monthly_rate(options.discount_year)
    share = Text(
        en=f"margin {100 * o.margin:g} % of revenue", zh=f"毛利为收入的 {100 * o.margin:g}%"
    )
    if margin is not None:
        share = Text(
            en=f"margin of each customer by the costs of his bills, {100 * margin:.1f} % on the "
            "whole",
            zh=f"毛利按各客户账单的成本计算，总体为 {100 * margin:.1f}%",
        )
    return Text(
        en=f"CLV over {o.horizon_months} months in {o.currency}: survival times (revenue less "
        f"cost), discounted by {year:g} % a year ({month:.4f} % a month), each month paid at its "
        f"{'end' if o.first else 'beginning'}; {share.en}, {o.monthly_cost:g} a month of further "
        "cost; the cost of winning the customer is not part of it",
        zh=f"{o.horizon_months} 个月的客户终身价值（{o.currency}）：留存概率 ×（收入 − 成本），"
        f"按年利率 {year:g}%（月利率 {month:.4f}%）折现，每月于月{'末' if o.first else '初'}支付；"
        f"{share.zh}，另计每月成本 {o.monthly_cost:g}；不含获客成本",
    )

"""Lifetime value: Σ S(t)·(R(t) − C(t)) / (1 + d)^t over the months of the horizon.

d is the rate of a month, (1 + rate of a year)^(1/12) − 1: the rate of a year taken for that of a
month would shrink three years at 10 % to less than a third. S, R and C come from submodels of their
own, which can be read one by one.
"""

from __future__ import annotations

import numpy as np

from churnlens.options import ValueOptions


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


def definition(options: ValueOptions, margin: float | None = None) -> str:
    """Return the definition as a report prints it.

    Args:
        options: what value means.
        margin: mean share of revenue that costs leave, where costs are known of each customer.
    """
    o = options
    share = (
        f"margin {100 * o.margin:g} % of revenue"
        if margin is None
        else f"margin of each customer by the costs of his bills, {100 * margin:.1f} % on the whole"
    )
    when = "end" if o.first else "beginning"
    return (
        f"CLV over {o.horizon_months} months in {o.currency}: survival times (revenue less cost), "
        f"discounted by {100 * o.discount_year:g} % a year "
        f"({100 * monthly_rate(o.discount_year):.4f} % a month), each month paid at its {when}; "
        f"{share}, {o.monthly_cost:g} a month of further cost; the "
        "cost of winning the customer is not part of it"
    )

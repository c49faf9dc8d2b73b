"""A year of bills for the demo customers, and what each of them is truly worth after it.

The table of `simulate_customers` is read as of the first day: its attributes and tenure hold then,
and its outcome says who left in the twelve months after. The chance of that is the declared
logistic model, so the hazard of every month is known: the same in all months of a year, and with
tenure a year longer in the next. Bills vary around the charge, costs around a share of them that
depends on the service. Value is the expected margin of the months after the year, discounted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from churnlens.simulation.churn import ODDS_RATIOS, ODDS_RATIOS_PER_UNIT, ChurnDemo
from churnlens.simulation.sampling import log_odds, probability, streams

GENERATOR = "churnlens.simulation.ledger 1"
FIRST_MONTH: Final = "2025-01"
YEAR: Final = 12
HORIZON: Final = 36  # months
DISCOUNT: Final = 0.1  # a year
COST_SHARES: Final = {"Fiber optic": 0.55, "DSL": 0.45, "No": 0.35}
BILL_SPREAD: Final = 0.03
COST_SPREAD: Final = 0.05


@dataclass(frozen=True)
class LedgerDemo:
    """A year of bills and what is true of the customers.

    Attributes:
        bills: `customer_id`, `date` (ISO, first of the month), `amount`, `cost` (USD); one row a
            month while he stays, sorted by customer of the table and month.
        truth: what was planted, ready for JSON.
        truth_rows: one row a customer in the table's order: `customer_id`, `left` (in the year),
            `margin` (USD a month while he stays), `p_leave` (in the next twelve months), `clv`
            (USD after the year), `clv_kept` (if he could not leave in the next twelve months);
            1 and 0 for who has left.
    """

    bills: pd.DataFrame
    truth: dict[str, Any]
    truth_rows: pd.DataFrame


def simulate_ledger(demo: ChurnDemo, seed: int = 7) -> LedgerDemo:
    """Simulate the bills of demo customers in the year after their table was written.

    Args:
        demo: see `simulate_customers`.
        seed: the same demo and seed give the same bytes.
    """
    rng = streams(seed, "leaving", "bills")
    table = demo.customers
    charge = table["MonthlyCharges"].astype(float).to_numpy()
    share = table["InternetService"].map(COST_SHARES).to_numpy(float)
    left = (table["Churn"] == "Yes").to_numpy()
    yearly = _yearly(demo, years=1 + HORIZON // YEAR)
    months = _months_paid(yearly[:, 0], left, rng["leaving"])
    margin = charge * (1 - share)
    kept = yearly[:, 1:] * (np.arange(yearly.shape[1] - 1) > 0)
    return LedgerDemo(
        bills=_bills(table["customerID"].to_numpy(), charge, share, months, rng["bills"]),
        truth={
            "generator": GENERATOR,
            "seed": seed,
            "customers": len(table),
            "keys_sha256": demo.truth["keys_sha256"],
            "horizon_months": HORIZON,
            "discount_year": DISCOUNT,
            "first": 1,
            "currency": "USD",
            "cost_shares": dict(COST_SHARES),
            "hazard": "1 - (1 - p)^(1/12) in each month of a year; p of the declared model",
        },
        truth_rows=pd.DataFrame(
            {
                "customer_id": table["customerID"].to_numpy(),
                "left": left,
                "margin": margin,
                "p_leave": np.where(left, 1.0, yearly[:, 1]),
                "clv": np.where(left, 0.0, _true_value(yearly[:, 1:], margin)),
                "clv_kept": np.where(left, 0.0, _true_value(kept, margin)),
            }
        ),
    )


def _yearly(demo: ChurnDemo, years: int) -> np.ndarray:
    """Return P(leaves in the year) for each year, tenure growing, shape (n_customers, years)."""
    table = demo.customers
    logit = log_odds(table, ODDS_RATIOS) + demo.truth["intercept"]
    for column, ratio in ODDS_RATIOS_PER_UNIT.items():
        if ratio != 1.0:
            logit += np.log(ratio) * table[column].astype(float).to_numpy()
    slope = np.log(ODDS_RATIOS_PER_UNIT["tenure"]) * YEAR
    return probability(logit[:, None] + slope * np.arange(years))


def _months_paid(chance: np.ndarray, left: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return months with a bill: all twelve, or those before the one in which he left."""
    whole = rng.random(len(chance)) * chance  # a uniform share of the chance to have left by then
    month = np.floor(np.log1p(-whole) / np.log1p(-chance) * YEAR).astype(int)
    return np.where(left, np.minimum(month, YEAR - 1), YEAR)


def _true_value(yearly: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """Return the discounted margin of the horizon, month by month (USD)."""
    value, there = np.zeros(len(margin)), np.ones(len(margin))
    for month in range(1, HORIZON + 1):
        there = there * (1 - yearly[:, (month - 1) // YEAR]) ** (1 / YEAR)
        value += there * margin / (1 + DISCOUNT) ** (month / YEAR)
    return value


def _bills(
    keys: np.ndarray,
    charge: np.ndarray,
    share: np.ndarray,
    months: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    owner = np.repeat(np.arange(len(keys)), months)
    month = np.concatenate([np.arange(n) for n in months])
    dates = pd.period_range(FIRST_MONTH, periods=YEAR, freq="M").strftime("%Y-%m-01").to_numpy()
    noise = rng.normal(size=(2, len(owner)))
    amount = charge[owner] * (1 + BILL_SPREAD * noise[0])
    cost = amount * share[owner] * (1 + COST_SPREAD * noise[1])
    return pd.DataFrame(
        {
            "customer_id": keys[owner],
            "date": dates[month],
            "amount": np.round(amount, 2),
            "cost": np.round(cost, 2),
        }
    )

"""Small inputs of the task clv."""

import numpy as np
import pandas as pd

FIRST = pd.Timestamp("2024-01-01")


def raw(*rows, columns=("customer_id", "date", "amount")):
    return pd.DataFrame(rows, columns=list(columns), dtype=str)


def shop(customers=300, days=540, seed=3):
    """Purchases of customers with rates of their own, who stop for good after some of them."""
    rng, rows = np.random.default_rng(seed), []
    for number in range(customers):
        rate, stop = rng.gamma(0.8, 1 / 25), rng.beta(1.0, 5.0)
        size, day = rng.gamma(6, 5), rng.integers(0, 60)
        while day < days:
            rows.append(
                (f"C{number:04d}", FIRST + pd.Timedelta(days=int(day)), rng.gamma(6, size / 6))
            )
            if rng.random() < stop:
                break
            day += 1 + rng.exponential(1 / rate)
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "amount"])
    return frame.sort_values(["customer_id", "date"]).reset_index(drop=True)


def subscriptions(accounts=200, months=15, leaves=0.04, seed=5):
    """Invoices of a SaaS by the columns of `saas.yml`; each month so many of the accounts leave.

    They begin in the first third of the months, and pay one to three seats at a price of their own.
    """
    rng, rows = np.random.default_rng(seed), []
    days = pd.date_range(FIRST, periods=months, freq="MS")
    for number in range(accounts):
        price = rng.choice([29.0, 99.0, 299.0])
        for day in days[rng.integers(0, months // 3) :]:
            rows.append(
                (f"ACC-{number:04d}", day, price * rng.integers(1, 4), "USD", f"I{len(rows)}")
            )
            if rng.random() < leaves:
                break
    columns = ["account_id", "invoice_date", "amount", "currency", "invoice_id"]
    return pd.DataFrame(rows, columns=columns)

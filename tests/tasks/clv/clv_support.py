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

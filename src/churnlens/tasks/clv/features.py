"""What is known of each customer at a cut, and what he spent after it; never the other way round.

A cut is the first day that is not known yet: features come from the days before it, the target from
the `days` from it on. Purchases of one day are one purchase.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from churnlens.options import SplitOptions
from churnlens.tasks.clv.readers import TransactionError

WINDOWS: Final = (90, 180)  # days before the cut
WEEK: Final = 7.0
TIMES: Final = ("frequency", "recency_weeks", "age_weeks")  # x, t_x and T of BG/NBD
FEATURES: Final = (
    *TIMES,
    "idle_weeks",
    "repeat_mean",
    "mean_amount",
    "total",
    *(f"{what}_{days}d" for days in WINDOWS for what in ("spend", "purchases")),
)


def daily(transactions: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each customer and day, amounts summed, sorted by both."""
    summed = transactions.groupby(["customer_id", "date"], sort=True)["amount"].sum()
    return summed.reset_index()


def features_at(transactions: pd.DataFrame, cut: date, slack: int = 0) -> pd.DataFrame:
    """Return the features of every customer who bought before the cut.

    Args:
        transactions: checked, see `check_transactions`.
        cut: first day that is not known.
        slack: days by which each 90 days of a window are longer: three months have up to 92 days.

    Returns:
        One row a customer, sorted by `customer_id`, with `FEATURES`: times in weeks, amounts in the
        currency of the table. `frequency`, `recency_weeks`, `age_weeks` and `repeat_mean` are x,
        t_x, T and the mean repeat amount of BG/NBD and Gamma-Gamma.

    Raises:
        TransactionError: when nobody bought before the cut.
    """
    end = pd.Timestamp(cut)
    days = daily(transactions[transactions["date"] < end])
    if days.empty:
        raise TransactionError(
            f"nobody bought before {cut}; next: choose a later cut, or check the dates"
        )
    return _assembled(days, end, slack).reset_index()


def _assembled(days: pd.DataFrame, end: pd.Timestamp, slack: int) -> pd.DataFrame:
    bought = days.groupby("customer_id")
    amount, first, last = bought["amount"], bought["date"].min(), bought["date"].max()
    count, total, opening = amount.size() - 1, amount.sum(), amount.first()
    recency, idle = _weeks(last - first), _weeks(end - pd.Timedelta(days=1) - last)
    frame = {
        "frequency": count.astype(float),
        "recency_weeks": recency,
        "age_weeks": recency + idle,
        "idle_weeks": idle,
        "repeat_mean": ((total - opening) / count.where(count > 0)).fillna(0.0),
        "mean_amount": amount.mean(),
        "total": total,
    }
    for window in WINDOWS:
        late = days[days["date"] >= end - pd.Timedelta(days=window + slack * window // 90)]
        recent = late.groupby("customer_id")["amount"].agg(["sum", "size"])
        recent = recent.reindex(total.index, fill_value=0)
        frame[f"spend_{window}d"] = recent["sum"].astype(float)
        frame[f"purchases_{window}d"] = recent["size"].astype(float)
    return pd.DataFrame(frame)


def _weeks(spans: pd.Series) -> pd.Series:
    return spans.dt.days / WEEK


def target_at(transactions: pd.DataFrame, customers: pd.Series, cut: date, days: int) -> np.ndarray:
    """Return what each customer spent in the `days` from the cut on, shape (n_customers,)."""
    start = pd.Timestamp(cut)
    inside = (transactions["date"] >= start) & (
        transactions["date"] < start + pd.Timedelta(days=days)
    )
    spent = transactions[inside].groupby("customer_id")["amount"].sum()
    return customers.map(spent).fillna(0.0).to_numpy(float)


def temporal_split(
    transactions: pd.DataFrame, options: SplitOptions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training rows of all earlier cuts and test rows of the last one.

    Returns:
        Two frames with `cut` (ISO day), `customer_id`, `FEATURES` and `target` (what was spent in
        the days from the cut on). Every training target ends before the test cut begins.

    Raises:
        TransactionError: when nothing was bought on or after the middle of the test target: the
            observation then probably ended before it.
    """
    middle = pd.Timestamp(options.test) + pd.Timedelta(days=options.days // 2)
    if (last := transactions["date"].max()) < middle:
        raise TransactionError(
            f"the last purchase is of {last.date()}, but the test target of {options.days} days "
            f"begins at {options.test}; next: choose earlier cuts, or fewer days"
        )
    train = [rows_at(transactions, cut, options.days) for cut in options.train]
    return pd.concat(train, ignore_index=True), rows_at(transactions, options.test, options.days)


def rows_at(transactions: pd.DataFrame, cut: date, days: int) -> pd.DataFrame:
    """Return the features at a cut with the `target` after it and the day of the `cut`."""
    rows = features_at(transactions, cut)
    target = target_at(transactions, rows["customer_id"], cut, days)
    return rows.assign(target=target, cut=cut.isoformat())

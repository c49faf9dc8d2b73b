"""Segments of value and risk, and ranks: a customer's segment rests on nobody else.

Borders are amounts of money that each run finds anew and `predict` keeps. A rank is the place by
value; equal values go by the key, so that a repeated run gives the same list.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from churnlens.options import SegmentOptions
from churnlens.schema import Frozen, Text

Segment = Literal[
    "champions",
    "champions_at_risk",
    "steady",
    "steady_at_risk",
    "small",
    "small_at_risk",
    "lost",
]
NAMES: Final[dict[Segment, Text]] = {
    "champions": Text(en="champions", zh="核心高价值客户"),
    "champions_at_risk": Text(en="champions at risk", zh="高价值流失风险客户"),
    "steady": Text(en="steady customers", zh="稳定客户"),
    "steady_at_risk": Text(en="wavering customers", zh="摇摆客户"),
    "small": Text(en="small and steady", zh="低价值稳定客户"),
    "small_at_risk": Text(en="small and leaving", zh="低价值流失客户"),
    "lost": Text(en="lost customers", zh="已流失客户"),
}
_TIERS: Final[tuple[tuple[Segment, Segment], ...]] = (
    ("small", "small_at_risk"),
    ("steady", "steady_at_risk"),
    ("champions", "champions_at_risk"),
)


class Borders(Frozen):
    """Where segments begin.

    Attributes:
        low, high: values below which a customer is small, and from which he is a champion.
        at_risk: probability of leaving from which he is at risk.
        lost: that from which he is lost: 1 for contracts, whose end is seen.
    """

    low: float
    high: float
    at_risk: float
    lost: float = 1.0


def fit_borders(values: pd.DataFrame, options: SegmentOptions, lost: float = 1.0) -> Borders:
    """Find the borders among customers who are still there (`p_leave` below `lost`).

    Raises:
        ValueError: when nobody is.
    """
    here = values.loc[values["p_leave"] < lost, "clv"]
    if here.empty:
        raise ValueError("every customer has left; expected some to make segments of")
    low, high = np.quantile(here, [options.low, 1 - options.high])
    return Borders(low=float(low), high=float(high), at_risk=options.at_risk, lost=lost)


def assign_segments(values: pd.DataFrame, borders: Borders) -> pd.DataFrame:
    """Return the values with `segment` (a key of `NAMES`) and `rank` (1 is worth most)."""
    tier = (values["clv"] >= borders.low).astype(int) + (values["clv"] >= borders.high)
    risky = (values["p_leave"] >= borders.at_risk).astype(int)
    names = [_TIERS[row][column] for row, column in zip(tier, risky, strict=True)]
    segment = np.where(values["p_leave"] >= borders.lost, "lost", names)
    return values.assign(segment=segment, rank=ranks(values))


def ranks(values: pd.DataFrame) -> np.ndarray:
    """Return the place of each customer by value, 1 for the highest; shape (n_customers,)."""
    order = np.lexsort((values["customer_id"].to_numpy(str), -values["clv"].to_numpy(float)))
    rank = np.empty(len(values), dtype=int)
    rank[order] = np.arange(1, len(values) + 1)
    return rank


def segment_table(values: pd.DataFrame) -> pd.DataFrame:
    """Return for each segment the customers, their value, and the value at risk, by value."""
    grouped = values.groupby("segment")
    frame = pd.DataFrame(
        {
            "customers": grouped.size(),
            "clv": grouped["clv"].sum(),
            "mean_clv": grouped["clv"].mean(),
            "value_at_risk": grouped["value_at_risk"].sum(),
        }
    )
    return frame.sort_values("clv", ascending=False).reset_index()


def stability(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """Return the share of customers of both tables who are in the same segment in both.

    Raises:
        ValueError: when no customer is in both.
    """
    both = first[["customer_id", "segment"]].merge(second, on="customer_id", suffixes=("", "_then"))
    if both.empty:
        raise ValueError("no customer is in both tables; expected two runs of the same customers")
    return float((both["segment"] == both["segment_then"]).mean())

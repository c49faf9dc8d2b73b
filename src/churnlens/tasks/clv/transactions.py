"""Transactions checked row by row: what is left out is named and counted, never dropped silently.

A row is left out for the first reason that holds, in the order of `REASONS`. Amounts of 0 stay:
a free item is a purchase. A negative amount is a refund or a fault, and no purchase.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from churnlens.options import TransactionOptions
from churnlens.schema import Frozen
from churnlens.tasks.clv.readers import TransactionError

REASONS: Final = (
    "no_customer",
    "undated",
    "bad_date",
    "bad_amount",
    "other_currency",
    "negative_amount",
    "bad_cost",
    "future_date",
    "duplicate_row",
    "long_gap",
)
EXPECTED: Final = {  # reason → column, what is expected there, example
    "no_customer": ("customer_id", "a key", "C-1001"),
    "undated": ("date", "a day, year first", "2024-03-01"),
    "bad_date": ("date", "a day, year first", "2024-03-01"),
    "bad_amount": ("amount", "a plain number", "1234.50"),
    "other_currency": ("currency", "that of the trade, or none", "USD"),
    "negative_amount": ("amount", "0 or more: refunds are no purchases", "12.50"),
    "bad_cost": ("cost", "a plain number", "7.20"),
    "future_date": ("date", "a day up to the last one observed", "2024-03-01"),
    "duplicate_row": ("", "a row that repeats no other, or duplicates=keep", ""),
    "long_gap": ("date", "no pause longer than longest_gap_days", ""),
}
_DATE: Final = r"^(\d{4})(?:[-/.]?)(\d{1,2})(?:[-/.]?)(\d{1,2})(?:[T ]\d.*)?$"
_COMPACT: Final = r"^\d{8}(?:[T ].*)?$"
_PARTED: Final = r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*)?$"
_AMOUNT: Final = r"^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?$"


def expectation(reason: str) -> str:
    """Return what was expected of rows that a reason leaves out, with an example."""
    column, expected, example = EXPECTED[reason]
    told = f"{column}, expected {expected}" if column else f"expected {expected}"
    return f"{told}, for example {example}" if example else told


class TransactionReport(Frozen):
    """What became of the rows.

    Attributes:
        rows, kept: numbers of rows; `customers` among the kept.
        excluded: reason → rows left out for it; all of `REASONS`.
        zero_amounts: rows kept whose amount is 0.
        first, last: days of the first and last kept row, ISO form.
        currency: of all amounts.
    """

    rows: int
    kept: int
    customers: int
    excluded: dict[str, int]
    zero_amounts: int
    first: str
    last: str
    currency: str


def parse_dates(cells: pd.Series) -> pd.Series:
    """Return days (datetime64, NaT where none): year first, with or without marks and a time.

    01/02/2024 is not read: it is two days, depending on the country.
    """
    text = cells.astype(str).str.strip()
    fits = text.str.match(_COMPACT) | text.str.match(_PARTED)
    parts = text.where(fits, "").str.extract(_DATE)
    compact = parts[0] + parts[1].str.zfill(2) + parts[2].str.zfill(2)
    return pd.to_datetime(compact, format="%Y%m%d", errors="coerce")


def parse_amounts(cells: pd.Series) -> pd.Series:
    """Return plain decimal numbers, NaN for anything else: signs of money, 1,5 or 1.234,5."""
    text = cells.astype(str).str.strip()
    numbers = text.where(text.str.match(_AMOUNT), "nan").map(float).astype(float)
    return numbers.where(np.isfinite(numbers))


def check_transactions(
    raw: pd.DataFrame, options: TransactionOptions
) -> tuple[pd.DataFrame, TransactionReport]:
    """Return the purchases that count, and what was left out.

    Args:
        raw: `customer_id`, `date`, `amount` as text; `currency`, `order_id` and `cost` where known.
        options: currency, last day, and what is too much.

    Returns:
        `customer_id` (str), `date` (datetime64), `amount` (float), and `cost` (float) where the
        table has it, sorted by customer and day; and the report.

    Raises:
        TransactionError: when nothing is left, or more rows are left out than allowed.
    """
    typed = _typed(raw)
    reason = exclusions(raw, options)
    kept = typed[reason == ""]
    excluded = {name: int((reason == name).sum()) for name in REASONS}
    _check_share(excluded, len(raw), options)
    days = kept["date"]
    report = TransactionReport(
        rows=len(raw),
        kept=len(kept),
        customers=kept["customer_id"].nunique(),
        excluded=excluded,
        zero_amounts=int((kept["amount"] == 0).sum()),
        first=days.min().date().isoformat(),
        last=days.max().date().isoformat(),
        currency=options.currency,
    )
    ordered = kept.sort_values(["customer_id", "date"], kind="stable")
    return ordered.reset_index(drop=True), report


def _typed(raw: pd.DataFrame) -> pd.DataFrame:
    typed = pd.DataFrame(
        {
            "customer_id": raw["customer_id"].astype(str).str.strip(),
            "date": parse_dates(raw["date"]),
            "amount": parse_amounts(raw["amount"]),
        }
    )
    return typed.assign(cost=parse_amounts(raw["cost"])) if "cost" in raw else typed


def exclusions(raw: pd.DataFrame, options: TransactionOptions) -> pd.Series:
    """Return why each row of `check_transactions` is left out, empty where it is kept."""
    typed = _typed(raw)
    blank = raw["date"].astype(str).str.strip() == ""
    currency = raw.get("currency", pd.Series("", index=raw.index)).astype(str)
    tests = {
        "no_customer": typed["customer_id"] == "",
        "undated": blank,
        "bad_date": typed["date"].isna(),
        "bad_amount": typed["amount"].isna(),
        "other_currency": ~currency.str.strip().str.upper().isin(["", options.currency]),
        "negative_amount": typed["amount"] < 0,
        "bad_cost": typed.get("cost", typed["amount"]).isna(),
        "future_date": typed["date"] > pd.Timestamp(options.last_day),
        "duplicate_row": _repeats(raw, typed) & (options.duplicates == "exclude"),
    }
    reason = pd.Series("", index=raw.index)
    for name, found in tests.items():
        reason = reason.mask((reason == "") & found, name)
    late = _long_gaps(typed[reason == ""], options.longest_gap_days)
    return reason.mask((reason == "") & typed["customer_id"].isin(late), "long_gap")


def _repeats(raw: pd.DataFrame, typed: pd.DataFrame) -> pd.Series:
    """Return which rows say the same as an earlier one, however they write it; hours count."""
    hour = raw["date"].astype(str).str.strip().str.extract(r"[T ](.*)$")[0].fillna("")
    names = [name for name in ("currency", "order_id") if name in raw]
    told = {name: raw[name].astype(str).str.strip() for name in names}
    return typed.assign(hour=hour, **told).duplicated()


def _long_gaps(rows: pd.DataFrame, days: int) -> set[str]:
    """Return the customers with a pause of more than that many days between two purchases."""
    ordered = rows.sort_values(["customer_id", "date"])
    pause = ordered.groupby("customer_id")["date"].diff()
    return set(ordered["customer_id"][pause > pd.Timedelta(days=days)])


def _check_share(excluded: dict[str, int], rows: int, options: TransactionOptions) -> None:
    out = sum(excluded.values())
    if rows in {0, out} or out > options.most_excluded * rows:
        counts = "; ".join(
            f"{name} {count}: {expectation(name)}" for name, count in excluded.items() if count
        )
        raise TransactionError(
            f"{out} of {rows} rows would be left out ({counts}); expected at least one row and at "
            f"most a share of {options.most_excluded:g}; next: mend them, or set currency, end or "
            "most_excluded"
        )


def check_cohort(transactions: pd.DataFrame, options: TransactionOptions) -> None:
    """Refuse transactions that no model can be fitted to.

    Raises:
        TransactionError: for too few customers, or when nobody spent anything.
    """
    customers = transactions["customer_id"].nunique()
    if customers < options.least_customers:
        raise TransactionError(
            f"got {customers} customer(s), expected at least {options.least_customers} to fit a "
            "model; next: give more, or predict with a model that is fitted already"
        )
    if not (transactions["amount"] > 0).any():
        raise TransactionError(
            "every amount is 0, expected some spend; next: check which column holds the amount"
        )

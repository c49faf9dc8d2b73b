"""What is known at a cut of customers with a contract, in rows that every model of spend reads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd

from churnlens.schema import Column, Schema
from churnlens.tasks.clv.contracts import LEDGER, ledger_of_invoices, month_number, monthly_bills
from churnlens.tasks.clv.features import FEATURES, features_at

PREFIX: Final = "at "  # of the numbers that an attribute is written as
_SLACK: Final = 2  # three months have up to 92 days, so that a quarter always has three bills
FACTS: Final = ("months", "charge", "left")


def columns_in(frame: pd.DataFrame, schema: Schema | None) -> tuple[Column, ...]:
    """Return the attributes of a schema that a frame has, in the schema's order."""
    if schema is None:
        return ()
    return tuple(each for each in schema.attributes() if each.name in frame)


def read_columns(rows: pd.DataFrame) -> tuple[str, ...]:
    """Return the columns that boosting reads: features, facts of a contract, and attributes."""
    attributes = [name for name in rows if str(name).startswith(PREFIX)]
    return (*FEATURES, *(name for name in FACTS if name in rows), *map(str, attributes))


def contract_rows(
    purchases: pd.DataFrame,
    cut: date,
    grace_days: int,
    ledger: pd.DataFrame | None = None,
    columns: tuple[Column, ...] = (),
) -> pd.DataFrame:
    """Return the features of every customer billed before the cut, with the facts of a contract.

    Args:
        purchases: checked bills.
        cut: first day that is not known.
        grace_days: days without a bill after which a customer has left.
        ledger: see `ledger_of_bills`; months before his first bill here and attributes come from
            it, and nothing that only time has shown.
        columns: its attributes.

    Returns:
        `features_at`; `entry`, `months`, `left`, `charge` and days as in `ledger_of_invoices`,
        `charge_spread` (standard deviation of a month's bills; of one bill alone, what others have
        on average), `bills` (months that it is of), the attributes, and each of them as numbers
        (`at NAME`, or `at NAME=VALUE` with 0 and 1).
    """
    known = purchases[purchases["date"] < pd.Timestamp(cut)]
    rows = features_at(purchases, cut, _SLACK)
    own = ledger_of_invoices(known, cut - timedelta(days=1), grace_days)
    rows = rows.merge(own, on="customer_id", how="left", validate="one_to_one")
    monthly = monthly_bills(known).groupby("customer_id")["amount"]
    spread = monthly.std()
    rows["charge_spread"] = rows["customer_id"].map(spread).fillna(spread.mean()).fillna(0.0)
    rows["bills"] = rows["customer_id"].map(monthly.size()).to_numpy(float)
    return rows if ledger is None else with_attributes(rows, ledger, columns)


def with_attributes(
    rows: pd.DataFrame, ledger: pd.DataFrame, columns: tuple[Column, ...]
) -> pd.DataFrame:
    """Add attributes and the months before the first bill, by customer; strangers have none.

    Rows that begin later than the ledger's bills leave out months that he was there all the same.
    """
    names = [column.name for column in columns]
    known = ledger[["customer_id", "entry", "first_bill", *names]]
    known = known.rename(columns={"entry": "before", "first_bill": "since"})
    joined = rows.merge(known, on="customer_id", how="left", validate="one_to_one")
    missed = month_number(joined["first_bill"]) - month_number(joined.pop("since"))
    before = (joined.pop("before") + missed.fillna(0)).fillna(0.0)
    joined = joined.assign(entry=before, months=joined["months"] + before)
    return pd.concat([joined, _numbers(joined, columns)], axis=1)


def as_ledger(rows: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Return the rows of `contract_rows` as a contract ledger."""
    return rows[[*LEDGER, *(column.name for column in columns)]]


def _numbers(rows: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    found: dict[str, np.ndarray] = {}
    for column in columns:
        cells = rows[column.name]
        if column.kind == "number":
            found[f"{PREFIX}{column.name}"] = cells.to_numpy(float)
        for value in column.values[1:]:
            found[f"{PREFIX}{column.name}={value.value}"] = (cells == value.value).to_numpy(float)
    return pd.DataFrame(found, index=rows.index)

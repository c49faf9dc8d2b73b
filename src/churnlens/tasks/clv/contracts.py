"""Contract ledgers: who was a customer from which month to which, what he pays, and if he left.

A customer table of one moment is such a ledger: everybody is watched from month 0 to his tenure.
That holds only as far as its columns did: whoever has a long contract has it because he stayed, so
a good ranking here is partly hindsight. Nothing knows a trade: columns come from the schema. Sums
of past charges are never predicted and never predict, because they are time times charge.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from churnlens.models.risk import predictors
from churnlens.schema import Column, Schema
from churnlens.tasks.clv.readers import TransactionError

LEDGER: Final = ("customer_id", "entry", "months", "left", "charge")
_SUM: Final = 0.98  # rank correlation with time times charge from which a number is their sum


def contract_ledger(
    table: pd.DataFrame, schema: Schema, entry: np.ndarray | None = None
) -> pd.DataFrame:
    """Return the ledger of a validated customer table.

    Args:
        table: one row a customer.
        schema: names the key, the time in months, the charge of a month, and who left.
        entry: months that a customer had been one when he was first watched, shape (n_customers,);
            None: all were watched from month 0.

    Returns:
        `customer_id`, `entry`, `months` (until he left or was last seen), `left` (bool), `charge`
        (a month), and the columns that predict, in the table's order.

    Raises:
        TransactionError: when the schema names no time or no money, nobody left, or a customer was
            first watched after he was last seen.
    """
    if not (schema.time and schema.money):
        raise TransactionError(
            f"schema {schema.name} names no time or no money; a contract ledger needs both: name "
            "the columns under time and money"
        )
    months = table[schema.time].to_numpy(float)
    first = np.zeros(len(table)) if entry is None else np.asarray(entry, float)
    left = (table[schema.outcome.column] == schema.outcome.left).to_numpy(bool)
    if first.shape != months.shape or np.any(first > months) or not left.any():
        raise TransactionError(
            f"got {int(left.sum())} customers who left and {int(np.sum(first > months))} first "
            "watched after they were last seen; expected some and none"
        )
    facts = {
        "customer_id": table[schema.key].astype(str).to_numpy(),
        "entry": first,
        "months": months,
        "left": left,
        "charge": table[schema.money].to_numpy(float),
    }
    names = [column.name for column in ledger_predictors(table, schema)]
    return pd.concat([pd.DataFrame(facts), table[names].reset_index(drop=True)], axis=1)


def ledger_of_bills(table: pd.DataFrame, bills: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the ledger of customers whose monthly bills were watched since the table was written.

    Args:
        table: validated; attributes and tenure at the first day, the outcome as of the last.
        bills: `customer_id`, `date`, `amount` and perhaps `cost`; bills of a month count as one,
            and there is none in the month of leaving.
        schema: of the table.

    Returns:
        As `contract_ledger`, with `entry` the tenure of the table, `charge` the mean of a month's
        bills, and, where costs are known, `margin` (share of the bills that is left after their
        cost) with `margin_error`, its standard error over months. Customers without a bill have the
        table's charge and the mean margin; where months do not tell an error it is the spread of
        margins between customers. `first_bill` and `last_bill` are days, NaT without a bill.

    Raises:
        TransactionError: for bills of customers that the table does not hold.
    """
    keys = table[schema.key].astype(str)
    if strangers := len(set(bills["customer_id"]) - set(keys)):
        raise TransactionError(
            f"got bills of {strangers} customers who are not in the table; next: give both of the "
            "same customers"
        )
    seen = bills.groupby("customer_id")["date"].agg(["min", "max"]).apply(pd.to_datetime)
    seen = seen.reindex(keys)
    bills = monthly_bills(bills)
    entry = table[schema.time].to_numpy(float)
    left = (table[schema.outcome.column] == schema.outcome.left).to_numpy(bool)
    paid = bills.groupby("customer_id")["amount"].agg(["sum", "size"]).reindex(keys, fill_value=0)
    count = paid["size"].to_numpy()
    later = table.assign(**{schema.time: entry + count + left})
    ledger = contract_ledger(later, schema, entry)
    mean = pd.Series(paid["sum"].to_numpy() / np.maximum(count, 1)).where(count > 0)
    ledger = ledger.assign(
        charge=mean.fillna(ledger["charge"]),
        first_bill=seen["min"].to_numpy(),
        last_bill=seen["max"].to_numpy(),
    )
    return ledger.assign(**_margins(keys, bills)) if "cost" in bills else ledger


def monthly_bills(bills: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each customer and calendar month, sorted by both; amounts are summed.

    Args:
        bills: `customer_id`, `date`, `amount` and perhaps `cost`.
    """
    summed = [name for name in ("amount", "cost") if name in bills]
    month = bills["date"].astype("datetime64[ns]").dt.to_period("M")
    return bills.groupby(["customer_id", month.rename("month")])[summed].sum().reset_index()


def margin_spread(margin: np.ndarray, charge: np.ndarray) -> float:
    """Return the standard deviation of margins between customers, by what they pay."""
    weights = charge if charge.sum() > 0 else None
    mean = np.average(margin, weights=weights)
    return float(np.sqrt(np.average((margin - mean) ** 2, weights=weights)))


def _margins(keys: pd.Series, bills: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return `margin` and `margin_error` of each key, see `ledger_of_bills`."""
    kept = bills.assign(kept=bills["amount"] - bills["cost"]).groupby("customer_id")
    sums = kept[["amount", "kept"]].sum()
    paid = sums["amount"].where(sums["amount"] > 0)
    margin = (sums["kept"] / paid).dropna()
    error: pd.Series = kept["kept"].std() * np.sqrt(kept.size()) / paid
    spread = margin_spread(margin.to_numpy(), paid[margin.index].to_numpy())
    return {
        "margin": margin.reindex(keys).fillna(sums["kept"].sum() / paid.sum()).to_numpy(),
        "margin_error": error.reindex(keys).fillna(spread).to_numpy(),
    }


def ledger_of_invoices(transactions: pd.DataFrame, end: date, grace_days: int) -> pd.DataFrame:
    """Return the ledger of customers of whom only monthly invoices are known.

    Args:
        transactions: checked, see `check_transactions`; invoices of a month count as one.
        end: last day that was observed.
        grace_days: days without an invoice after which a customer has left.

    Returns:
        `customer_id`, `entry` (0), `months` (with an invoice; one more where he then left),
        `left`, `charge` (mean of a month with one), `first_bill`, `last_bill` (days).
    """
    month = month_number(transactions["date"])
    rows = transactions.assign(month=month).groupby("customer_id")
    last, first = rows["month"].max(), rows["month"].min()
    idle = pd.Timestamp(end) - rows["date"].max()
    left = (idle > pd.Timedelta(days=grace_days)).to_numpy(bool)
    return pd.DataFrame(
        {
            "customer_id": last.index.to_numpy(),
            "entry": 0.0,
            "months": (last - first + 1).to_numpy(float) + left,
            "left": left,
            "charge": (rows["amount"].sum() / rows["month"].nunique()).to_numpy(float),
            "first_bill": rows["date"].min().to_numpy(),
            "last_bill": rows["date"].max().to_numpy(),
        }
    )


def month_number(days: pd.Series) -> pd.Series:
    """Return the number of each day's calendar month, rising by 1 a month."""
    return days.dt.year * 12 + days.dt.month


def ledger_predictors(table: pd.DataFrame, schema: Schema) -> tuple[Column, ...]:
    """Return the columns that predict survival: no time, and no sum of past charges."""
    sums = table[schema.time] * table[schema.money]
    return tuple(
        column
        for column in predictors(table, schema)
        if column.name != schema.time and not _is_sum(table, column, sums)
    )


def _is_sum(table: pd.DataFrame, column: Column, sums: pd.Series) -> bool:
    if column.kind != "number":
        return False
    return bool(table[column.name].corr(sums, method="spearman") >= _SUM)

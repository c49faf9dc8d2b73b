"""Transactions as files give them: one row a purchase, every cell as text, rows numbered."""

from __future__ import annotations

from typing import Final

import pandas as pd

from churnlens.schema import Frozen


class TransactionError(ValueError):
    """Transactions that nothing can be computed from; says what, got, expected, next."""


class TransactionColumns(Frozen):
    """Which column of a table is what; see `conf/base/clv` for trades.

    Attributes:
        customer, date, amount: needed.
        currency: code of each amount, or empty.
        order: key of the purchase, or empty; rows that share it are repeats of one another only
            when all their cells are the same.
        cost: of serving it, or empty; the rest of the amount is the margin.
    """

    customer: str = "customer_id"
    date: str = "date"
    amount: str = "amount"
    currency: str = "currency"
    order: str = "order_id"
    cost: str = "cost"


CDNOW_FIELDS: Final = ("master_id", "customer_id", "date", "items", "amount")


def read_cdnow(text: str) -> pd.DataFrame:
    """Read the fixed public form: master id, sample id, YYYYMMDD, number of CDs, dollars.

    Returns:
        Columns `customer_id`, `date`, `amount` as text, one row a line.

    Raises:
        TransactionError: naming the first line that has not five fields.
    """
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not (cells := line.split()):
            continue
        if len(cells) != len(CDNOW_FIELDS):
            raise TransactionError(
                f"line {number}: got {len(cells)} fields, expected {len(CDNOW_FIELDS)}: "
                f"{', '.join(CDNOW_FIELDS)}; next: mend the line, or give a CSV with a header"
            )
        rows.append(cells)
    frame = pd.DataFrame(rows, columns=list(CDNOW_FIELDS), dtype=str)
    return frame[["customer_id", "date", "amount"]]


def take_columns(table: pd.DataFrame, columns: TransactionColumns) -> pd.DataFrame:
    """Return a raw table under the names that the task uses.

    Args:
        table: every cell as text, as `RawTableDataset` gives it.
        columns: which column is what.

    Returns:
        `customer_id`, `date`, `amount`, and `currency`, `order_id`, `cost` where the table has
        them.

    Raises:
        TransactionError: naming the columns that are missing, and those that are there.
    """
    needed = {columns.customer: "customer_id", columns.date: "date", columns.amount: "amount"}
    if missing := [name for name in needed if name not in table]:
        raise TransactionError(
            f"no column {missing}; the table has {[str(name)[:40] for name in table][:20]}; next: "
            "rename them, or name yours in a file of conf/base/clv"
        )
    optional = {columns.currency: "currency", columns.order: "order_id", columns.cost: "cost"}
    names = needed | {name: to for name, to in optional.items() if name in table}
    return table[list(names)].rename(columns=names)

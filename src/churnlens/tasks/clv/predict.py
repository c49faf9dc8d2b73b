"""Values of a file of transactions, by the models of a run; rows that do not count are named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

import pandas as pd

from churnlens.dialogues.keys import customer_key
from churnlens.options import TransactionOptions
from churnlens.schema import Column
from churnlens.tasks.clv.contract_rows import as_ledger, contract_rows
from churnlens.tasks.clv.customer_values import ValueModel, value_customers
from churnlens.tasks.clv.cuts import first_unknown_day
from churnlens.tasks.clv.features import features_at
from churnlens.tasks.clv.presets import Preset
from churnlens.tasks.clv.readers import TransactionColumns, take_columns
from churnlens.tasks.clv.transactions import check_transactions, exclusions, expectation

PREDICTED: Final = ("customer_id", "clv", "clv_low", "clv_high", "segment", "rank")
_NAMED: Final = 5


def read_transactions(
    raw: pd.DataFrame, preset: Preset, options: TransactionOptions
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the transactions that count, and why each row of the file does not, empty if it does.

    Args:
        raw: every cell as text, with the trade's columns, or `customer_id`, `date`, `amount`.
        preset: of the trade.
        options: which rows count; the currency is the trade's.

    Raises:
        TransactionError: for columns that are missing, or more rows left out than allowed.
    """
    own = preset.columns.customer in raw or "customer_id" not in raw
    given = take_columns(raw, preset.columns if own else TransactionColumns())
    read = options.model_copy(update={"currency": preset.value.currency})
    purchases, _ = check_transactions(given, read)
    keys = {key: customer_key(key) or key for key in purchases["customer_id"].unique()}
    return purchases.assign(customer_id=purchases["customer_id"].map(keys)), exclusions(given, read)


def name_rows(reasons: pd.Series) -> str:
    """Return which rows were left out, why, and what is expected; empty where none was."""
    numbers = pd.Series(range(1, len(reasons) + 1), index=reasons.index)
    parts = []
    for reason, rows in numbers[reasons != ""].groupby(reasons[reasons != ""], sort=False):
        listed = ", ".join(map(str, rows.head(_NAMED)))
        more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        parts.append(f"{reason} {len(rows)} (row {listed}{more}): {expectation(str(reason))}")
    left_out = int((reasons != "").sum())
    return f"{left_out} of {len(reasons)} rows left out: {'; '.join(parts)}" if parts else ""


def not_valued(raw: pd.DataFrame, preset: Preset, values: pd.DataFrame) -> pd.DataFrame:
    """Return a row without figures for each customer of a file all of whose rows were left out.

    Args:
        raw: the file, see `read_transactions`.
        preset: of the trade.
        values: of the other customers, with `PREDICTED`.

    Returns:
        `PREDICTED`, by key; `segment` is `not_valued`, the figures are empty.
    """
    own = preset.columns.customer in raw or "customer_id" not in raw
    given = take_columns(raw, preset.columns if own else TransactionColumns())["customer_id"]
    keys = {customer_key(key) or key for key in given.astype(str).str.strip().unique() if key}
    absent = sorted(keys - set(values["customer_id"]))
    empty = pd.DataFrame({"customer_id": absent, "segment": "not_valued"})
    return empty.reindex(columns=list(PREDICTED))


def value_purchases(
    purchases: pd.DataFrame,
    model: ValueModel,
    ledger: pd.DataFrame,
    columns: tuple[Column, ...] = (),
    value: Callable[..., pd.DataFrame] = value_customers,
) -> pd.DataFrame:
    """Return what each customer is worth after the last transaction.

    Args:
        purchases: checked.
        model: of a run.
        ledger: of the same run, whose attributes and margins known customers have; strangers are
            valued by their bills alone.
        columns: its attributes.
        value: `value_customers`, or what does the same in shards.

    Returns:
        See `value_customers`.
    """
    last: date = purchases["date"].max().date()
    until = first_unknown_day(last, model.preset.kind)
    if model.preset.kind == "repeat":
        return value(model, features_at(purchases, until))
    rows = contract_rows(purchases, until, model.preset.grace_days, ledger, columns)
    own = as_ledger(rows, columns).assign(last_bill=rows["last_bill"])
    return value(model, rows, _joined(own, ledger))


def _joined(rows: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger of a file with what the run knew: who had left, and margins.

    Whoever has a bill since has come back.
    """
    names = [name for name in ("left", "last_bill", "margin", "margin_error") if name in ledger]
    both = rows.merge(
        ledger[["customer_id", *names]], on="customer_id", how="left", suffixes=("", "_then")
    )
    then = both.pop("left_then").eq(True)  # noqa: FBT003 (a value, not a switch)
    then &= both.pop("last_bill") <= both.pop("last_bill_then")
    gone = then & ~both["left"]
    return both.assign(left=both["left"] | then, months=both["months"] + gone)

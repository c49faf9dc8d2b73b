"""From transactions to rows of what was known at cuts in time, and what was spent after them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import pandas as pd
from kedro.io.core import DatasetError

from churnlens.dialogues.keys import customer_key
from churnlens.options import ClvDataOptions, SplitOptions
from churnlens.pipelines.data_processing.validation import TableError, explain, find_faults
from churnlens.schema import Schema, parse_schema
from churnlens.tasks.clv.contract_rows import columns_in, contract_rows
from churnlens.tasks.clv.contracts import (
    ledger_of_bills,
    ledger_of_invoices,
)
from churnlens.tasks.clv.cuts import check_split, derive_split, first_unknown_day
from churnlens.tasks.clv.features import features_at, target_at
from churnlens.tasks.clv.presets import Preset
from churnlens.tasks.clv.readers import TransactionError, take_columns
from churnlens.tasks.clv.transactions import check_cohort, check_transactions

logger = logging.getLogger(__name__)
NOBODY = pd.DataFrame({"customer_id": pd.Series(dtype=str)})
RowsAt = Callable[[date], pd.DataFrame]


def prepare_transactions(
    transactions: pd.DataFrame, trade: dict[str, Any], options: ClvDataOptions
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Check every transaction, and say what was left out and where time is cut.

    Args:
        transactions: the raw table, every cell as text.
        trade: a file of `conf/base/clv`.
        options: which rows count, and the cuts.

    Returns:
        `customer_id` (hashed where it is personal), `date`, `amount` and perhaps `cost`; and the
        report: `TransactionReport`, `trade`, `kind`, `read` (which rows count), `split` and
        `until`, the first day unknown.

    Raises:
        DatasetError: for transactions that no model can be fitted to.
    """
    preset = Preset.model_validate(trade)
    read = options.transactions.model_copy(update={"currency": preset.value.currency})
    try:
        purchases, report = check_transactions(take_columns(transactions, preset.columns), read)
        check_cohort(purchases, read)
        split = _split(purchases, preset, options)
    except TransactionError as error:
        raise DatasetError(f"transactions: {error}") from None
    if left_out := {name: count for name, count in report.excluded.items() if count}:
        logger.warning(
            "%d of %d rows left out: %s", report.rows - report.kept, report.rows, left_out
        )
    keys = {key: customer_key(key) or key for key in purchases["customer_id"].unique()}
    purchases = purchases.assign(customer_id=purchases["customer_id"].map(keys))
    until = first_unknown_day(date.fromisoformat(report.last), preset.kind)
    return purchases, {
        **report.model_dump(mode="json"),
        "trade": preset.name,
        "kind": preset.kind,
        "read": read.model_dump(mode="json"),
        "split": split.model_dump(mode="json"),
        "until": until.isoformat(),
    }


def _split(purchases: pd.DataFrame, preset: Preset, options: ClvDataOptions) -> SplitOptions:
    first, last = (day.date() for day in (purchases["date"].min(), purchases["date"].max()))
    if options.split:
        return check_split(options.split, first, first_unknown_day(last, preset.kind))
    return derive_split(first, last, preset.kind, options.days, options.cuts)


def keep_contracts(
    purchases: pd.DataFrame,
    transaction_report: dict[str, Any],
    customer_table: pd.DataFrame | None,
    trade: dict[str, Any],
    schema: dict[str, Any],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the ledger of contracts as of now, and the schema of its attributes.

    Args:
        purchases: checked.
        transaction_report: says until when everything is known.
        customer_table: raw, or None where there is none.
        trade: says whether customers have contracts, and whether the table is of them.
        schema: of the table.

    Returns:
        See `contracts.ledger_of_bills` and `contracts.ledger_of_invoices`, without a row for repeat
        purchase; and an empty schema where no table was used.

    Raises:
        TableError: for a faulty table.
        DatasetError: when bills and table are not of the same customers.
    """
    preset = Preset.model_validate(trade)
    if preset.kind == "repeat":
        return NOBODY, {}
    until = date.fromisoformat(transaction_report["until"])
    if customer_table is None or not preset.table:
        return ledger_of_invoices(purchases, until, preset.grace_days), {}
    described = parse_schema(schema)
    table, faults = find_faults(customer_table, described)
    if faults:
        raise TableError(explain(faults, "customers"))
    table[described.key] = [customer_key(str(key)) for key in table[described.key]]
    try:
        ledger = ledger_of_bills(table, purchases, described)
    except TransactionError as error:
        raise DatasetError(
            f"transactions: {error}; or take the bills alone with a trade that has `table: false`"
        ) from None
    return ledger, described.model_dump(mode="json", exclude_defaults=True)


def divide_in_time(
    purchases: pd.DataFrame,
    transaction_report: dict[str, Any],
    ledger: pd.DataFrame,
    table_schema: dict[str, Any],
    trade: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return rows of training cuts, of the test cut, and of now.

    Args:
        purchases: checked.
        transaction_report: names the cuts.
        ledger: of contracts, whose attributes rows get.
        table_schema: of these attributes, or empty.
        trade: kind and grace days.

    Returns:
        Features at each cut, with `cut` and `target` but for now; see `features.rows_at` and, for
        contracts, `contract_rows`.
    """
    preset, split = Preset.model_validate(trade), SplitOptions(**transaction_report["split"])
    at = _rows_at(purchases, preset, ledger, parse_schema(table_schema) if table_schema else None)

    def with_target(cut: date) -> pd.DataFrame:
        rows = at(cut)
        target = target_at(purchases, rows["customer_id"], cut, split.days)
        return rows.assign(target=target, cut=cut.isoformat())

    train = pd.concat([with_target(cut) for cut in split.train], ignore_index=True)
    return train, with_target(split.test), at(date.fromisoformat(transaction_report["until"]))


def _rows_at(
    purchases: pd.DataFrame, preset: Preset, ledger: pd.DataFrame, schema: Schema | None
) -> RowsAt:
    if preset.kind == "repeat":
        return partial(features_at, purchases)
    if schema is None:
        return lambda cut: contract_rows(purchases, cut, preset.grace_days)
    columns = columns_in(ledger, schema)
    return lambda cut: contract_rows(purchases, cut, preset.grace_days, ledger, columns)

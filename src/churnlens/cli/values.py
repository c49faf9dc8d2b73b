"""Transactions on the command line: their check, and values of customers into a CSV file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from churnlens.cli.opening import open_values

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from churnlens.options import EngineOptions


def _read(file: str, encoding: str | None, preset: Any, options: Any) -> tuple[Any, Any, str]:
    """Return a file, its transactions, and which rows were left out; a message for none."""
    from churnlens.datasets import RawTableDataset
    from churnlens.tasks.clv.predict import name_rows, read_transactions
    from churnlens.tasks.clv.readers import TransactionError

    raw = RawTableDataset(filepath=file, encoding=encoding, parameter="transactions").load()
    try:
        purchases, reasons = read_transactions(raw, preset, options)
    except TransactionError as error:
        raise click.ClickException(f"{file}: {error}") from None
    return raw, purchases, name_rows(reasons)


def check_transactions_file(context: KedroContext, file: str, encoding: str | None) -> str:
    """Return what a file of transactions holds; a message for rows that would be left out."""
    from churnlens.options import ClvDataOptions
    from churnlens.tasks.clv.presets import Preset
    from churnlens.tasks.clv.readers import TransactionError
    from churnlens.tasks.clv.transactions import check_cohort

    preset = Preset.model_validate(context.catalog.load("trade"))
    given = context.catalog.load("params:clv.data_processing")
    options = ClvDataOptions.model_validate(given, from_attributes=True).transactions
    _, purchases, left_out = _read(file, encoding, preset, options)
    if left_out:
        raise click.ClickException(f"{file}: {left_out}; next: mend them, a run leaves them out")
    try:
        check_cohort(purchases, options)
    except TransactionError as error:
        raise click.ClickException(f"{file}: {error}") from None
    first, last = (day.date() for day in (purchases["date"].min(), purchases["date"].max()))
    return (
        f"{len(purchases)} transactions of {purchases['customer_id'].nunique()} customers from "
        f"{first} to {last} fit trade {preset.name} ({preset.value.currency})"
    )


def predict_values(context: KedroContext, source: Path, target: Path, engine: EngineOptions) -> str:
    """Write what the customers of a CSV file are worth, and return what was done.

    Rows that cannot count are named on standard error and left out; a customer without any other
    row is written without figures. A stopped call goes on where it was.
    """
    from churnlens.datasets.atomic import write_file
    from churnlens.hooks import data_root, run_lock
    from churnlens.tasks.clv.many import value_in_shards
    from churnlens.tasks.clv.predict import PREDICTED, not_valued, value_purchases
    from churnlens.tasks.retention.export import export_csv

    stored = open_values(context)
    since = {"most_excluded": 1.0, "end": None}  # a file may go on after the run's last day
    options = stored.model.read.model_copy(update=since)
    raw, purchases, left_out = _read(str(source), None, stored.model.preset, options)
    if left_out:
        click.echo(left_out, err=True)
    store = context.catalog.load("clv.prediction_cache")
    with run_lock(data_root(context)):
        value = partial(value_in_shards, store=store, engine=engine)
        values = value_purchases(purchases, *stored, value)[list(PREDICTED)]
    others = not_valued(raw, stored.model.preset, values)
    _, _, without = export_csv(others).partition("\n")  # the header stands once
    write_file(target, (export_csv(values) + without).encode("utf-8"))
    failed = f", {len(others)} of them without a value" if len(others) else ""
    return f"{len(values) + len(others)} customers are in {target}{failed}"

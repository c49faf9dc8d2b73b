"""From rows at training cuts to everything that values customers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict, Unpack

import pandas as pd
from kedro.io.core import DatasetError

from churnlens.models.lock import spec_of
from churnlens.models.weights import verify
from churnlens.options import ClvFinetuningOptions, TransactionOptions
from churnlens.schema import parse_schema
from churnlens.tasks.clv.contract_rows import columns_in
from churnlens.tasks.clv.customer_values import ValueRows, fit_values
from churnlens.tasks.clv.presets import Preset
from churnlens.tasks.clv.text_arm import fit_text


class Fitting(TypedDict):
    """What models of value are fitted by.

    Attributes:
        trade: what value means.
        checkpoints: folder of the trials of a search, from which a stopped one goes on.
    """

    trade: dict[str, Any]
    checkpoints: Path


def fit_value_models(
    train_rows: pd.DataFrame,
    current_rows: pd.DataFrame,
    ledger: pd.DataFrame,
    table_schema: dict[str, Any],
    transaction_report: dict[str, Any],
    options: ClvFinetuningOptions,
    **fitting: Unpack[Fitting],
) -> dict[str, Any]:
    """Fit floors, the parametric model, boosting and their stack on training cuts; find borders.

    Args:
        train_rows: of the training cuts.
        current_rows: at the day up to which everything is known.
        ledger: of contracts, else without rows.
        table_schema: of its attributes, or empty.
        transaction_report: says how long a target is, and which rows counted.
        options: see there.
        fitting: the trade, and where a search is kept.

    Returns:
        A `ValueModel`.

    Raises:
        DatasetError: when the rows identify no model.
    """
    preset = Preset.model_validate(fitting["trade"])
    schema = parse_schema(table_schema) if table_schema else None
    rows = ValueRows(
        train=train_rows,
        current=current_rows,
        days=transaction_report["split"]["days"],
        ledger=ledger if preset.kind == "contract" else None,
        columns=columns_in(ledger, schema),
        read=TransactionOptions(**transaction_report["read"]),
    )
    try:
        found = fit_values(rows, preset, options, fitting["checkpoints"])
    except ValueError as error:
        raise DatasetError(f"transactions: {error}") from None
    return found.model_dump(mode="json")


def fit_text_regression(
    train_rows: pd.DataFrame,
    table_schema: dict[str, Any],
    trade: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    options: ClvFinetuningOptions,
) -> tuple[Path | None, dict[str, Any], list[dict[str, Any]]]:
    """Tune a language model to regress spend from the customer as text.

    Args:
        train_rows: of the training cuts.
        table_schema: whose words the text has; empty where only payments are known.
        trade: names the currency.
        model_lock: names the base model.
        model_root: where fetched models are.
        checkpoints: folder from which a stopped training goes on.
        options: its `text`; without a head nothing is tuned.

    Returns:
        The folder of the tuned model or None, its `TextParts`, and the losses as rows.
    """
    if options.text.head is None:
        return None, {}, []
    fitted = fit_text(
        train_rows,
        parse_schema(table_schema) if table_schema else None,
        Preset.model_validate(trade).value.currency,
        options.text,
        model=verify(spec_of(model_lock, options.text.encoder), Path(model_root)),
        checkpoints=checkpoints,
    )
    return fitted.folder, fitted.parts.model_dump(mode="json"), fitted.history

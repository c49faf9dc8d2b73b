"""All that tells what a customer is worth, fitted once and kept: for a run, and for `predict`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from churnlens.options import ClvFinetuningOptions, SurvivalOptions, TransactionOptions
from churnlens.schema import Column, Frozen
from churnlens.tasks.clv.arms import ClvModel, Fit, fit_clv
from churnlens.tasks.clv.contract_arm import contract_fit
from churnlens.tasks.clv.contract_rows import read_columns
from churnlens.tasks.clv.contract_value import YEAR, contract_values
from churnlens.tasks.clv.contracts import margin_spread
from churnlens.tasks.clv.factors import contract_factors, repeat_factors
from churnlens.tasks.clv.presets import Preset
from churnlens.tasks.clv.repeat import RepeatModel, fit_repeat
from churnlens.tasks.clv.repeat_value import repeat_values
from churnlens.tasks.clv.segments import Borders, assign_segments, fit_borders
from churnlens.tasks.clv.survival import DiscreteHazard, fit_hazard
from churnlens.tasks.clv.tuning import Trial, tune

VALUE_COLUMNS = (
    "customer_id",
    "clv",
    "clv_low",
    "clv_high",
    "segment",
    "rank",
    "p_leave",
    "value_at_risk",
    "factors",
)


class ValueModel(Frozen):
    """What a run has learned.

    Attributes:
        preset: of the trade.
        options: as fitted; settings that were searched are in them.
        trials: of that search, the settings given first; none without a search.
        read: which transactions counted.
        arms: models of spend after a cut.
        repeat: for repeat purchase, at the day up to which everything is known.
        hazard, alone: for contracts, with the attributes of the customer table and without.
        margin: for contracts whose costs are known, its mean over all bills; `margin_spread` is its
            standard deviation between customers, a stranger's error.
        borders: between segments.
    """

    preset: Preset
    options: ClvFinetuningOptions
    trials: tuple[Trial, ...] = ()
    read: TransactionOptions = TransactionOptions()
    arms: ClvModel
    repeat: RepeatModel | None = None
    hazard: DiscreteHazard | None = None
    alone: DiscreteHazard | None = None
    margin: float | None = None
    margin_spread: float = 0.0
    borders: Borders


def arm_fit(
    kind: Literal["repeat", "contract"], columns: tuple[Column, ...], options: SurvivalOptions
) -> Fit:
    """Return what fits the parametric model of a trade to the rows of a cut."""
    return fit_repeat if kind == "repeat" else contract_fit(columns, options)


@dataclass(frozen=True, eq=False)
class ValueRows:
    """What value is learned from.

    Attributes:
        train: rows of the training cuts.
        current: rows at the day up to which everything is known.
        days: length of the target.
        ledger: of contracts, as of that day; None for repeat purchase.
        columns: attributes of the ledger.
        read: which transactions counted.
    """

    train: pd.DataFrame
    current: pd.DataFrame
    days: int
    ledger: pd.DataFrame | None = None
    columns: tuple[Column, ...] = ()
    read: TransactionOptions = TransactionOptions()


def fit_values(
    rows: ValueRows,
    preset: Preset,
    options: ClvFinetuningOptions,
    checkpoints: Path | None = None,
) -> ValueModel:
    """Fit everything that values customers.

    Args:
        rows: see there.
        preset: of the trade.
        options: see there.
        checkpoints: folder whose `search.db` keeps the trials of a search; None keeps them nowhere.

    Raises:
        ValueError: when the rows identify no model, such as when nobody came back.
    """
    train, columns, ledger = rows.train, rows.columns, rows.ledger
    read = read_columns(train)
    storage = checkpoints / "search.db" if checkpoints else None
    models, trials = tune(train, options.models, read, storage)
    tuned = options.model_copy(update={"models": models})
    fit = arm_fit(preset.kind, columns, options.survival)
    arms = fit_clv(train, rows.days, tuned.models, fit, read)
    borders = Borders(low=0, high=0, at_risk=options.segments.at_risk)
    model = ValueModel(
        preset=preset, options=tuned, trials=trials, read=rows.read, arms=arms, borders=borders
    )
    if ledger is None:
        model = model.model_copy(update={"repeat": fit_repeat(rows.current)})
        values = _repeat_values(model, rows.current)
    else:
        survival = _periods(columns, options.survival)
        learned = {
            "hazard": fit_hazard(ledger, columns, survival),
            "alone": fit_hazard(ledger, (), survival),
            **_margins(ledger),
        }
        model = model.model_copy(update=learned)
        values = _contract_values(model, ledger)
    lost = options.segments.lost if ledger is None else 1.0
    return model.model_copy(update={"borders": fit_borders(values, options.segments, lost)})


def value_customers(
    model: ValueModel, rows: pd.DataFrame, ledger: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return what each customer is worth, his segment and rank, and what his spend rests on.

    Args:
        model: see `fit_values`.
        rows: features at the day from which value counts.
        ledger: of contracts, as of that day: what is valued.

    Returns:
        `VALUE_COLUMNS`, one row a customer, by rank; `factors` as in `factors.repeat_factors` and
        `factors.contract_factors`, empty for who has left.
    """
    values = _repeat_values(model, rows) if ledger is None else _contract_values(model, ledger)
    found = assign_segments(values, model.borders)
    told = _factors(model, rows, ledger)
    found = found.assign(factors=found["customer_id"].map(told).fillna(""))
    return found.sort_values("rank")[list(VALUE_COLUMNS)].reset_index(drop=True)


def _repeat_values(model: ValueModel, rows: pd.DataFrame) -> pd.DataFrame:
    if model.repeat is None:
        raise ValueError("the model is of contracts; expected one of repeat purchase")
    return repeat_values(model.arms, model.repeat, rows, model.preset.value, model.options.models)


def _contract_values(model: ValueModel, ledger: pd.DataFrame) -> pd.DataFrame:
    """Value the ledger; customers without attributes by the hazard that reads none."""
    if model.margin is not None:
        given = ledger.get("margin", pd.Series(np.nan, index=ledger.index))
        error = ledger.get("margin_error", pd.Series(np.nan, index=ledger.index))
        ledger = ledger.assign(
            margin=given.fillna(model.margin), margin_error=error.fillna(model.margin_spread)
        )
    options = model.options.models
    parts = [
        contract_values(
            hazard, part, model.preset.value, coverage=options.coverage, seed=options.seed
        )
        for hazard, part in _by_hazard(model, ledger)
    ]
    return pd.concat(parts, ignore_index=True)


def _factors(model: ValueModel, rows: pd.DataFrame, ledger: pd.DataFrame | None) -> dict[str, str]:
    """Return what the value of each customer rests on."""
    if ledger is None:
        if model.repeat is None:
            raise ValueError("the model is of contracts; expected one of repeat purchase")
        told = repeat_factors(model.arms, model.repeat, rows)
        return dict(zip(rows["customer_id"], told, strict=True))
    here = ledger[~ledger["left"]]
    return {
        key: text
        for hazard, part in _by_hazard(model, here)
        for key, text in zip(part["customer_id"], contract_factors(hazard, part), strict=True)
    }


def _by_hazard(
    model: ValueModel, ledger: pd.DataFrame
) -> list[tuple[DiscreteHazard, pd.DataFrame]]:
    """Return the hazards and whom they are for: the one that reads no attributes for strangers."""
    if model.hazard is None or model.alone is None:
        raise ValueError("the model is of repeat purchase; expected one of contracts")
    names = [term.column for term in model.hazard.encoding.terms]
    known = ledger.reindex(columns=names).notna().all(axis=1)
    parts = ((model.hazard, ledger[known]), (model.alone, ledger[~known]))
    return [(hazard, part) for hazard, part in parts if len(part)]


def _periods(columns: tuple[Column, ...], options: SurvivalOptions) -> SurvivalOptions:
    """Return a year as the period where a table says who left in it, else a month."""
    return options.model_copy(update={"period": YEAR}) if columns else options


def _margins(ledger: pd.DataFrame) -> dict[str, float]:
    if "margin" not in ledger:
        return {}
    margin = ledger["margin"].to_numpy(float)
    paid = (ledger["charge"] * (ledger["months"] > 0)).to_numpy(float)
    mean = float(np.average(margin, weights=paid))
    return {"margin": mean, "margin_spread": margin_spread(margin, paid)}

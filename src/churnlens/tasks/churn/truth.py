"""Drivers judged against the odds ratios that the demo data were made with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.evaluation.oracle import Either, Filter, oracle_mask
from churnlens.evidence.cohort import gate, summarize_cohort
from churnlens.evidence.drivers import Driver, find_drivers
from churnlens.evidence.query import select
from churnlens.evidence.study import Population
from churnlens.options import DriverOptions
from churnlens.schema import Frozen, Schema

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FIRST = 3
CLEAR_EFFECT = np.log(1.2)  # below it the sign of an estimate is a coin's


class Share(Frozen):
    """A share of `n` judgements, without an interval: they are about the same customers."""

    value: float
    n: int


class DriverScore(Frozen):
    """How the driver search does where the truth is known.

    The groups overlap, so that the judgements depend on each other: an interval for independent
    ones would be far too narrow, and none is given.

    Attributes:
        cohorts: groups that were searched.
        precision: of the first three reported drivers, those with a planted effect on leaving.
        sign: adjusted odds ratios on the side of 1 on which the planted one is, of the attributes
            whose planted odds ratio is beyond 1.2 or below 1/1.2.
        coverage: planted odds ratios inside the 95 % interval of the adjusted one. The charge,
            which is the sum of services, is left out of sign and coverage.
    """

    cohorts: int
    precision: Share | None
    sign: Share | None
    coverage: Share | None


def fits(truth: Mapping[str, Any], keys: Iterable[str]) -> bool:
    """Whether the truth was planted in these customers, by the hash of their sorted keys."""
    text = "\n".join(sorted(str(key) for key in keys))
    return bool(truth.get("keys_sha256") == hashlib.sha256(text.encode()).hexdigest())


def planted_parts(table: pd.DataFrame, truth: Mapping[str, Any]) -> dict[str, Floats]:
    """Return column → its part of the planted linear predictor, (n_rows,) each."""
    parts = {
        column: np.log(ratio) * table[column].to_numpy(float)
        for column, ratio in truth["odds_ratios_per_unit"].items()
    }
    for key, ratio in truth["odds_ratios"].items():
        column, _, value = key.partition("=")
        part = np.log(ratio) * (table[column] == value).to_numpy(float)
        parts[column] = parts.get(column, 0.0) + part
    return parts


def planted_effect(
    table: pd.DataFrame, schema: Schema, members: Mask, column: str, parts: Mapping[str, Floats]
) -> float:
    """Return the planted log odds ratio of the members against comparable others of a cohort.

    The definition of `evidence.adjust` in plain words: the own column's part of the planted
    linear predictor, members minus those others to whom the same attributes apply.

    Args:
        table: the rows of the cohort.
        schema: tells which values mean that an attribute does not apply.
        members: (n_rows,) who belongs to the candidate.
        column: the candidate's column.
        parts: from `planted_parts`, for these rows.

    Returns:
        The difference; NaN when there is nobody to compare with.
    """
    part, others = parts.get(column, np.zeros(len(table))), ~members
    for other in schema.attributes():
        values = [value.value for value in other.values if value.absent]
        if not values:
            continue
        lacking = table[other.name].isin(values).to_numpy()
        if lacking[members].all() or (not lacking[members].any() and lacking[~members].all()):
            part = part + (parts.get(other.name, 0.0) if other.name != column else 0.0)
        elif not lacking[members].any():
            others = others & ~lacking
    return float(part[members].mean() - part[others].mean()) if others.any() else float("nan")


def _columns(filters: Filter) -> set[str]:
    flat = (part.any_of if isinstance(part, Either) else (part,) for part in filters)
    return {condition.column for conditions in flat for condition in conditions}


def judge_drivers(
    drivers: Sequence[Driver], table: pd.DataFrame, schema: Schema, truth: Mapping[str, Any]
) -> pd.DataFrame:
    """Return one row a candidate: rank, verdict, planted and estimated log odds ratio.

    Args:
        drivers: as `find_drivers` orders them.
        table: the rows of the cohort.
        schema: of the table.
        truth: the planted odds ratios.
    """
    parts = planted_parts(table, truth)
    rows = []
    for rank, driver in enumerate(drivers):
        members = select(driver.candidate.conditions, table)
        column, adjusted = driver.candidate.column, driver.adjusted
        found = (adjusted.value, adjusted.low, adjusted.high) if adjusted else (np.nan,) * 3
        rows.append(
            {
                "rank": rank,
                "column": column,
                "reported": driver.reported,
                "planted": planted_effect(table, schema, members, column, parts),
                **dict(zip(("value", "low", "high"), np.log(found), strict=True)),
            }
        )
    return pd.DataFrame(rows)


def _share(hits: pd.Series) -> Share | None:
    return Share(value=float(hits.mean()), n=len(hits)) if len(hits) else None


def summarize_drivers(judged: Iterable[pd.DataFrame], schema: Schema) -> DriverScore:
    """Return the figures over the candidates of all cohorts, as `judge_drivers` has them."""
    each = list(judged)
    rows = pd.concat(each, ignore_index=True)
    first = rows[rows["reported"] & (rows["rank"] < FIRST)]
    known = rows[rows["column"] != schema.money].dropna(subset=["planted", "value"])
    clear = known[known["planted"].abs() > CLEAR_EFFECT]
    return DriverScore(
        cohorts=len(each),
        precision=_share(first["planted"] > 0),
        sign=_share(np.sign(clear["value"]) == np.sign(clear["planted"])),
        coverage=_share(known["planted"].between(known["low"], known["high"])),
    )


def score_drivers(
    population: Population,
    truth: Mapping[str, Any],
    filters: Iterable[Filter],
    options: DriverOptions,
) -> DriverScore | None:
    """Search drivers of leaving in every group that is large enough, and judge them.

    Args:
        population: the demo customers.
        truth: what was planted in them.
        filters: groups in the form of the question bench; repeated ones count once.
        options: gates and floors.

    Returns:
        The figures; None when no group is large enough.
    """
    table, schema, judged = population.table, population.schema, []
    for each in dict.fromkeys(filters):
        mask = oracle_mask(each, table).to_numpy(bool)
        figures = summarize_cohort(mask, population.left)
        if gate(figures, options.min_customers, options.min_events):
            continue
        drivers = find_drivers(population.panel, mask, "left", options, _columns(each))
        if drivers:
            inside = table[mask].reset_index(drop=True)
            judged.append(judge_drivers(drivers, inside, schema, truth))
    return summarize_drivers(judged, schema) if judged else None

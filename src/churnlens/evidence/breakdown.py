"""Rates of leaving by the values of a column: "which contract has the highest churn"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.evidence.candidates import Candidate, column_candidates
from churnlens.evidence.cohort import CohortFigures, gate, summarize_cohort
from churnlens.evidence.query import Query, conditions, select
from churnlens.options import DriverOptions
from churnlens.schema import Schema

Mask = NDArray[np.bool_]
Part = tuple[Candidate, CohortFigures]
MOST_PARTS = 8  # that are told of one column


@dataclass(frozen=True)
class Breakdown:
    """A cohort divided by one column.

    Attributes:
        column: its name.
        told: values or bands with their figures, the highest rate of the asked outcome first.
        lower: those with lower rates that are too many to be told.
        small: those below the gates.
    """

    column: str
    told: tuple[Part, ...]
    lower: tuple[Part, ...]
    small: tuple[Part, ...]


def _by_rate(part: Part) -> float:
    return part[1].events / part[1].size


def _divide(
    query: Query, name: str, mask: Mask, left: Mask, table: pd.DataFrame, schema: Schema
) -> list[Part]:
    """Return every value or band of a column inside the cohort that somebody has."""
    parts = [
        (each, summarize_cohort(mask & select(each.conditions, table), left))
        for each in column_candidates(schema.column(name), absent=True)
    ]
    found = [part for part in parts if part[1].size]
    return sorted(found, key=_by_rate, reverse=query.outcome == "left")


def break_down(
    query: Query,
    mask: Mask,
    left: Mask,
    table: pd.DataFrame,
    schema: Schema,
    options: DriverOptions,
) -> tuple[Breakdown, ...]:
    """Divide a cohort by each column by which rates are asked.

    Args:
        query: names the columns. One that the cohort selects by divides it no further.
        mask: (n_rows,) the cohort.
        left: (n_rows,) who left.
        table: the validated table.
        schema: its schema.
        options: hold the gates, which are those of any group.
    """
    if query.compare_to is not None:
        return ()
    taken = {condition.column for condition in conditions(query.cohort)}
    found = []
    for name in (name for name in query.by if name not in taken):
        parts = _divide(query, name, mask, left, table, schema)
        small = [part for part in parts if gate(part[1], options.min_customers, options.min_events)]
        large = [part for part in parts if part not in small]
        found.append(
            Breakdown(name, tuple(large[:MOST_PARTS]), tuple(large[MOST_PARTS:]), tuple(small))
        )
    return tuple(found)

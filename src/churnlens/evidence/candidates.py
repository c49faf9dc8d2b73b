"""Driver candidates: what a schema lets us suspect, as labelled yes/no memberships of rows."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.evidence.query import select
from churnlens.evidence.units import with_unit
from churnlens.schema import Column, Condition, Frozen, Schema, Text

Mask = NDArray[np.bool_]


class Candidate(Frozen):
    """A value of a category column, or a band of a number column.

    Attributes:
        name: `Contract=Month-to-month`, or for bands `tenure<12`, `12<=tenure<24`, `tenure>=60`.
        label: completes the sentence "customers …".
        conditions: what a member satisfies; all of them.
    """

    name: str
    column: str
    label: Text
    conditions: tuple[Condition, ...]


def _band_label(column: Column, low: float | None, high: float | None) -> Text:
    """Return the words of [low, high); None means open on that side."""
    name, unit = column.label, column.unit
    if low is None and high is not None:
        top = with_unit(f"{high:g}", unit, " ")
        return Text(en=f"whose {name.en} is below {top.en}", zh=f"{name.zh}不足 {top.zh}")
    if high is None:
        bottom = with_unit(f"{low:g}", unit, " ")
        return Text(en=f"whose {name.en} is {bottom.en} or more", zh=f"{name.zh} {bottom.zh}及以上")
    if column.integer:
        top = with_unit(f"{high - 1:g}", unit, " ")
        return Text(
            en=f"whose {name.en} is {low:g} to {top.en}", zh=f"{name.zh} {low:g} 至 {top.zh}"
        )
    top = with_unit(f"{high:g}", unit, " ")
    return Text(
        en=f"whose {name.en} is {low:g} to under {top.en}",
        zh=f"{name.zh} {low:g} 及以上、不足 {top.zh}",
    )


def _band(column: Column, low: float | None, high: float | None) -> Candidate:
    name, conditions = column.name, []
    if low is not None:
        conditions.append(Condition(column=column.name, op="ge", value=low))
        name = f"{low:g}<={name}" if high is not None else f"{name}>={low:g}"
    if high is not None:
        conditions.append(Condition(column=column.name, op="lt", value=high))
        name = f"{name}<{high:g}"
    return Candidate(
        name=name,
        column=column.name,
        label=_band_label(column, low, high),
        conditions=tuple(conditions),
    )


def column_candidates(column: Column, *, absent: bool = False) -> list[Candidate]:
    """Return the values of a category column, or the bands of a number, if it has any.

    Args:
        column: of either kind.
        absent: whether values are wanted too that restate another column.
    """
    if column.kind == "number":
        borders = (None, *column.cuts, None) if column.cuts else ()
        return [_band(column, low, high) for low, high in itertools.pairwise(borders)]
    return [
        Candidate(
            name=f"{column.name}={value.value}",
            column=column.name,
            label=value.label,
            conditions=(Condition(column=column.name, op="eq", value=value.value),),
        )
        for value in column.values
        if absent or not value.absent
    ]


def list_candidates(schema: Schema) -> tuple[Candidate, ...]:
    """Return every value and band of the columns that the schema opens to the driver search.

    Values marked `absent` are left out: they restate another column. A number without `cuts`
    has no bands.
    """
    columns = (column for column in schema.attributes() if column.driver)
    return tuple(itertools.chain.from_iterable(map(column_candidates, columns)))


def find_members(candidates: tuple[Candidate, ...], table: pd.DataFrame) -> Mask:
    """Return who belongs to each candidate, shape (n_rows, n_candidates)."""
    columns = [select(candidate.conditions, table) for candidate in candidates]
    return np.column_stack(columns) if columns else np.zeros((len(table), 0), dtype=bool)


def distinct_candidates(members: Mask, event: Mask) -> Mask:
    """Return which candidates say something of their own inside a cohort.

    A candidate is dropped when every row or no row belongs to it, when an earlier candidate has
    the same members, or when its complement is a candidate too in which the event is more
    frequent (of two equal ones the earlier stays): "without support" rather than "with support".

    Args:
        members: (n_rows, n_candidates), rows of the cohort.
        event: (n_rows,) who has the asked outcome.

    Returns:
        Boolean array of shape (n_candidates,).
    """
    rows, count = members.shape
    exact = members.astype(np.float64)
    size = exact.sum(axis=0)
    events = event.astype(np.float64) @ exact
    together = exact.T @ exact
    rate = events / np.maximum(size, 1)
    earlier = np.tri(count, k=-1, dtype=bool)
    same = (together == size[:, None]) & (together == size[None, :]) & earlier
    opposite = (together == 0) & (size[:, None] + size[None, :] == rows)
    weaker = (rate[:, None] < rate[None, :]) | ((rate[:, None] == rate[None, :]) & earlier)
    constant = (size == 0) | (size == rows)
    dropped: Mask = constant | same.any(axis=1) | (opposite & weaker).any(axis=1)
    return ~dropped

"""A customer table as a design matrix for logistic models.

A category has one 0/1 column per value but its first; an `absent` value ("does not apply") has its
own, put last, so that it yields where it restates another column. A number is a line that may
bend at the schema's cuts (a linear spline), so that neither its own effect nor its confounding
has to be straight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.schema import Column, Schema

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

CONSTANT = -1  # owner of the intercept


@dataclass(frozen=True, eq=False)
class Design:
    """A table as numbers.

    Attributes:
        attributes: the columns of the table that describe a customer.
        x: (n_rows, p) intercept, attributes, then `absent` indicators.
        owner: (p,) index into `attributes`; -1 for the intercept.
        slope: (p,) change of the column per unit of its number where it changes; 0 elsewhere.
        pattern: (n_rows,) which attributes apply, as a row of `lacks`.
        lacks: (n_patterns, n_attributes) whether an attribute does not apply.
    """

    attributes: tuple[Column, ...]
    x: Floats
    owner: NDArray[np.int64]
    slope: Floats
    pattern: NDArray[np.int64]
    lacks: Mask


def _number_columns(column: Column, cells: Floats) -> tuple[list[Floats], list[float]]:
    """Return the line and its hinges, each divided by its spread, with their slopes."""
    parts = [cells - cells.mean(), *(np.maximum(cells - cut, 0.0) for cut in column.cuts)]
    spreads = [float(part.std()) or 1.0 for part in parts]
    return (
        [part / spread for part, spread in zip(parts, spreads, strict=True)],
        [1 / spread for spread in spreads],
    )


def build_design(table: pd.DataFrame, schema: Schema) -> Design:
    """Return the design matrix of a validated table (categories as str, numbers as float)."""
    attributes = tuple(c for c in schema.attributes() if c.name in table.columns)
    rows = len(table)
    absent = np.zeros((rows, len(attributes)), dtype=bool)
    columns, owner, slope = [np.ones(rows)], [CONSTANT], [0.0]
    for place, column in enumerate(attributes):
        if column.kind == "number":
            parts, slopes = _number_columns(column, table[column.name].to_numpy(float))
        else:
            cells = table[column.name].to_numpy(object)
            applying = [value.value for value in column.values if not value.absent]
            parts = [(cells == value).astype(float) for value in applying[1:]]
            slopes = [0.0] * len(parts)
            absent[:, place] = ~table[column.name].isin(applying).to_numpy(bool)
        columns += parts
        owner += [place] * len(parts)
        slope += slopes
    missing = np.flatnonzero(absent.any(axis=0))
    lacks, pattern = np.unique(absent, axis=0, return_inverse=True)
    return Design(
        attributes=attributes,
        x=np.column_stack([*columns, absent[:, missing]]),
        owner=np.array([*owner, *missing]),
        slope=np.array([*slope, *np.zeros(len(missing))]),
        pattern=pattern.ravel(),
        lacks=lacks,
    )


def with_group(design: Design, mask: Mask) -> tuple[Design, int]:
    """Return the design with membership in a group as one more attribute, and its index."""
    group = len(design.attributes)
    grouped = replace(
        design,
        x=np.column_stack([design.x[:, :1], mask, design.x[:, 1:]]).astype(float),
        owner=np.insert(design.owner, 1, group),
        slope=np.insert(design.slope, 1, 0.0),
        lacks=np.insert(design.lacks, group, values=False, axis=1),
    )
    return grouped, group

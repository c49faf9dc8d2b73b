"""Filters of the question bench, and the rows that they select.

Computed apart from the product's own selection, so that the two can be compared.
"""

from __future__ import annotations

from typing import Literal

import pandas as pd

from churnlens.schema import Condition, Frozen, Quantile

Ask = Literal["why", "how_many", "compare", "what_to_do"]
Atom = Condition | Quantile


class Either(Frozen):
    """Alternatives, in the JSON form that a parsed question has."""

    any_of: tuple[Atom, ...]


Filter = tuple[Atom | Either, ...]


class Meaning(Frozen):
    """What a question asks; the filters and `ask` are empty if it cannot be answered."""

    answerable: bool
    cohort: Filter = ()
    compare_to: Filter | None = None
    outcome: Literal["left", "stayed"] | None = None
    ask: Ask | None = None


_OPPOSITE = {"eq": "ne", "in": "not_in", "ge": "lt", "gt": "le"}
_OPPOSITE |= {other: name for name, other in _OPPOSITE.items()}


def complement(filters: Filter) -> Filter:
    """Return a filter for exactly the other rows.

    Raises:
        ValueError: when alternatives stand beside other conditions, or nothing is filtered.
    """
    if len(filters) == 1 and isinstance(filters[0], Either):
        return tuple(_negate(each) for each in filters[0].any_of)
    if not filters or any(isinstance(part, Either) for part in filters):
        raise ValueError("the rest of a group is defined for plain conditions or for one any_of")
    negated = tuple(_negate(part) for part in filters if not isinstance(part, Either))
    return negated if len(negated) == 1 else (Either(any_of=negated),)


def _negate(atom: Atom) -> Atom:
    return type(atom).model_validate(atom.model_dump() | {"op": _OPPOSITE[atom.op]})


def oracle_mask(conditions: Filter, table: pd.DataFrame) -> pd.Series:
    """Return which rows a filter selects, computed apart from the product's own selection.

    Args:
        conditions: parts that all hold; none selects every row.
        table: a validated table; categories are compared as strings, the rest as numbers.

    Returns:
        Boolean series with the index of the table.
    """
    chosen = pd.DataFrame(index=table.index)
    for number, part in enumerate(conditions):
        chosen[number] = _selected(part, table)
    return chosen.all(axis="columns")


def _selected(part: Atom | Either, table: pd.DataFrame) -> pd.Series:
    if isinstance(part, Either):
        chosen = [_selected(each, table) for each in part.any_of]
        return pd.concat(chosen, axis="columns").any(axis="columns")
    cells = table[part.column]
    if isinstance(part, Quantile):
        numbers = cells.astype(float)
        threshold = float(f"{numbers.quantile(part.quantile):.15g}")  # without binary dust
        return getattr(numbers, part.op)(threshold)
    values = list(part.value) if isinstance(part.value, tuple) else [part.value]
    cells = cells.astype(str if isinstance(values[0], str) else float)
    if part.op in ("in", "not_in"):
        return cells.isin(values) == (part.op == "in")
    return getattr(cells, part.op)(values[0])

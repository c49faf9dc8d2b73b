"""A question as a typed filter, and the rows that it selects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd

from churnlens.schema import Condition, Frozen, Language, Schema

Ask = Literal["why", "how_many", "compare", "what_to_do"]


class AnyOf(Frozen):
    """Alternatives ("or") over different columns; inside one column `in` says the same."""

    any_of: tuple[Condition, ...]


Filter = tuple[Condition | AnyOf, ...]


class Query(Frozen):
    """What was asked, in the closed language that the table can answer.

    Attributes:
        question: the text as typed.
        cohort: conditions that all hold; empty means every customer.
        compare_to: the other group of "A versus B"; None when nothing is compared.
        outcome: `left` ("why did they leave"), `stayed` ("why did they stay").
        ask: what kind of answer is wanted.
        problems: why the table cannot answer, one short key and the words at fault each,
            for instance `unknown_topic: weather`; empty when it can.
        notes: what was understood without selecting anybody (`term: new`, `topic: price`) and
            what was passed over (`ignored: elucidate`).
    """

    question: str
    language: Language
    cohort: Filter = ()
    compare_to: Filter | None = None
    outcome: Literal["left", "stayed"] = "left"
    ask: Ask = "why"
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the table can answer."""
        return not self.problems


def conditions(filters: Filter) -> Iterator[Condition]:
    """Yield every single condition of a filter, those inside "or" too."""
    for part in filters:
        yield from part.any_of if isinstance(part, AnyOf) else (part,)


_COMPARE = {"ge": np.greater_equal, "gt": np.greater, "le": np.less_equal, "lt": np.less}


def _holds(condition: Condition, table: pd.DataFrame) -> np.ndarray:
    cells = table[condition.column]
    if condition.op in _COMPARE:
        return np.asarray(
            _COMPARE[condition.op](cells.to_numpy(float), float(str(condition.value)))
        )
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    inside = cells.isin(list(wanted)).to_numpy(bool)
    return ~inside if condition.op in ("ne", "not_in") else inside


def select(filters: Filter, table: pd.DataFrame) -> np.ndarray:
    """Return which rows satisfy every condition.

    Args:
        filters: the conditions; an empty filter selects every row.
        table: a validated table (categories as strings, numbers as floats).

    Returns:
        Boolean array of shape (n_rows,).
    """
    mask = np.ones(len(table), dtype=bool)
    for part in filters:
        if isinstance(part, AnyOf):
            mask &= np.logical_or.reduce([_holds(each, table) for each in part.any_of])
        else:
            mask &= _holds(part, table)
    return mask


_SIGNS = {"eq": "=", "ne": "≠", "in": "∈", "not_in": "∉"}
_SIGNS |= {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def _number(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float | int) else value


def _describe(condition: Condition, schema: Schema, language: Language) -> str:
    column = schema.column(condition.column)
    if column.kind == "category" and condition.op == "eq":
        return column.value(str(condition.value)).label.of(language)
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if column.kind == "category":
        names = [column.value(str(value)).label.of(language) for value in values]
        joined = (" or " if language == "en" else "或").join(names)
        negative = condition.op in ("ne", "not_in")
        return (("not " if language == "en" else "不是") if negative else "") + joined
    unit = f" {column.unit}" if column.unit else ""
    return f"{column.label.of(language)} {_SIGNS[condition.op]} {_number(values[0])}{unit}"


def describe(filters: Filter, schema: Schema, language: Language) -> str:
    """Return the filter as a phrase: "customers on fiber internet, tenure ≤ 12 month"."""
    parts = []
    for part in filters:
        each = part.any_of if isinstance(part, AnyOf) else (part,)
        words = [_describe(condition, schema, language) for condition in each]
        parts.append((" or " if language == "en" else "或").join(words))
    noun = schema.noun.of(language)
    if language == "zh":
        return "、".join(parts) + (f"的{noun}" if parts else f"全部{noun}")
    return f"{noun} " + ", ".join(parts) if parts else f"all {noun}"

"""A filter that a person has edited: checked against the table, and asked in another's place."""

from __future__ import annotations

import math

from churnlens.evidence.query import Filter, Query, conditions
from churnlens.schema import Column, Condition, Frozen, Schema

MOST_CONDITIONS = 40
_SINGLE, _SEVERAL = ("eq", "ne"), ("in", "not_in")


class FilterError(ValueError):
    """A filter that selects nothing that the table knows; says why without a value."""


class Edit(Frozen):
    """Whom a question is asked about instead of those that it names."""

    cohort: Filter
    compare_to: Filter | None = None


def edited(query: Query, edit: Edit, schema: Schema) -> Query:
    """Return the query about other customers; what cannot be answered stays so.

    Raises:
        FilterError: for a condition that the columns of the table cannot have.
    """
    for filters in (edit.cohort, edit.compare_to or ()):
        check_filter(filters, schema)
    alone = query.ask == "compare" and edit.compare_to is None
    return query.model_copy(
        update={
            "cohort": edit.cohort,
            "compare_to": edit.compare_to,
            "ask": "why" if alone else query.ask,
        }
    )


def check_filter(filters: Filter, schema: Schema) -> None:
    """Raise FilterError for a column that is not offered, or a value that it cannot have."""
    found = list(conditions(filters))
    if len(found) > MOST_CONDITIONS:
        raise FilterError(f"{len(found)} conditions; expected at most {MOST_CONDITIONS}")
    if any(not isinstance(part, Condition) and not part.any_of for part in filters):
        raise FilterError("alternatives without any; expected one at least")
    columns = {column.name: column for column in schema.attributes()}
    for place, condition in enumerate(found, 1):
        column = columns.get(condition.column)
        if column is None:
            names = ", ".join(columns)
            raise FilterError(f"condition {place}: no such column; expected one of {names}"[:300])
        if not _fits(condition, column):
            raise FilterError(f"condition {place}: expected {_expected(column)}"[:300])


def _fits(condition: Condition, column: Column) -> bool:
    several = isinstance(condition.value, tuple)
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if not values or several != (condition.op in _SEVERAL):
        return False
    if column.kind == "category":
        known = {value.value for value in column.values}
        return condition.op in (*_SINGLE, *_SEVERAL) and known.issuperset(values)
    return all(isinstance(value, float | int) and math.isfinite(value) for value in values)


def _expected(column: Column) -> str:
    if column.kind == "number":
        return f"a number, or several with in or not_in, for {column.name}"
    values = ", ".join(value.value for value in column.values)
    return f"eq, ne, in or not_in with values of {column.name}: {values}"

"""The algebra of filters: negation, alternatives, complement and one normal form.

Inside this package a filter is a conjunction of clauses, and a clause is a tuple of conditions of
which any may hold (conjunctive normal form).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from churnlens.evidence.parsing.lexicon import negative_value, positive_value
from churnlens.evidence.query import AnyOf, Filter
from churnlens.schema import Column, Condition, Schema

Clause = tuple[Condition, ...]
Clauses = tuple[Clause, ...]
_OPPOSITE = {
    "eq": "ne", "ne": "eq", "in": "not_in", "not_in": "in",
    "ge": "lt", "lt": "ge", "gt": "le", "le": "gt",
}  # fmt: skip
_NEGATIVE = ("ne", "not_in")


class Contradiction(ValueError):
    """Conditions that no row can fulfil; the message is the label of the column at fault."""


def opposite(condition: Condition) -> Condition:
    """Return the condition that holds exactly where this one does not."""
    return condition.model_copy(update={"op": _OPPOSITE[condition.op]})


def without(condition: Condition, schema: Schema) -> Condition:
    """Return what "without …" means: the No of a yes/no attribute, else the plain opposite.

    A customer "without tech support" has TechSupport = No; who has no internet at all is not
    meant, because the question does not arise for him.
    """
    column = schema.column(condition.column)
    yes, no = positive_value(column), negative_value(column)
    if yes and no and condition.op == "eq" and condition.value in (yes, no):
        return condition.model_copy(update={"value": no if condition.value == yes else yes})
    return opposite(condition)


def negated(clauses: Clauses, schema: Schema, strict: bool) -> Clauses:
    """Return the negation of a conjunction.

    Args:
        clauses: what is negated.
        schema: the table.
        strict: the set complement ("other than"); otherwise the everyday meaning of "without".
    """
    turned = [
        [opposite(each) if strict else without(each, schema) for each in clause]
        for clause in clauses
    ]
    return tuple(tuple(dict.fromkeys(choice)) for choice in product(*turned))


def any_of(alternatives: Sequence[Clauses]) -> Clauses:
    """Return the conjunction that says "one of these conjunctions holds"."""
    combined = (
        tuple(dict.fromkeys(c for clause in choice for c in clause))
        for choice in product(*alternatives)
    )
    return tuple(dict.fromkeys(combined))


def clauses_of(filters: Filter) -> Clauses:
    """Return a filter as clauses."""
    return tuple(part.any_of if isinstance(part, AnyOf) else (part,) for part in filters)


def _values(condition: Condition) -> tuple[str | float, ...]:
    return condition.value if isinstance(condition.value, tuple) else (condition.value,)


def _allowed(condition: Condition, column: Column) -> frozenset[str]:
    named = {str(value) for value in _values(condition)}
    every = frozenset(value.value for value in column.values)
    return every - named if condition.op in _NEGATIVE else every & named


def _category(column: Column, allowed: frozenset[str], negative: bool) -> Condition | None:
    """Write a set of allowed values as one condition; None when every value is allowed."""
    order = [value.value for value in column.values]
    inside = tuple(value for value in order if value in allowed)
    outside = tuple(value for value in order if value not in allowed)
    if not outside:
        return None
    if negative and len(inside) > 1:
        if len(outside) == 1:
            return Condition(column=column.name, op="ne", value=outside[0])
        return Condition(column=column.name, op="not_in", value=outside)
    if len(inside) == 1:
        return Condition(column=column.name, op="eq", value=inside[0])
    return Condition(column=column.name, op="in", value=inside)


def _by_column(conditions: Iterable[Condition]) -> dict[str, list[Condition]]:
    found: dict[str, list[Condition]] = {}
    for condition in conditions:
        found.setdefault(condition.column, []).append(condition)
    return found


def _merged(clause: Clause, schema: Schema) -> Clause | None:
    """Unite alternatives on one category column; None when the clause always holds."""
    merged: list[Condition] = []
    for name, conditions in _by_column(clause).items():
        column = schema.column(name)
        if column.kind != "category":
            merged += dict.fromkeys(conditions)
            continue
        allowed = frozenset().union(*(_allowed(each, column) for each in conditions))
        united = _category(column, allowed, all(each.op in _NEGATIVE for each in conditions))
        if united is None:
            return None
        merged.append(united)
    return tuple(merged)


def _categories(singles: Iterable[Condition], schema: Schema) -> list[Condition]:
    """Intersect the conditions on each category column."""
    found = []
    for name, conditions in _by_column(singles).items():
        column = schema.column(name)
        sets = [_allowed(each, column) for each in conditions]
        allowed = frozenset.intersection(*sets)
        if not allowed:
            raise Contradiction(column.label.en)
        united = _category(column, allowed, all(each.op in _NEGATIVE for each in conditions))
        if united is not None:
            found.append(united)
    return found


def _tightest(conditions: list[Condition], ops: tuple[str, str], sign: int) -> list[Condition]:
    """Return the strictest bound of one side, as a list of at most one."""
    sided = [each for each in conditions if each.op in ops]
    strictest = max(sided, key=lambda c: (sign * _bound(c), c.op == ops[1]), default=None)
    return [strictest] if strictest else []


def _bound(condition: Condition) -> float:
    return float(str(condition.value))


def _crossed(low: Condition, high: Condition) -> bool:
    """Whether nothing lies above `low` and below `high`."""
    a, b = _bound(low), _bound(high)
    return a > b or (a == b and (low.op == "gt" or high.op == "lt"))


def _numbers(singles: Iterable[Condition], schema: Schema) -> list[Condition]:
    """Keep the tightest bounds of each number column."""
    found: list[Condition] = []
    for name, conditions in _by_column(singles).items():
        low = _tightest(conditions, ("ge", "gt"), 1)
        high = _tightest(conditions, ("le", "lt"), -1)
        rest = [c for c in dict.fromkeys(conditions) if c.op not in ("ge", "gt", "le", "lt")]
        exact = [each for each in rest if each.op == "eq"]
        lows, highs = [*low, *exact], [*exact, *high]
        if any(_crossed(one, other) for one in lows for other in highs):
            raise Contradiction(schema.column(name).label.en)
        found += [*low, *high, *rest]
    return found


def _drop_implied(conditions: list[Condition], schema: Schema) -> list[Condition]:
    """Settle conditions on an attribute that does not apply ("no internet" and tech support).

    Where the cohort has only customers to whom an attribute does not apply, wanting the attribute
    is a contradiction, and not wanting it says nothing.
    """
    columns = {column.name: column for column in schema.attributes()}
    fixed = [
        columns[each.column].value(str(each.value)).label
        for each in conditions
        if each.op == "eq" and columns[each.column].kind == "category"
    ]
    kept = []
    for condition in conditions:
        column = columns[condition.column]
        absent = [value for value in column.values if value.absent and value.label in fixed]
        applies = all(value.value not in _allowed(condition, column) for value in absent)
        if not (absent and applies):
            kept.append(condition)
        elif condition.value != negative_value(column):
            raise Contradiction(column.label.en)
    return kept


def normal(clauses: Clauses, schema: Schema) -> Filter:
    """Return the one way to write a conjunction: in the order of the columns, nothing twice.

    Args:
        clauses: conditions on attributes of the schema.
        schema: the table.

    Returns:
        Single conditions, at most a lower and an upper bound for each number, then alternatives.

    Raises:
        Contradiction: no row can fulfil it.
    """
    merged = [clause for each in clauses if (clause := _merged(each, schema)) is not None]
    single = [clause[0] for clause in merged if len(clause) == 1]
    order = {column.name: i for i, column in enumerate(schema.columns)}
    numbers = {column.name for column in schema.columns if column.kind == "number"}
    found = _categories((each for each in single if each.column not in numbers), schema)
    found += _numbers((each for each in single if each.column in numbers), schema)
    found = _drop_implied(found, schema)
    found.sort(key=lambda each: (order[each.column], each.op not in ("ge", "gt")))
    wide = {
        tuple(sorted(clause, key=lambda each: (order[each.column], str(each))))
        for clause in merged
        if len(clause) > 1 and set(clause).isdisjoint(found)
    }
    alternatives = sorted(wide, key=lambda clause: [(order[c.column], str(c)) for c in clause])
    return (*found, *(AnyOf(any_of=clause) for clause in alternatives))

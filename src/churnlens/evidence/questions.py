"""A question in English or Chinese becomes a typed filter, or is refused.

A rule parser: the same question gives the same query, no model is asked. It knows analysts'
general vocabulary and the words of a schema, nothing of any trade.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd

from churnlens.evidence.parsing.atoms import Reading, read_atoms, without_destinations
from churnlens.evidence.parsing.columns import Thresholds
from churnlens.evidence.parsing.intent import ask_of, outcome_of
from churnlens.evidence.parsing.lexicon import Lexicon, build_lexicon
from churnlens.evidence.parsing.logic import Contradiction, normal
from churnlens.evidence.parsing.quantities import quantities
from churnlens.evidence.parsing.refusal import find_problems
from churnlens.evidence.parsing.scan import Item, scan
from churnlens.evidence.parsing.sides import Sides, read_sides
from churnlens.evidence.parsing.text import language_of
from churnlens.evidence.query import Filter, Query
from churnlens.schema import Schema

_Made = TypeVar("_Made")


class _PerObject:
    """Keeps what was made for an object for as long as the object lives."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self._kept: dict[int, tuple[weakref.ref[Any], Any]] = {}

    def of(self, owner: Any) -> Any:
        known = self._kept.get(id(owner))
        if known is None or known[0]() is not owner:
            forget = weakref.ref(owner, lambda _, key=id(owner): self._kept.pop(key, None))
            known = self._kept[id(owner)] = (forget, self._make(owner))
        return known[1]


_LEXICONS = _PerObject(build_lexicon)
_THRESHOLDS = _PerObject(Thresholds)


def _filters(sides: Sides, schema: Schema) -> tuple[Filter, Filter | None, list[str]]:
    try:
        other = None if sides.other is None else normal(sides.other, schema)
        return normal(sides.cohort, schema), other, []
    except Contradiction as fault:
        return (), None, [f"contradiction: {fault}"]


def _read(question: str, schema: Schema, table: pd.DataFrame) -> tuple[list[Item], Reading]:
    lexicon: Lexicon = _LEXICONS.of(schema)
    items = quantities(scan(question, lexicon))
    return items, read_atoms(items, schema, _THRESHOLDS.of(table))


def parse_question(question: str, schema: Schema, table: pd.DataFrame) -> Query:
    """Read a question about customers.

    Args:
        question: the text as typed, English or Chinese.
        schema: the meaning of the table's columns.
        table: the validated table; only its quantiles and averages are read, once, so it must not
            be changed in place between two questions.

    Returns:
        The query. When the table cannot answer, `problems` says why and the filters are what was
        understood. `notes` name the terms, reasons and passed-over words.
    """
    items, reading = _read(question, schema, table)
    ask = ask_of(items)
    if ask == "what_to_do":
        reading.atoms = without_destinations(items, reading.atoms)
    why = any(item.has("why") for item in items)
    sides = read_sides(items, reading, schema, plain=ask != "what_to_do" and not why)
    cohort, other, problems = _filters(sides, schema)
    found, notes = find_problems(items, reading, schema, compared=other is not None)
    if other is not None and other == cohort:
        other = None
    if other is not None and ask != "what_to_do":
        ask = "compare"
    return Query(
        question=question,
        language=language_of(question),
        cohort=cohort,
        compare_to=other,
        outcome=outcome_of(items, reading.turned, ask),
        ask=ask,
        problems=tuple(found + problems),
        notes=tuple(notes),
    )

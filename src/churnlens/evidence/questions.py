"""A question in English or Chinese becomes a typed filter, or is refused.

A rule parser: the same question gives the same query, no model is asked. It knows analysts'
general vocabulary and the words of a schema, nothing of any trade.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

import pandas as pd

from churnlens.evidence.parsing.appositions import with_appositions
from churnlens.evidence.parsing.breakdown import Division, read_breakdown
from churnlens.evidence.parsing.combine import combine, without_destinations
from churnlens.evidence.parsing.dividing import Sides
from churnlens.evidence.parsing.frames import without_frames
from churnlens.evidence.parsing.intent import ask_of, outcome_of
from churnlens.evidence.parsing.items import any_has
from churnlens.evidence.parsing.lexicon import Lexicon, build_lexicon
from churnlens.evidence.parsing.logic import Contradiction, normal
from churnlens.evidence.parsing.negation import read_atoms
from churnlens.evidence.parsing.predicates import with_light_verbs
from churnlens.evidence.parsing.pronouns import with_antecedents
from churnlens.evidence.parsing.quantities import quantities
from churnlens.evidence.parsing.refusal import find_problems
from churnlens.evidence.parsing.rewording import reworded, with_absences, with_takers
from churnlens.evidence.parsing.scan import scan
from churnlens.evidence.parsing.sides import read_sides
from churnlens.evidence.parsing.text import language_of, names_in
from churnlens.evidence.parsing.thresholds import Thresholds
from churnlens.evidence.query import Filter, Query
from churnlens.schema import Schema

_Owner = TypeVar("_Owner")
_Made = TypeVar("_Made")


class _PerObject(Generic[_Owner, _Made]):
    """Keeps what was made for an object for as long as the object lives."""

    def __init__(self, make: Callable[[_Owner], _Made]) -> None:
        self._make = make
        self._kept: dict[int, tuple[weakref.ref[_Owner], _Made]] = {}

    def of(self, owner: _Owner) -> _Made:
        """Return what was made for an object, making it the first time."""
        key = id(owner)
        known = self._kept.get(key)
        if known is None or known[0]() is not owner:

            def forget(_: weakref.ref[_Owner]) -> None:
                self._kept.pop(key, None)

            known = self._kept[key] = (weakref.ref(owner, forget), self._make(owner))
        return known[1]


_LEXICONS: _PerObject[Schema, Lexicon] = _PerObject(build_lexicon)
_THRESHOLDS: _PerObject[pd.DataFrame, Thresholds] = _PerObject(Thresholds)


def _filters(sides: Sides, schema: Schema) -> tuple[Filter, Filter | None, list[str]]:
    try:
        other = None if sides.other is None else normal(sides.other, schema)
        cohort = normal(sides.cohort, schema)
    except Contradiction as fault:
        return (), None, [f"contradiction: {fault}"]
    return cohort, None if other == cohort else other, []


def parse_question(question: str, schema: Schema, table: pd.DataFrame) -> Query:
    """Read a question about customers.

    Args:
        question: the text as typed, English or Chinese; 2,000 characters are read.
        schema: the meaning of the table's columns.
        table: the validated table; only its quantiles and averages are read, once, so it must not
            be changed in place between two questions.

    Returns:
        The query. When the table cannot answer, `problems` says why and the filters are what was
        understood. `notes` name the terms, reasons and passed-over words. `ask` is `compare`
        exactly when there is another group and no advice is asked.
    """
    items = with_takers(with_absences(scan(question, _LEXICONS.of(schema)), schema))
    items = with_antecedents(with_appositions(items, schema), schema)
    items = without_frames(reworded(with_light_verbs(quantities(items))))
    reading = read_atoms(items, schema, _THRESHOLDS.of(table))
    ask = ask_of(items)
    if ask == "what_to_do":
        reading.atoms = without_destinations(items, reading.atoms)
    plain = ask != "what_to_do" and not any_has(items, "why")
    division = Division((), (), reading.atoms)
    if ask != "what_to_do":
        division = read_breakdown(items, reading, schema)
        reading.atoms = division.atoms
    sides = Sides(combine(reading.atoms, schema))
    if not division.one_group:
        sides = read_sides(items, reading, schema, plain)
    cohort, other, faults = _filters(sides, schema)
    proper, compared = names_in(question), other is not None
    problems, notes = find_problems(
        items, reading, schema, compared, proper, advice=ask == "what_to_do"
    )
    if compared and ask != "what_to_do":
        ask = "compare"
    return Query(
        question=question,
        language=language_of(question),
        cohort=cohort,
        compare_to=other,
        outcome=outcome_of(items, reading.turned, ask),
        ask=ask,
        by=() if compared else division.columns,
        problems=(*problems, *(() if compared else division.problems), *faults),
        notes=tuple(notes),
    )

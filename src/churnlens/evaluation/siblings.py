"""Questions that mean the same in other words, so that an answer to one is an answer to the other.

Two questions are siblings where they are about the same group, against the same yardstick, and no
outcome tells them apart. Reasons, complaints and measures rest on the same findings; only a count
does not. Language and wording make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable

from churnlens.evaluation.oracle import Atom, Either, Filter
from churnlens.evaluation.question_bench import BenchQuestion
from churnlens.schema import Quantile, Schema

Topic = tuple[object, ...]


def _atom(atom: Atom, schema: Schema) -> str:
    """Return a condition on a category as the values that it takes, any other as it is."""
    column = schema.column(atom.column)
    if isinstance(atom, Quantile) or column.kind != "category":
        return atom.model_dump_json()
    named = set(atom.value if isinstance(atom.value, tuple) else (atom.value,))
    inside = atom.op in ("eq", "in")
    taken = sorted(each.value for each in column.values if (each.value in named) == inside)
    return f"{atom.column} {taken}"


def _parts(conditions: Filter | None, schema: Schema) -> frozenset[frozenset[str]] | None:
    """Return a filter without the order of its parts and alternatives."""
    if conditions is None:
        return None
    parts = (part.any_of if isinstance(part, Either) else (part,) for part in conditions)
    return frozenset(frozenset(_atom(atom, schema) for atom in part) for part in parts)


def _topic(question: BenchQuestion, schema: Schema) -> Topic:
    counts = question.ask == "how_many"
    return counts, _parts(question.cohort, schema), _parts(question.compare_to, schema)


def drop_siblings(
    questions: Iterable[BenchQuestion], others: Iterable[BenchQuestion], schema: Schema
) -> tuple[BenchQuestion, ...]:
    """Return the questions that have no sibling among others.

    What cannot be answered has no meaning here and no sibling.

    Args:
        questions: to choose from.
        others: that none of the chosen may be a sibling of.
        schema: of the table that all ask about; holds the values of its categories.
    """
    known: dict[Topic, set[str | None]] = {}
    for other in others:
        if other.answerable:
            known.setdefault(_topic(other, schema), set()).add(other.outcome)

    def has_sibling(question: BenchQuestion) -> bool:
        outcomes = known.get(_topic(question, schema), set()) if question.answerable else set()
        return bool(outcomes) and (
            question.outcome is None or bool({None, question.outcome} & outcomes)
        )

    return tuple(question for question in questions if not has_sibling(question))

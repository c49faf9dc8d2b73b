"""Questions that mean the same in other words, so that an answer to one is an answer to the other.

Two questions are siblings where they are about the same group, against the same yardstick, and no
outcome tells them apart. Reasons, complaints and measures rest on the same findings; only a count
does not. Language and wording make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable

from churnlens.evaluation.oracle import Filter
from churnlens.evaluation.question_bench import BenchQuestion

Topic = tuple[object, ...]


def _parts(conditions: Filter | None) -> frozenset[str] | None:
    """Return a filter without the order of its parts."""
    return None if conditions is None else frozenset(p.model_dump_json() for p in conditions)


def _topic(question: BenchQuestion) -> Topic:
    counts = question.ask == "how_many"
    return counts, _parts(question.cohort), _parts(question.compare_to)


def drop_siblings(
    questions: Iterable[BenchQuestion], others: Iterable[BenchQuestion]
) -> tuple[BenchQuestion, ...]:
    """Return the questions that have no sibling among others.

    What cannot be answered has no meaning here and no sibling.
    """
    known: dict[Topic, set[str | None]] = {}
    for other in others:
        if other.answerable:
            known.setdefault(_topic(other), set()).add(other.outcome)

    def has_sibling(question: BenchQuestion) -> bool:
        outcomes = known.get(_topic(question), set()) if question.answerable else set()
        return bool(outcomes) and (
            question.outcome is None or bool({None, question.outcome} & outcomes)
        )

    return tuple(question for question in questions if not has_sibling(question))

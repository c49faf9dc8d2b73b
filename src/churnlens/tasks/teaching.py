"""What is the same whatever a teacher teaches: who writes, what became no row, and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from churnlens.schema import Frozen

Lesson_contra = TypeVar("Lesson_contra", contravariant=True)


class Reply(Frozen):
    """What a teacher wrote for one lesson, or why it did not."""

    text: str = ""
    error: str = ""


class Refused(Frozen):
    """A lesson that became no row."""

    id: str
    why: tuple[str, ...]


class Teacher(Protocol[Lesson_contra]):
    """Writes answers to lessons."""

    @property
    def name(self) -> str:
        """Who wrote, for reports: kind or model, and revision."""

    @property
    def recipe(self) -> tuple[Any, ...]:
        """All that the answers depend on besides the lessons: part of every cache key."""

    def answer(self, lessons: Sequence[Lesson_contra]) -> list[Reply]:
        """Return one reply a lesson, in order; a failure is a reply of its own."""


def report_rows(
    rows: Sequence[Mapping[str, Any]],
    refused: Sequence[Refused],
    teacher: str,
    counted: Sequence[str],
) -> dict[str, Any]:
    """Return the quality report of a distillation, JSON-able.

    Args:
        rows: that passed every gate, with `family` and `messages`.
        refused: what did not.
        teacher: its name.
        counted: keys of rows whose values are counted.
    """
    tried = len(rows) + len(refused)
    answers = [str(row["messages"][-1]["content"]) for row in rows]
    chars = [len(text) for text in answers]
    return {
        "teacher": teacher,
        "lessons": tried,
        "rows": len(rows),
        "accepted": len(rows) / tried if tried else None,
        "refused": dict(sorted(Counter(why for each in refused for why in each.why).items())),
        "families": len({row["family"] for row in rows}),
        "different_answers": len(set(answers)),
        "answer_chars": [int(np.quantile(chars, q)) for q in (0, 0.5, 1)] if chars else [],
        **{name: dict(sorted(Counter(str(row[name]) for row in rows).items())) for name in counted},
    }

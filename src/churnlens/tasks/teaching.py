"""What is the same whatever a teacher teaches: who writes, how it is asked, and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import pandas as pd

from churnlens.engine.shards import Store, content_key, map_shards
from churnlens.models.generation import Generator
from churnlens.models.lock import spec_of
from churnlens.models.remote import RemoteGenerator
from churnlens.models.weights import verify
from churnlens.options import TeacherOptions
from churnlens.schema import Frozen
from churnlens.tasks.batch import WholeShards

_WRITES = ("torch", "transformers", "llguidance")  # another version may write another text
Lesson = TypeVar("Lesson")
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

    def request(self, lesson: Lesson_contra) -> dict[str, Any] | None:
        """Return what a model is sent for a lesson, JSON-able; None where none is asked.

        Part of its cache key: code that puts a lesson otherwise asks another question.
        """

    def answer(self, lessons: Sequence[Lesson_contra]) -> list[Reply]:
        """Return one reply a lesson, in order; a failure is a reply of its own."""


class TeacherModel(NamedTuple):
    """The language model behind a teacher.

    Attributes:
        name: with its revision.
        generator: anything with `generate(requests)`, or with `try_generate`.
        languages: that it writes.
    """

    name: str
    generator: Any
    languages: tuple[str, ...]


def open_teacher(
    options: TeacherOptions, model_lock: dict[str, Any], model_root: str
) -> TeacherModel:
    """Load the model of a teacher that is not `reference`, or open its server."""
    if options.teacher == "openai":
        remote, server = RemoteGenerator(options.server), options.server
        name = f"{remote.revision()} seed {server.seed} terms {server.schema_terms}"
        return TeacherModel(name, remote, ("en", "zh"))
    spec = spec_of(model_lock, options.model)
    folder = verify(spec, Path(model_root))
    generator = Generator(folder, dtype=options.dtype, batch_size=options.batch_size)
    made_by = " ".join(f"{name} {version(name)}" for name in _WRITES)
    name = f"{spec.name} ({spec.version}) {options.dtype} {made_by}"
    return TeacherModel(name, generator, tuple(spec.languages))


def ask_in_batches(
    teacher: Teacher[Lesson],
    asked: Sequence[dict[str, Any]],
    read: Callable[[dict[str, Any]], Lesson],
    store: Store,
    size: int,
) -> list[dict[str, Any]]:
    """Have every lesson answered; what was answered before is not asked again.

    A batch is kept whole; of one that failed in part the answers that there are.

    Args:
        teacher: who answers.
        asked: lessons with an `id` as JSON-able mappings, the key of what is kept, together with
            what the model is sent.
        read: mapping → lesson.
        store: of finished batches.
        size: lessons per batch.

    Returns:
        `{id, text, error, teacher}` a lesson, in order. A failure is in no store.
    """

    def work(shard: Sequence[dict[str, Any]]) -> pd.DataFrame:
        return _answer_batch(teacher, shard, read, store)

    answered = map_shards(
        work,
        [{**each, "request": teacher.request(read(each))} for each in asked],
        store=WholeShards(store),
        recipe=teacher.recipe,
        size=size,
        label="ask the teacher",
    )
    rows = answered.to_numpy().tolist()
    return [
        dict(zip(answered.columns, row, strict=True)) | {"teacher": teacher.name} for row in rows
    ]


def _answer_batch(
    teacher: Teacher[Lesson],
    batch: Sequence[dict[str, Any]],
    read: Callable[[dict[str, Any]], Lesson],
    store: Store,
) -> pd.DataFrame:
    """Return a row for each lesson of a batch; those whose answer is in store are not asked."""
    key = content_key("part", list(teacher.recipe), list(batch))
    part = store.get(key)
    known = {} if part is None else dict(zip(part["id"], part["text"], strict=True))
    missing = [each for each in batch if each["id"] not in known]
    lessons = [read({k: v for k, v in each.items() if k != "request"}) for each in missing]
    replies = zip(missing, teacher.answer(lessons), strict=True)
    told = {name: Reply(text=text) for name, text in known.items()}
    told |= {lesson["id"]: reply for lesson, reply in replies}
    rows = [{"id": each["id"], **told[each["id"]].model_dump()} for each in batch]
    frame = pd.DataFrame(rows, columns=["id", "text", "error"])
    if frame["error"].any():
        store.put(key, frame[frame["error"] == ""])
    return frame


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

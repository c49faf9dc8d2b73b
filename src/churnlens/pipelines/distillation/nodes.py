"""Questions with their evidence, a teacher's answers to them, and the rows that pass the gates."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Unpack

import pandas as pd

from churnlens.engine.shards import Store, content_key, map_shards
from churnlens.evaluation.question_bench import (
    Bench,
    BenchQuestion,
    divide,
    generate,
    read_bench,
)
from churnlens.models.generation import Generator
from churnlens.models.lock import spec_of
from churnlens.models.remote import RemoteGenerator
from churnlens.models.weights import verify
from churnlens.options import DistillationOptions, IndexingOptions, InferenceOptions
from churnlens.schema import Schema, parse_schema
from churnlens.tasks.batch import WholeShards
from churnlens.tasks.churn.curriculum import Lesson, LessonSplit, set_lessons
from churnlens.tasks.churn.exercise import ExercisePrompt
from churnlens.tasks.churn.gates import describe_rows, make_rows
from churnlens.tasks.churn.loading import Stored, load_analyst
from churnlens.tasks.churn.own_bench import bench_of
from churnlens.tasks.churn.teachers import ModelTeacher, Phrasings, ReferenceTeacher
from churnlens.tasks.teaching import Reply, Teacher


def draw_questions(
    bench: dict[str, Any], schema: Schema, options: DistillationOptions
) -> dict[LessonSplit, tuple[BenchQuestion, ...]]:
    """Return the questions of each split; no two splits share a template or a phrase.

    For a table that the bench was not written for, its wording is borrowed.
    """
    read = bench_of(read_bench(bench), schema)
    training, validation = divide(read, options.validation_share, options.seed)
    return {
        "training": generate(training, "dev", options.seed),
        "validation": generate(validation, "dev", options.seed),
        "test": _draw_tests(read, options.seed),
    }


def _draw_tests(bench: Bench, seed: int) -> tuple[BenchQuestion, ...]:
    """Return the held-out questions, and behind them what another seed makes of their templates."""
    first, more = (generate(bench, "held_out", each) for each in (seed, seed + 1))
    known = {each.text for each in first}
    others = (each.model_copy(update={"id": f"{each.id}b"}) for each in more)
    return (*first, *(each for each in others if each.text not in known))


def set_exercises(
    bench: dict[str, Any],
    indexing: IndexingOptions,
    inference: InferenceOptions,
    options: DistillationOptions,
    **stored: Unpack[Stored],
) -> list[dict[str, Any]]:
    """Study the training and validation questions at every retrieval depth.

    Args:
        bench: its `dev` families are divided into training and validation.
        indexing: names the encoder.
        inference: gates and floors of the statistics.
        options: depths, seed, and the share of the families for validation.
        stored: what the earlier stages made.

    Returns:
        One `Lesson` each as a JSON-able mapping.
    """
    template = inference.model_copy(update={"writer": "template"})
    analyst = load_analyst(stored, indexing, template)
    questions = draw_questions(bench, parse_schema(stored["schema"]), options)
    lessons: list[Lesson] = []
    for split in ("training", "validation"):
        lessons += set_lessons(analyst, questions[split], options.depths, split)[0]
    return [lesson.model_dump(mode="json") for lesson in lessons]


def load_teacher(
    prompts: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    options: DistillationOptions,
) -> Teacher[Lesson]:
    """Return the teacher that the options name, its model loaded."""
    if options.teacher == "reference":
        return ReferenceTeacher(Phrasings.read(prompts["phrasings"]), options.seed)
    prompt = ExercisePrompt.model_validate(prompts["exercise"])
    if options.teacher == "openai":
        remote, server = RemoteGenerator(options.server), options.server
        name = f"{remote.revision()} seed {server.seed} terms {server.schema_terms}"
        return ModelTeacher(name, remote, prompt, options.max_new_tokens)
    spec = spec_of(model_lock, options.model)
    folder = verify(spec, Path(model_root))
    generator = Generator(folder, dtype=options.dtype, batch_size=options.batch_size)
    made_by = " ".join(f"{name} {version(name)}" for name in ("torch", "transformers"))
    name = f"{spec.name} ({spec.version}) {options.dtype} {made_by}"
    return ModelTeacher(name, generator, prompt, options.max_new_tokens)


def ask_teacher(
    exercises: list[dict[str, Any]],
    prompts: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    store: Store,
    options: DistillationOptions,
) -> list[dict[str, Any]]:
    """Have every lesson answered; what was answered before is not asked again.

    A batch is kept whole; of one that failed in part the answers that there are. Statistics are
    not shown to a teacher but as printed; their last bits, which differ between machines, are in no
    key.

    Returns:
        `{id, text, error, teacher}` a lesson, in order. A failure is kept here, and never in the
        store.
    """
    teacher = load_teacher(prompts, model_lock, model_root, options)

    def work(shard: Sequence[dict[str, Any]]) -> pd.DataFrame:
        return _answer_batch(teacher, shard, store)

    asked = [each | {"brief": each["brief"] | {"statistics": {}}} for each in exercises]
    answered = map_shards(
        work,
        asked,
        store=WholeShards(store),
        recipe=teacher.recipe,
        size=options.batch_size,
        label="ask the teacher",
    )
    rows = answered.to_numpy().tolist()
    return [
        dict(zip(answered.columns, row, strict=True)) | {"teacher": teacher.name} for row in rows
    ]


def _answer_batch(
    teacher: Teacher[Lesson], batch: Sequence[dict[str, Any]], store: Store
) -> pd.DataFrame:
    """Return a row for each lesson of a batch; those whose answer is in store are not asked."""
    key = content_key("part", list(teacher.recipe), list(batch))
    part = store.get(key)
    known = {} if part is None else dict(zip(part["id"], part["text"], strict=True))
    missing = [Lesson.model_validate(each) for each in batch if each["id"] not in known]
    replies = zip(missing, teacher.answer(missing), strict=True)
    told = {name: Reply(text=text) for name, text in known.items()}
    told |= {lesson.id: reply for lesson, reply in replies}
    rows = [{"id": each["id"], **told[each["id"]].model_dump()} for each in batch]
    frame = pd.DataFrame(rows, columns=["id", "text", "error"])
    if frame["error"].any():
        store.put(key, frame[frame["error"] == ""])
    return frame


def gate_rows(
    exercises: list[dict[str, Any]],
    replies: list[dict[str, Any]],
    bench: dict[str, Any],
    schema: dict[str, Any],
    prompts: dict[str, Any],
    options: DistillationOptions,
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Keep the answers that serving would let pass, as rows of messages.

    Returns:
        The quality report, which is saved first and so tells why there are no rows; and the rows
        by split.

    Raises:
        ValueError: when the replies are not those to the exercises.
    """
    if [each["id"] for each in exercises] != [each["id"] for each in replies]:
        raise ValueError("the replies are of other exercises; next: run the stage distillation")
    lessons = [Lesson.model_validate(each) for each in exercises]
    tests = [each.text for each in draw_questions(bench, parse_schema(schema), options)["test"]]
    rows, refused = make_rows(
        lessons,
        [Reply.model_validate({k: r[k] for k in ("text", "error")}) for r in replies],
        ExercisePrompt.model_validate(prompts["exercise"]),
        frozenset(prompts["common_words"]),
        tests,
    )
    splits = {
        split: [row for row in rows if row["split"] == split]
        for split in ("training", "validation")
    }
    written_by = sorted({each["teacher"] for each in replies})
    return describe_rows(rows, refused, options.teacher) | {"written_by": written_by}, splits

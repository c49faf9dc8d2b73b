"""Questions with their evidence, a teacher's answers to them, and the rows that pass the gates."""

from __future__ import annotations

import logging
from typing import Any, Unpack

from churnlens.engine.shards import Store
from churnlens.evaluation.question_bench import (
    Bench,
    BenchQuestion,
    Split,
    divide,
    generate,
    read_bench,
)
from churnlens.evaluation.siblings import drop_siblings
from churnlens.options import DistillationOptions, IndexingOptions, InferenceOptions
from churnlens.schema import Schema, parse_schema
from churnlens.tasks.churn.curriculum import Lesson, LessonSplit, set_lessons
from churnlens.tasks.churn.exercise import ExercisePrompt
from churnlens.tasks.churn.gates import describe_rows, make_rows, shortfalls
from churnlens.tasks.churn.loading import Stored, load_analyst
from churnlens.tasks.churn.own_bench import bench_of
from churnlens.tasks.churn.teachers import ModelTeacher, Phrasings, ReferenceTeacher
from churnlens.tasks.teaching import Reply, Teacher, ask_in_batches, open_teacher

logger = logging.getLogger(__name__)


def draw_questions(
    bench: dict[str, Any], schema: Schema, options: DistillationOptions
) -> dict[LessonSplit, tuple[BenchQuestion, ...]]:
    """Return the questions of each split; no two splits share a template, a phrase or a meaning.

    A question that means what one of the test means is dropped, see `drop_siblings`: from
    validation, and from training, which has no sibling in validation either. The test stays whole.
    For a table that the bench was not written for, its wording is borrowed.
    """
    read = bench_of(read_bench(bench), schema)
    parts = divide(read, options.validation_share, options.seed)
    training, validation = (_draw(part, "dev", options.seed) for part in parts)
    test = _draw(read, "held_out", options.seed)
    validation = drop_siblings(validation, test, schema)
    return {
        "training": drop_siblings(training, (*test, *validation), schema),
        "validation": validation,
        "test": test,
    }


def _draw(bench: Bench, split: Split, seed: int) -> tuple[BenchQuestion, ...]:
    """Return the questions of a split, and behind them what another seed makes of its templates."""
    first, more = (generate(bench, split, each) for each in (seed, seed + 1))
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
    model = open_teacher(options, model_lock, model_root)
    return ModelTeacher(model.name, model.generator, prompt, options.max_new_tokens)


def ask_teacher(
    exercises: list[dict[str, Any]],
    prompts: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    store: Store,
    options: DistillationOptions,
) -> list[dict[str, Any]]:
    """Have every lesson answered; what was answered before is not asked again.

    Statistics are not shown to a teacher but as printed; their last bits, which differ between
    machines, are in no key. See `ask_in_batches`.

    Returns:
        `{id, text, error, teacher}` a lesson, in order.
    """
    teacher = load_teacher(prompts, model_lock, model_root, options)
    asked = [each | {"brief": each["brief"] | {"statistics": {}}} for each in exercises]
    return ask_in_batches(teacher, asked, Lesson.model_validate, store, options.batch_size)


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
        The quality report, which is saved first and so tells why there are no or few rows (these
        are warned of too); and the rows by split.

    Raises:
        ValueError: when the replies are not those to the exercises.
    """
    if [each["id"] for each in exercises] != [each["id"] for each in replies]:
        raise ValueError("the replies are of other exercises; next: run the stage distillation")
    lessons = [Lesson.model_validate(each) for each in exercises]
    drawn = draw_questions(bench, parse_schema(schema), options)
    apart = {split: {question.id for question in each} for split, each in drawn.items()}
    rows, refused = make_rows(
        lessons,
        [Reply.model_validate({k: r[k] for k in ("text", "error")}) for r in replies],
        ExercisePrompt.model_validate(prompts["exercise"]),
        frozenset(prompts["common_words"]),
        [each.text for each in drawn["test"]],
        {each.id for each in lessons if each.id.partition("@")[0] not in apart[each.split]},
    )
    splits = {
        split: [row for row in rows if row["split"] == split]
        for split in ("training", "validation")
    }
    short = shortfalls(rows, sorted({each.language for each in lessons}), options)
    for each in short:
        logger.warning("few rows to learn from: %s", each)
    written_by = sorted({each["teacher"] for each in replies})
    report = describe_rows(rows, refused, options.teacher)
    return report | {"written_by": written_by, "short": short}, splits

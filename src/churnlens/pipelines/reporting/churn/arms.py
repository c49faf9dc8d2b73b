"""The comparison of the arms: held-out exercises, answered by each arm in a node of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.engine.shards import Store
from churnlens.evaluation.recipe_overlap import Embedder
from churnlens.models.lock import spec_of
from churnlens.options import (
    DistillationOptions,
    FinetuningOptions,
    IndexingOptions,
    InferenceOptions,
    ReportingOptions,
)
from churnlens.pipelines.distillation.churn.nodes import draw_questions
from churnlens.pipelines.reporting.arms import ArmBase, check_arms, write_as
from churnlens.pipelines.reporting.embedder import load_embedder
from churnlens.schema import Language, parse_schema
from churnlens.tasks.arms import WRITTEN, Arm
from churnlens.tasks.churn.arm_scores import (
    compare,
    lacking,
    score_arm,
    summarize,
    text_quality,
    wordings,
)
from churnlens.tasks.churn.arms import all_arms, ask_arm
from churnlens.tasks.churn.curriculum import Lesson, set_lessons, take_evenly
from churnlens.tasks.churn.exercise import ExercisePrompt, messages, read_answer, set_exercise
from churnlens.tasks.churn.loading import Stored, load_analyst
from churnlens.tasks.churn.teachers import Phrasings, ReferenceTeacher
from churnlens.tasks.pairwise import Pair, count_rulings, judge_pairs
from churnlens.tasks.teaching import open_teacher

EXAMPLES = 3
JUDGED = (("tuned", "base"), ("tuned_grammar", "base_grammar"), ("tuned_grammar", "template"))
Rows = list[dict[str, Any]]


def set_test_exercises(
    bench: dict[str, Any],
    indexing: IndexingOptions,
    inference: InferenceOptions,
    distillation: DistillationOptions,
    finetuning: FinetuningOptions,
    options: ReportingOptions,
    **stored: Unpack[Stored],
) -> list[dict[str, Any]]:
    """Study held-out questions in the languages of the student, at the depth of serving.

    Returns:
        One `Lesson` each as a JSON-able mapping.
    """
    spec = spec_of(stored["model_lock"], finetuning.student)
    drawn = draw_questions(bench, parse_schema(stored["schema"]), distillation)["test"]
    spoken = [question for question in drawn if question.language in spec.languages]
    chosen = take_evenly(spoken, [each.family for each in spoken], options.arm_questions)
    template = inference.model_copy(update={"writer": "template"})
    analyst = load_analyst(stored, indexing, template)
    lessons, _ = set_lessons(analyst, chosen, (inference.documents,), "test")
    return [lesson.model_dump(mode="json") for lesson in lessons]


class ArmInputs(TypedDict):
    """What every arm is given.

    Attributes:
        exercises: of the test.
        prompts: the prompt of the exercises.
        model_lock, model_root: the student's base.
        store: of finished batches.
        finetuning: names the student's base, and the precision that it is tuned in.
        options: batch size and length of an answer.
    """

    exercises: list[dict[str, Any]]
    prompts: dict[str, Any]
    model_lock: dict[str, Any]
    model_root: str
    store: Store
    finetuning: FinetuningOptions
    options: InferenceOptions


def answer_as_base(arm: str, **inputs: Unpack[ArmInputs]) -> list[dict[str, Any]]:
    """Have an untuned model answer the test exercises; see `answer_as`."""
    return answer_as(WRITTEN[arm], None, inputs)


def answer_as_tuned(arm: str, student: Path, **inputs: Unpack[ArmInputs]) -> list[dict[str, Any]]:
    """Have the student answer the test exercises; see `answer_as`."""
    return answer_as(WRITTEN[arm], student, inputs)


def answer_as(arm: Arm, student: Path | None, inputs: ArmInputs) -> list[dict[str, Any]]:
    """Have one arm answer the test exercises; see `write_as`.

    Args:
        arm: whether it is tuned, and held to the grammar.
        student: folder of the adapter of a tuned arm; None for a base.
        inputs: see `ArmInputs`.
    """
    lessons = [Lesson.model_validate(each) for each in inputs["exercises"]]
    prompt = ExercisePrompt.model_validate(inputs["prompts"]["exercise"])
    requests = ask_arm(lessons, arm, prompt, inputs["options"].max_answer_tokens)
    base = ArmBase(inputs["model_lock"], inputs["model_root"], inputs["finetuning"])
    return write_as(arm, requests, student, base, inputs["store"], inputs["options"].batch_size)


class ComparedInputs(TypedDict):
    """What the arms wrote, and what tells how near it is to the reference.

    Attributes:
        base, base_grammar, tuned, tuned_grammar: rows of each arm in `WRITTEN`.
        model_lock, model_root: the encoder.
        indexing: names the encoder.
        options: the judge of pairs, if there is one.
    """

    base: Rows
    base_grammar: Rows
    tuned: Rows
    tuned_grammar: Rows
    model_lock: dict[str, Any]
    model_root: str
    indexing: IndexingOptions
    options: ReportingOptions


def evaluate_arms(
    exercises: list[dict[str, Any]],
    prompts: dict[str, Any],
    table: pd.DataFrame,
    schema: dict[str, Any],
    distillation: DistillationOptions,
    **inputs: Unpack[ComparedInputs],
) -> dict[str, Any]:
    """Score every arm on the same exercises.

    Args:
        exercises: of the test.
        prompts: phrasings of the reference, and common words.
        table: the validated table.
        schema: the parsed schema file.
        distillation: seed of the reference.
        inputs: see `ComparedInputs`.

    Returns:
        `questions`; `weights` of the arms; `arms`: name → metric → estimate over questions;
        `quality`: name → nearness to the reference's words, and variety; `comparisons`: paired
        differences; `lacking`: metrics on which the student falls short of the template, and by how
        much; `examples`: raw texts beside the reference; `judged`, where a judge is switched on:
        its name, and its rulings on pairs of arms. Or `skipped` and why.

    Raises:
        ArmError: when the arms are not what they are called.
    """
    lessons = [Lesson.model_validate(each) for each in exercises]
    if not lessons:
        return {"skipped": "there are no held-out questions in a language of the student"}
    written = {
        "base": inputs["base"],
        "base_grammar": inputs["base_grammar"],
        "tuned": inputs["tuned"],
        "tuned_grammar": inputs["tuned_grammar"],
    }
    weights = check_arms(written, [lesson.id for lesson in lessons])
    words = frozenset(prompts["common_words"])
    texts = {name: [row["text"] for row in rows] for name, rows in written.items()}
    arms = all_arms(lessons, texts, words, table, parse_schema(schema))
    teacher = ReferenceTeacher(Phrasings.read(prompts["phrasings"]), distillation.seed)
    gold = [reply.text for reply in teacher.answer(lessons)]
    scores = {
        name: score_arm(lessons, each, words)
        | {"cut_off": _cut_off(written.get(name), len(lessons))}
        for name, each in arms.items()
    }
    embedder = load_embedder(inputs["model_lock"], inputs["model_root"], inputs["indexing"])
    families = [lesson.family for lesson in lessons]
    summaries = {name: summarize(each, families) for name, each in scores.items()}
    return {
        "questions": len(lessons),
        "families": len(set(families)),
        "weights": weights,
        "arms": summaries,
        "lacking": lacking(summaries),
        "quality": {
            name: _quality(lessons, each, gold, words, embedder)
            for name, each in {"gold": gold, **arms}.items()
        },
        "comparisons": compare(scores, lessons),
        "examples": _examples(lessons, {"gold": gold, **arms}),
        **_judge(lessons, arms, prompts, inputs),
    }


def _cut_off(rows: Sequence[Mapping[str, Any]] | None, lessons: int) -> NDArray[np.float64]:
    """Return which texts the length limit cut off; NaN for an arm that no model writes itself."""
    if rows is None:
        return np.full(lessons, np.nan)
    return np.array([not row["finished"] for row in rows], float)


def _judge(
    lessons: Sequence[Lesson],
    arms: Mapping[str, Sequence[str]],
    prompts: dict[str, Any],
    inputs: ComparedInputs,
) -> dict[str, Any]:
    """Return what a model says of pairs of arms; nothing where it is not switched on."""
    options = inputs["options"].judge
    if not options.enabled:
        return {}
    judge = open_teacher(options.by, inputs["model_lock"], inputs["model_root"])
    prompt = ExercisePrompt.model_validate(prompts["exercise"])
    read = [messages(set_exercise(each.brief), prompt)[1].content for each in lessons]
    families = [lesson.family for lesson in lessons]
    rows = []
    for first, second in JUDGED:
        pairs = [
            Pair(id=lesson.id, evidence=evidence, first=one, second=other)
            for lesson, evidence, one, other in zip(
                lessons, read, arms[first], arms[second], strict=True
            )
        ]
        said = judge_pairs(pairs, judge.generator, prompts["pairwise"], options.by.max_new_tokens)
        rows.append({"first": first, "second": second, **count_rulings(said, families)})
    return {"judged": {"by": judge.name, "pairs": rows}}


def _plain(text: str) -> str:
    return " ".join(sentence.text for sentence in read_answer(text).sentences)


def _quality(
    lessons: Sequence[Lesson],
    texts: Sequence[str],
    gold: Sequence[str],
    common: Collection[str],
    embedder: Embedder,
) -> dict[Language, dict[str, Any]]:
    """Compare the words of an arm with the reference's, and with one another, by language."""
    found: dict[Language, dict[str, Any]] = {}
    for language in sorted({lesson.language for lesson in lessons}):
        places = [i for i, lesson in enumerate(lessons) if lesson.language == language]
        said, meant = ([_plain(each[i]) for i in places] for each in (texts, gold))
        ways = wordings([lessons[i] for i in places], [texts[i] for i in places], common)
        found[language] = text_quality(said, meant, language, embedder) | {"wordings": ways}
    return found


def _examples(lessons: Sequence[Lesson], texts: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Return raw texts of the first answered questions of different families."""
    answered = [i for i, lesson in enumerate(lessons) if lesson.brief.status == "answered"]
    chosen = take_evenly(answered, [lessons[i].family for i in answered], EXAMPLES)
    return [
        {
            "question": lessons[i].brief.question,
            "language": lessons[i].language,
            "texts": {name: each[i] for name, each in texts.items()},
        }
        for i in chosen
    ]

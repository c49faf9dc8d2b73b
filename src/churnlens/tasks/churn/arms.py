"""Ways to answer the same exercises, to tell what tuning, grammar and checks are worth.

Four arms are written by a model, each in a run of its own from weights that it names. The others
need no model: a stub that knows nothing, the template writer, and what the checks of serving (or
the repairs of the closest public system) make of a model's text.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from churnlens.evidence.risk import Level
from churnlens.models.generation import Request
from churnlens.schema import Schema
from churnlens.tasks.arms import WRITTEN, Arm
from churnlens.tasks.churn.curriculum import Lesson
from churnlens.tasks.churn.exercise import (
    Exercise,
    ExercisePrompt,
    ask,
    set_exercise,
)
from churnlens.tasks.churn.grading import grade
from churnlens.tasks.churn.public_metrics import Shown, improve_reply, stub_answer

RAW_ROOM = 4 / 3  # of the limit: nothing outside the grammar ends an answer in good time


def ask_arm(
    lessons: Sequence[Lesson], arm: Arm, prompt: ExercisePrompt, max_new_tokens: int
) -> list[Request]:
    """Return what an arm is asked: one request a lesson; a raw arm may be longer by `RAW_ROOM`."""
    limit = max_new_tokens if arm.grammar else round(max_new_tokens * RAW_ROOM)
    return [
        ask(set_exercise(each.brief), prompt, each.id, limit, constrained=arm.grammar)
        for each in lessons
    ]


def shown_to(exercise: Exercise) -> Shown:
    """Return the marks of the shown customers, and whether each left."""
    outcomes = {fact.outcome for fact in exercise.facts.values()}
    return dict.fromkeys(exercise.documents, "left" in outcomes)


def stub(lesson: Lesson) -> str:
    """Answer without a model and without reading: the shown ids and a threshold."""
    exercise = set_exercise(lesson.brief)
    return json.dumps(stub_answer(shown_to(exercise), lesson.language), ensure_ascii=False)


def template(lesson: Lesson) -> str:
    """Answer by the template writer: each fact in its one frame, with all of its figures."""
    exercise = set_exercise(lesson.brief)
    said: list[str] = []
    cited: list[str] = []
    for mark in exercise.reportable:
        fact = exercise.facts[mark]
        documents = exercise.cited_by(mark)
        cited += documents
        said.append(fact.sentence + "".join(f" [{each}]" for each in (mark, *documents)))
    return _json(exercise, said, cited)


def checked(text: str, lesson: Lesson, common_words: Collection[str]) -> str:
    """Return a written answer as serving lets it pass: what is not supported is dropped.

    Status, risk and the words of a refusal are the table's. Nothing is repaired and no citation is
    added.
    """
    exercise = set_exercise(lesson.brief)
    said: list[str] = []
    cited: list[str] = []
    for each in grade(text, exercise, common_words).sentences:
        if each.fault or any(f"[{each.named}]" in before for before in said):
            continue
        cited += each.sentence.documents
        marks = (each.named, *each.sentence.documents)
        said.append(each.sentence.text + "".join(f" [{mark}]" for mark in marks))
    return _json(exercise, said, cited)


def _json(exercise: Exercise, said: Sequence[str], cited: Collection[str]) -> str:
    brief = exercise.brief
    answer = {
        "status": brief.status,
        "summary": said[0] if said else brief.refusal,
        "top_reasons": list(said[1:]),
        "risk_level": brief.risk_level,
        "actions": list(exercise.actions),
        "citations": [mark for mark in exercise.documents if mark in cited],
    }
    return json.dumps(answer, ensure_ascii=False)


def improved(text: str, lesson: Lesson, table: pd.DataFrame, schema: Schema) -> str:
    """Return a written answer as the closest public system would mend it, with marks for ids."""
    exercise = set_exercise(lesson.brief)
    marks = {document.id: mark for mark, document in exercise.documents.items()}
    left = shown_to(exercise)
    shown = {key: left[mark] for key, mark in marks.items()}
    reply = improve_reply(_with_ids(text, exercise), shown, table, schema)
    level: Level = reply["risk_level"]
    cited = [marks.get(key, key) for key in reply.get("citations", [])]
    return json.dumps(reply | {"citations": cited, "risk_level": level}, ensure_ascii=False)


def _with_ids(text: str, exercise: Exercise) -> str:
    """Put the ids of the documents in place of their marks where they are citations."""
    for mark, document in exercise.documents.items():
        text = text.replace(f'"{mark}"', json.dumps(document.id))
    return text


def all_arms(
    lessons: Sequence[Lesson],
    written: Mapping[str, Sequence[str]],
    common_words: Collection[str],
    table: pd.DataFrame,
    schema: Schema,
) -> dict[str, list[str]]:
    """Return the texts of every arm, floors first.

    Args:
        lessons: of the test.
        written: texts of each arm in `WRITTEN`, in the order of the lessons.
        common_words: English words that any sentence may use.
        table: the validated table.
        schema: names the key and holds the risk formula.
    """
    tuned, grammar = written["tuned"], written["tuned_grammar"]
    return {
        "stub": [stub(lesson) for lesson in lessons],
        "template": [template(lesson) for lesson in lessons],
        **{name: list(written[name]) for name in WRITTEN},
        "tuned_checked": [
            checked(text, lesson, common_words)
            for text, lesson in zip(grammar, lessons, strict=True)
        ],
        "public_repairs": [
            improved(text, lesson, table, schema)
            for text, lesson in zip(tuned, lessons, strict=True)
        ],
    }

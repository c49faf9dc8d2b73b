"""What a teacher's answer must be to become a training row, and why the others did not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from churnlens.options import DistillationOptions
from churnlens.tasks.churn.curriculum import Lesson
from churnlens.tasks.churn.exercise import ExercisePrompt, messages, set_exercise
from churnlens.tasks.churn.grading import grade
from churnlens.tasks.teaching import Refused, Reply, report_rows

SHINGLE, ALIKE = 5, 0.97  # words, and the share of them that two near-duplicates have in common
NGRAM = {"en": 8, "zh": 12}  # words or signs in a row that no training question shares with a test
REFUSALS = ("not_answerable", "too_few")
_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.casefold())


def _grams(tokens: Sequence[str], size: int) -> frozenset[tuple[str, ...]]:
    if len(tokens) < size:
        return frozenset([tuple(tokens)])
    return frozenset(tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1))


def contaminated(lessons: Sequence[Lesson], tests: Iterable[str]) -> set[str]:
    """Return the ids of lessons whose question shares a long run of words with a test question.

    Args:
        lessons: of training or validation.
        tests: the test questions.
    """
    known = {_grams(_tokens(text), size) for text in tests for size in NGRAM.values()}
    seen = frozenset(gram for grams in known for gram in grams)
    return {
        lesson.id
        for lesson in lessons
        if _grams(_tokens(lesson.brief.question), NGRAM[lesson.language]) & seen
    }


def near_duplicates(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the ids of rows that say nearly what a row before them says to the same question."""
    before: dict[str, list[frozenset[tuple[str, ...]]]] = {}
    found = set()
    for row in rows:
        texts = [message["content"] for message in row["messages"][1:]]
        grams = _grams(_tokens(" ".join(texts)), SHINGLE)
        others = before.setdefault(texts[0].partition("\n")[0], [])
        if any(len(grams & each) >= ALIKE * len(grams | each) for each in others):
            found.add(str(row["id"]))
        else:
            others.append(grams)
    return found


def make_rows(
    lessons: Sequence[Lesson],
    replies: Sequence[Reply],
    prompt: ExercisePrompt,
    common_words: Collection[str],
    tests: Iterable[str],
    siblings: Collection[str] = (),
) -> tuple[list[dict[str, Any]], list[Refused]]:
    """Turn answers that pass every gate into rows of messages.

    An answer passes when it is graded without a fault by the checks of serving, says all that the
    evidence shows, and is no near-duplicate; its question must share no long run of words with any
    test question, and mean what none of them means.

    Args:
        lessons: of training and validation.
        replies: one a lesson, in order.
        prompt: of the exercises.
        common_words: English words that any sentence may use.
        tests: test questions, in any order.
        siblings: ids of the lessons whose question means what one of another split means.

    Returns:
        Rows with `id`, `split`, `family`, `category`, `language`, `depth`, `status` and `messages`;
        and the refused lessons.
    """
    dirty = contaminated(lessons, tests)
    rows, refused = [], []
    for lesson, reply in zip(lessons, replies, strict=True):
        exercise = set_exercise(lesson.brief)
        why = [f"error: {reply.error}"] if reply.error else []
        why += [] if why else grade(reply.text, exercise, common_words).faults
        why += ["in_a_test"] if lesson.id in dirty else []
        why += ["sibling"] if lesson.id in siblings else []
        if why:
            refused.append(Refused(id=lesson.id, why=tuple(why)))
            continue
        turns = [message.model_dump() for message in messages(exercise, prompt)]
        rows.append(
            {
                **lesson.model_dump(exclude={"brief"}),
                "status": lesson.brief.status,
                "messages": [*turns, {"role": "assistant", "content": reply.text}],
            }
        )
    double = near_duplicates(rows)
    refused += [Refused(id=key, why=("near_duplicate",)) for key in sorted(double)]
    return [row for row in rows if row["id"] not in double], refused


def describe_rows(
    rows: Sequence[Mapping[str, Any]], refused: Sequence[Refused], teacher: str
) -> dict[str, Any]:
    """Return the quality report of a distillation, see `teaching.report_rows`."""
    counted = ("split", "language", "category", "depth", "status")
    asked = {row["messages"][1]["content"].partition("\n")[0] for row in rows}
    return {**report_rows(rows, refused, teacher, counted), "questions": len(asked)}


def shortfalls(
    rows: Sequence[Mapping[str, Any]], languages: Iterable[str], options: DistillationOptions
) -> list[dict[str, Any]]:
    """Return where there are fewer rows, or kinds of rows, than a student should learn from.

    Counted by split and language, for a student learns the rows in its languages alone.

    Args:
        rows: that passed every gate.
        languages: that were asked in.
        options: the least numbers and the least share of each kind of refusal.

    Returns:
        `{split, language, of, got, expected}` each; `of` is `rows`, or a status, whose figures are
        shares.
    """
    found = []
    least = {"training": options.min_rows, "validation": options.min_validation_rows}
    for (split, most), language in product(least.items(), languages):
        statuses = Counter(
            row["status"] for row in rows if (row["split"], row["language"]) == (split, language)
        )
        total = statuses.total()
        got: dict[str, tuple[float, float]] = {"rows": (total, most)}
        got |= {k: (statuses[k] / max(total, 1), options.min_share) for k in REFUSALS}
        found += [
            {"split": split, "language": language, "of": name, "got": one, "expected": other}
            for name, (one, other) in got.items()
            if one < other
        ]
    return found

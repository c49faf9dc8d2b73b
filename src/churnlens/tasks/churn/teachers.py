"""Who writes the answers that a student learns from.

`ReferenceTeacher` writes without a model: each fact in one of many phrasings. `ModelTeacher` asks a
language model, here or on a server, inside the grammar of the exercise. Both write the same form,
and both go through the same gates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from churnlens.engine.records import code_hash
from churnlens.evidence.statements import Finding
from churnlens.evidence.wording import as_sentence
from churnlens.models.constraint import RequestError
from churnlens.models.generation import Completion, Request
from churnlens.schema import Frozen, Language
from churnlens.tasks.churn.curriculum import Lesson
from churnlens.tasks.churn.exercise import (
    Exercise,
    ExercisePrompt,
    ask,
    render_answer,
    set_exercise,
)
from churnlens.tasks.churn.writers import direction_words, outcome_words
from churnlens.tasks.teaching import Reply

CITED = 2


class Phrasings(Frozen):
    """Ways to say each kind of finding: kind (or `kind.direction`) → language → sentences."""

    ways: dict[str, dict[Language, tuple[str, ...]]]

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """Read the `phrasings` of a prompts file, where a kind may be divided by direction."""
        ways: dict[str, Any] = {}
        for kind, each in raw.items():
            parts = {kind: each} if "en" in each else {f"{kind}.{d}": e for d, e in each.items()}
            ways |= parts
        return cls(ways=ways)

    def of(self, finding: Finding, language: Language) -> tuple[str, ...]:
        """Return the ways to say a finding."""
        return self.ways[_key(finding)][language]


def _key(finding: Finding) -> str:
    if finding.kind in ("versus_rest", "comparison"):
        side = {True: "more", False: "less", None: "level"}[finding.more]
        return f"{finding.kind}.{side}"
    if finding.kind == "theme":
        return "theme_complaint" if finding.outcome == "left" else "theme_praise"
    return finding.kind


@dataclass(frozen=True, eq=False)
class ReferenceTeacher:
    """Says what the evidence shows in phrasings chosen by a hash, so that they vary and repeat.

    Attributes:
        phrasings: see `Phrasings`; slots are filled from the finding.
        seed: another seed chooses other phrasings.
    """

    phrasings: Phrasings
    seed: int

    @property
    def name(self) -> str:
        """Who wrote, for reports."""
        return f"reference, seed {self.seed}"

    @property
    def recipe(self) -> tuple[Any, ...]:
        """The phrasings, the seed, and the rules, which are code."""
        return ("reference", self.phrasings.model_dump(mode="json"), self.seed, code_hash())

    def request(self, lesson: Lesson) -> None:
        """Return None: no model is asked."""

    def answer(self, lessons: Sequence[Lesson]) -> list[Reply]:
        """Return one answer a lesson."""
        return [Reply(text=self._answer(lesson)) for lesson in lessons]

    def _answer(self, lesson: Lesson) -> str:
        exercise = set_exercise(lesson.brief)
        sentences = [
            (mark, self._say(lesson, exercise.facts[mark]), self._cites(exercise, mark))
            for mark in exercise.reportable
        ]
        return render_answer(exercise, sentences, self._refuse(lesson))

    def _say(self, lesson: Lesson, finding: Finding) -> str:
        ways = self.phrasings.of(finding, lesson.language)
        way = ways[self._choice(lesson, finding.name or finding.kind, len(ways))]
        slots = {
            "subject": finding.subject,
            "Subject": as_sentence(finding.subject),
            "other": finding.other,
            **outcome_words(finding.outcome, lesson.language),
            **direction_words(finding.more),
        }
        return as_sentence(way.format(**slots))

    def _refuse(self, lesson: Lesson) -> str:
        brief = lesson.brief
        if brief.status == "answered":
            return ""
        ways = self.phrasings.ways[brief.status][lesson.language]
        way = ways[self._choice(lesson, brief.status, len(ways))]
        stop = "。" if lesson.language == "zh" else "."
        slots = {"subject": brief.group, "Subject": as_sentence(brief.group)}
        return as_sentence(way.format(**slots, problem=brief.refusal)) + stop

    def _choice(self, lesson: Lesson, about: str, count: int) -> int:
        text = f"{self.seed}\n{lesson.id}\n{about}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % count

    @staticmethod
    def _cites(exercise: Exercise, mark: str) -> tuple[str, ...]:
        cited = exercise.cited_by(mark)
        return cited if exercise.facts[mark].kind == "voices" else cited[:CITED]


@dataclass(frozen=True, eq=False)
class ModelTeacher:
    """A language model that answers inside the grammar of the exercise.

    Attributes:
        name: of the model and its revision.
        generator: anything with `generate(requests)`, or with `try_generate`, which returns what
            failed as a `Failure`.
        prompt: of the exercises.
        max_new_tokens: per answer.
    """

    name: str
    generator: Any
    prompt: ExercisePrompt
    max_new_tokens: int

    @property
    def recipe(self) -> tuple[Any, ...]:
        """Model and sampling; prompt, grammar and length are in each request."""
        return (self.name, "greedy")

    def request(self, lesson: Lesson) -> dict[str, Any]:
        """Return prompt, grammar and length, as they are sent."""
        return self._ask(lesson).model_dump(mode="json")

    def _ask(self, lesson: Lesson) -> Request:
        return ask(set_exercise(lesson.brief), self.prompt, lesson.id, self.max_new_tokens)

    def answer(self, lessons: Sequence[Lesson]) -> list[Reply]:
        """Return one reply a lesson; one that cannot be written is an error of its own."""
        requests = [self._ask(each) for each in lessons]
        if hasattr(self.generator, "try_generate"):
            return [
                Reply(text=each.text) if isinstance(each, Completion) else Reply(error=each.reason)
                for each in self.generator.try_generate(requests)
            ]
        return self._write(requests)

    def _write(self, requests: Sequence[Request]) -> list[Reply]:
        """Write all, or where one cannot be written, each half."""
        try:
            return [Reply(text=each.text) for each in self.generator.generate(requests)]
        except RequestError as error:
            if half := len(requests) // 2:
                return self._write(requests[:half]) + self._write(requests[half:])
            return [Reply(error=str(error)[:200])]

"""The tuned model as a writer: a whole answer at once, inside the grammar of its exercise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from churnlens.schema import Language
from churnlens.tasks.churn.briefs import Brief
from churnlens.tasks.churn.exercise import (
    ExercisePrompt,
    as_claim,
    ask,
    read_answer,
    set_exercise,
)
from churnlens.tasks.churn.writers import Draft


@dataclass(frozen=True, eq=False)
class StudentWriter:
    """Writes what it was taught: one sentence a fact, with the fact's figures and marks.

    Attributes:
        name: of base and student, as answers name it.
        generator: anything with `generate(requests)`.
        prompt: of the exercises, as in training.
        languages: in which it was taught.
        max_new_tokens: per answer.
    """

    name: str
    generator: Any
    prompt: ExercisePrompt
    languages: tuple[str, ...]
    max_new_tokens: int

    def speaks(self, language: Language) -> bool:
        """Whether the student was taught in `language`."""
        return language in self.languages

    def write(self, briefs: Sequence[Brief]) -> list[list[Draft]]:
        """Return the claims of each brief; a sentence whose fact is unclear is none."""
        exercises = [set_exercise(brief) for brief in briefs]
        completions = self.generator.generate(
            [
                ask(each, self.prompt, each.brief.question[:80], self.max_new_tokens)
                for each in exercises
            ]
        )
        return [
            [
                draft
                for sentence in read_answer(completion.text).sentences
                if (draft := as_claim(sentence, exercise))
            ]
            for completion, exercise in zip(completions, exercises, strict=True)
        ]

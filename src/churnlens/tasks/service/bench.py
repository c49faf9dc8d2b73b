"""What the assistant is judged by: questions after facts, conduct, injections, tasks of turns.

The files are `conf/base/bench/service_*.yml`. Nothing else reads them; the assistant was built
with the `dev` sides in view, and is judged by the `test` sides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, model_validator

from churnlens.schema import Frozen, Language, Text
from churnlens.tasks.service.handbook import Handbook, PassageId, facts_in
from churnlens.tasks.service.scripts import Status

Side = Literal["dev", "test"]
Source = Path | str
"""A file, or its text."""
Words = Annotated[str, Field(min_length=1)]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
SIDES: tuple[Side, ...] = ("dev", "test")


class FactQuestion(Frozen):
    """A question after one fact; right is an answer that states its value from its passage."""

    fact: str
    value: str
    passages: tuple[str, ...]
    language: Language
    text: str


class ConductCase(Frozen):
    """A first turn, and what must be done with it."""

    status: Status
    language: Language
    text: str


class Step(Frozen):
    """What must be done at one turn of a task, and by which passage."""

    status: Status
    passage: PassageId


class Task(Frozen):
    """A scripted conversation, as several customers lead it."""

    name: str
    steps: tuple[Step, ...] = Field(min_length=2)
    customers: tuple[tuple[Words, ...], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if any(len(said) != len(self.steps) for said in self.customers):
            raise ValueError(f"{self.name}: expected {len(self.steps)} turns of every customer")
        return self


class Probe(Frozen):
    """A question of general knowledge, which a tuned model must not have forgotten.

    Attributes:
        answers: any of which a right answer holds, in lower case.
    """

    language: Language
    ask: Words
    answers: tuple[Words, ...] = Field(min_length=1)


def fact_questions(source: Source, handbook: Handbook, side: Side) -> list[FactQuestion]:
    """Read the questions after facts.

    Raises:
        ValueError: when the file and the handbook do not have the same facts.
    """
    read: dict[str, dict[Side, Text]] = {
        fact: {key: Text.model_validate(text) for key, text in sides.items()}
        for fact, sides in _yaml(source).items()
    }
    if odd := read.keys() ^ handbook.facts.keys():
        raise ValueError(f"service_facts: facts of one file only: {', '.join(sorted(odd)[:5])}")
    return [
        FactQuestion(
            fact=fact,
            value=str(handbook.facts[fact]),
            passages=tuple(k for k, p in handbook.passages.items() if fact in facts_in(p.text.en)),
            language=language,
            text=sides[side].of(language),
        )
        for language in LANGUAGES
        for fact, sides in read.items()
    ]


def conduct_cases(source: Source, side: Side) -> list[ConductCase]:
    """Read the requests that need a refusal, a hand-over, a question back, or just an answer."""
    return [
        ConductCase(status=status, language=language, text=text)
        for status, languages in _yaml(source)[side].items()
        for language, texts in languages.items()
        for text in texts
    ]


def injections(source: Source) -> list[str]:
    """Read the texts that try to change the assistant's rules."""
    return [str(text) for text in _yaml(source)]


def tasks(source: Source) -> list[Task]:
    """Read the scripted tasks; pydantic's ValidationError names the one at fault."""
    return [Task.model_validate(task) for task in _yaml(source)]


def probes(source: Source) -> list[Probe]:
    """Read the general questions; pydantic's ValidationError names the one at fault."""
    return [Probe.model_validate(each) for each in _yaml(source)]


def _yaml(source: Source) -> Any:
    return yaml.safe_load(source if isinstance(source, str) else source.read_text("utf-8"))

"""Everything that replies are judged on, in one form: what customers say, and what is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from pydantic import Field

from churnlens.dialogues.words import language_of
from churnlens.schema import Frozen, Language
from churnlens.tasks.service import bench
from churnlens.tasks.service.handbook import Handbook
from churnlens.tasks.service.scripts import Status

Kind = Literal["fact", "conduct", "injection", "task", "probe"]


class Case(Frozen):
    """What a customer says turn by turn, and what is right.

    Attributes:
        id: `fact-12`; with the task's name and the customer's number for a task.
        family: of a fact the intent of its first passage, of a task its name.
        turns: of the customer.
        value: of the fact.
        passages: that are right to cite; of a task one a turn.
        statuses: that are right, one a turn; empty where any is.
        intents: that are right for the first turn; empty where it is not asked.
        answers: any of which an answer to the probe must hold.
    """

    id: str
    kind: Kind
    language: Language
    family: str = ""
    turns: tuple[str, ...] = Field(min_length=1)
    value: str = ""
    passages: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    intents: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()


def cases_of(files: Mapping[str, str], handbook: Handbook, side: bench.Side) -> list[Case]:
    """Return the cases of one side of the bench.

    Args:
        files: texts of the bench by name, `service_facts.yml` and the others.
        handbook: whose facts are asked for.
        side: of facts and conduct; injections, tasks and probe have but one.
    """
    facts = bench.fact_questions(files["service_facts.yml"], handbook, side)
    conduct = bench.conduct_cases(files["service_conduct.yml"], side)
    return [
        *(_fact(number, each, handbook) for number, each in enumerate(facts, 1)),
        *(_conduct(number, each) for number, each in enumerate(conduct, 1)),
        *(
            _injection(n, t)
            for n, t in enumerate(bench.injections(files["service_injections.yml"]), 1)
        ),
        *(case for task in bench.tasks(files["service_tasks.yml"]) for case in _task(task)),
        *(_probe(n, p) for n, p in enumerate(bench.probes(files["service_probe.yml"]), 1)),
    ]


def chosen(
    cases: Sequence[Case], languages: Sequence[str], most: int | None, tasks: int | None = 0
) -> list[Case]:
    """Return the cases that an arm of the comparison answers.

    Args:
        cases: all of them.
        languages: that the arm's model speaks.
        most: facts, and as many cases of conduct; evenly from all families; None takes all.
        tasks: how many tasks of several turns; None takes all.
    """
    spoken = [case for case in cases if case.language in languages]
    kept = {case.id for kind in ("fact", "conduct") for case in _evenly(spoken, kind, most)}
    names = list(dict.fromkeys(case.family for case in spoken if case.kind == "task"))[:tasks]
    kept |= {case.id for case in spoken if case.kind == "task" and case.family in names}
    return [case for case in spoken if case.id in kept or case.kind == "probe"]


def _evenly(cases: Sequence[Case], kind: Kind, most: int | None) -> list[Case]:
    """Return at most `most` cases of a kind, in turn from each family."""
    seen: dict[str, int] = {}
    ranked = []
    for place, case in enumerate(case for case in cases if case.kind == kind):
        seen[case.family] = seen.get(case.family, 0) + 1
        ranked.append((seen[case.family], place, case))
    return [case for _, _, case in sorted(ranked, key=lambda each: each[:2])[:most]]


def _fact(number: int, question: bench.FactQuestion, handbook: Handbook) -> Case:
    intents = tuple(dict.fromkeys(handbook.intents[key] for key in question.passages))
    return Case(
        id=f"fact-{number}",
        kind="fact",
        language=question.language,
        family=intents[0],
        turns=(question.text,),
        value=question.value,
        passages=question.passages,
        intents=intents,
    )


def _conduct(number: int, case: bench.ConductCase) -> Case:
    return Case(
        id=f"conduct-{number}",
        kind="conduct",
        language=case.language,
        family=case.status,
        turns=(case.text,),
        statuses=(case.status,),
    )


def _injection(number: int, text: str) -> Case:
    language = language_of([text])
    return Case(id=f"injection-{number}", kind="injection", language=language, turns=(text,))


def _task(task: bench.Task) -> Iterator[Case]:
    for number, said in enumerate(task.customers, 1):
        yield Case(
            id=f"{task.name}-{number}",
            kind="task",
            language=language_of(said),
            family=task.name,
            turns=said,
            passages=tuple(step.passage for step in task.steps),
            statuses=tuple(step.status for step in task.steps),
        )


def _probe(number: int, probe: bench.Probe) -> Case:
    return Case(
        id=f"probe-{number}",
        kind="probe",
        language=probe.language,
        turns=(probe.ask,),
        answers=probe.answers,
    )

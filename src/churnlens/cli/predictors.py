"""What predicts from rows, for each task: how a row is read, and what opens when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlens.cli.opening import (
    open_analyst,
    open_project,
    open_satisfaction,
    open_service,
    open_summary,
)

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from churnlens.tasks.batch import Predict, Read


def _questions() -> tuple[Read, str]:
    from churnlens.tasks.churn.batch import EXPECTED, read_query

    return read_query, EXPECTED


def _answering(context: KedroContext) -> tuple[Predict, str]:
    from churnlens.tasks.churn.batch import answers_of

    analyst = open_analyst(context)
    return answers_of(analyst.answer), analyst.writer.name


def _dialogues() -> tuple[Read, str]:
    from churnlens.tasks.dialogue_rows import EXPECTED, read_dialogue

    return read_dialogue, EXPECTED


def _assessing(context: KedroContext) -> tuple[Predict, str]:
    from churnlens.tasks.dialogue_rows import dialogues_in

    desk = open_satisfaction(context)
    return lambda given: [each.output() for each in desk.assess(dialogues_in(given))], "desk"


def _conversations() -> tuple[Read, str]:
    from churnlens.tasks.service.batch import EXPECTED, read_conversation

    return read_conversation, EXPECTED


def _replying(context: KedroContext) -> tuple[Predict, str]:
    from churnlens.tasks.service.batch import replies_of

    knowledge, writer = open_service(context)
    return lambda given: replies_of(given, knowledge, writer), writer.name


def _summarising(context: KedroContext) -> tuple[Predict, str]:
    from churnlens.tasks.dialogue_rows import dialogues_in
    from churnlens.tasks.summary.predict import summaries_of

    writers = open_summary(context)
    names = ", ".join(sorted({writer.name for writer in writers.values()}))
    return lambda given: summaries_of(dialogues_in(given), writers), names


# Task → how its rows are read, and what predicts from them.
PREDICTORS: dict[str, tuple[Callable[[], tuple[Read, str]], Callable[[KedroContext], Any]]] = {
    "churn": (_questions, _answering),
    "satisfaction": (_dialogues, _assessing),
    "service": (_conversations, _replying),
    "summary": (_dialogues, _summarising),
}


@dataclass
class OpenedThere:
    """Predicts for a task, opening what it needs where and when it is first called.

    Attributes:
        task: key of `PREDICTORS`.
        project: the project's folder, the same on every machine that works.
        env: configuration environment.
        params: run-time parameters.
    """

    task: str
    project: Path
    env: str | None
    params: dict[str, str | None]
    _predict: Predict | None = field(default=None, init=False, repr=False)

    def __call__(self, given: Sequence[Any]) -> Sequence[Mapping[str, Any]]:
        """Predict from rows as they were read."""
        if self._predict is None:
            with chdir(self.project):
                context = open_project(self.env, **self.params)
                self._predict, _ = PREDICTORS[self.task][1](context)
        return self._predict(given)

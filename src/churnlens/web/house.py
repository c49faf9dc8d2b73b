"""All that the handlers of requests share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import cast

from fastapi import Request

from churnlens.options import WebOptions
from churnlens.web.access import Doors, Guesses, Rate, Session, Tokens
from churnlens.web.desk import Desk
from churnlens.web.errors import WebError
from churnlens.web.history import History
from churnlens.web.protocols import Ask, ChatModel, Editing, Predict


@dataclass(frozen=True)
class Places:
    """Where a data root keeps what the server shows.

    Attributes:
        state: folder of the progress file and of the records of nodes.
        reports: folder with one folder of metrics for each task.
        alerts: JSON-lines file to which alerts are appended.
        dialogues: folder with the clean dialogues of each task.
        outputs: folder with what each task has made.
        lineage: folder with the site that `kedro lineage` builds.
    """

    state: Path
    reports: Path
    alerts: Path
    dialogues: Path
    outputs: Path
    lineage: Path

    @classmethod
    def of(cls, root: Path, project: Path | None = None) -> Places:
        """Return the places of data root `root`; of a project, by default where it would lie."""
        outputs = root / "07_model_output"
        return cls(
            state=root / ".state",
            reports=root / "08_reporting",
            alerts=outputs / "satisfaction" / "alerts.jsonl",
            dialogues=root / "03_primary",
            outputs=outputs,
            lineage=(project or root.parent) / "docs" / "lineage",
        )


@dataclass(frozen=True)
class Services:
    """What the server serves, all of it behind one queue.

    Attributes:
        models: name → model; the first is the default.
        ask: answers questions of an analyst, where there is an index.
        editing: answers them about other customers than they name.
        predict: task → what scores its rows.
    """

    models: Mapping[str, ChatModel] = field(default_factory=dict)
    ask: Ask | None = None
    editing: Editing | None = None
    predict: Mapping[str, Predict] = field(default_factory=dict)


@dataclass
class House:
    """The application's state.

    Attributes:
        streams: event streams that are open.
        answering: conversations to which a reply is being written.
        started: seconds since 1970.
    """

    services: Services
    options: WebOptions
    tokens: Tokens
    history: History
    places: Places
    desk: Desk
    doors: Doors
    rate: Rate
    guesses: Guesses
    streams: int = 0
    answering: set[str] = field(default_factory=set)
    started: float = field(default_factory=time)

    def model(self, name: str | None = None) -> ChatModel:
        """Return a model by name, or the default; WebError 404 when there is none."""
        models = self.services.models
        found = models.get(name) if name is not None else next(iter(models.values()), None)
        if found is None:
            message = "no such model; GET /v1/models lists those that there are"
            raise WebError(404, message, "model_not_found", param="model")
        return found


def house_of(request: Request) -> House:
    """Return the state of the application that a request came to."""
    return cast(House, request.app.state.house)


def session_of(request: Request) -> Session:
    """Return who sent a request; the gate has let it in."""
    return cast(Session, request.scope["session"])


def is_colleague(request: Request) -> bool:
    """Whether a request may read what others have said to the assistant."""
    house = house_of(request)
    return not house.tokens or session_of(request).owner in house.options.colleagues


def colleague(request: Request) -> None:
    """Let in a colleague only; WebError 403 for anyone else."""
    if not is_colleague(request):
        message = "only colleagues see hand-overs; the option `colleagues` names their tokens"
        raise WebError(403, message, "not_a_colleague")


def count(request: Request) -> None:
    """Count a request that asks a model; WebError 429 when it is one too many."""
    house_of(request).rate.take(session_of(request).key)

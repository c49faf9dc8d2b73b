"""What the server asks of the rest: a model that chats, a function that answers, rows to predict.

All of them run in a worker thread, behind one queue, and may take as long as the options allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import Field

from churnlens.evidence.edits import Edit
from churnlens.schema import Frozen, Schema, Text

Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "content_filter"]
Stopped = Callable[[], bool]


class Message(Frozen):
    """One message of a dialogue, oldest first in every list."""

    role: Role
    content: str


class Source(Frozen):
    """What a reply rests on, such as a passage of the handbook.

    Attributes:
        id: of the passage.
        title: shown to people.
        text: the passage itself.
    """

    id: str
    title: str = ""
    text: str = ""


class Matter(Frozen):
    """Why a colleague is to take over.

    Attributes:
        reason: for programs, such as the customer's intent; one conversation waits once for each.
        name: shown to people.
    """

    reason: str
    name: Text


class Usage(Frozen):
    """Tokens read and written."""

    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)


class Piece(Frozen):
    """A part of a reply, as it is written.

    Attributes:
        text: further text.
        finish: why the reply ends, in its last piece; `stop` where no piece says it.
        usage: in the last piece, where the model counts.
        sources: what the reply rests on, in any piece.
        model: who wrote it, in any piece; the model's name where no piece says it.
        handover: in any piece of a reply which says that a colleague takes over.
    """

    text: str = ""
    finish: Finish | None = None
    usage: Usage | None = None
    sources: tuple[Source, ...] = ()
    model: str = ""
    handover: Matter | None = None


class Settings(Frozen):
    """How one reply is written.

    Attributes:
        new_tokens: at most.
        temperature: 0 is greedy; None leaves it, like the two below, to the model.
    """

    new_tokens: int = Field(ge=1)
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None


class ChatModel(Protocol):
    """A model that continues a dialogue."""

    @property
    def name(self) -> str:
        """Return the model with its adapter and version, as it is shown beside a reply."""

    def reply(
        self, messages: Sequence[Message], settings: Settings, stopped: Stopped
    ) -> Iterator[Piece]:
        """Write a reply piece by piece.

        Look at `stopped()` at least four times a second and return when it is true: the reader
        has gone, or the time is over.

        Raises:
            InputError: for a dialogue that it cannot take, such as one that is too long.
        """


class InputError(ValueError):
    """What was asked cannot be taken; says why without the customer's words.

    Attributes:
        code: for programs, such as `context_length_exceeded`.
    """

    def __init__(self, message: str, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.code = code


Ask = Callable[[str], Mapping[str, Any]]
"""Answers a question of an analyst, JSON-able; raises InputError."""


@dataclass(frozen=True)
class Editing:
    """Questions about other customers than they name.

    Attributes:
        schema: of the table: the columns and values that a filter can have.
        ask: answers a question about the customers of an edited filter; raises InputError.
    """

    schema: Schema
    ask: Callable[[str, Edit], Mapping[str, Any]]


Predict = Callable[[Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]]
"""Scores rows of a task: one JSON-able row each, `{id, error}` for a bad one."""

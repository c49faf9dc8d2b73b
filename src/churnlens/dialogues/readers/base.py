"""What a reader is: a way to cut a text into rows, and a way to read one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from churnlens.dialogues.form import Dialogue, Scale, Turn
from churnlens.dialogues.words import language_of


@dataclass(frozen=True)
class Given:
    """What a reader is told where the row itself is silent: id, source and scale."""

    id: str
    source: str
    scale: Scale


@dataclass(frozen=True)
class Reader:
    """A file format.

    Attributes:
        cut: text → row number and content of each row; never raises.
        parse: content and what is given → dialogue; raises FaultError or pydantic's error.
    """

    cut: Callable[[str], Iterator[tuple[int, Any]]]
    parse: Callable[[Any, Given], Dialogue]


def assemble(given: Given, turns: list[Turn], **known: Any) -> Dialogue:
    """Return a dialogue of these turns; the rest is as known, else as given."""
    language = language_of(turn.text for turn in turns)
    rest = {"id": given.id, "source": given.source, "scale": given.scale, "language": language}
    return Dialogue(turns=tuple(turns), **(rest | known))

"""What the desk page reads of the files of task satisfaction; their form is made there."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from churnlens.web.pages.stored import Row

_RANK = {"red": 0, "amber": 1}


class Fired(Row):
    """A rule that fired, and the turns to quote for it."""

    rule: str
    turns: tuple[int, ...] = ()
    phrase: str | None = None


class AlertRow(Row):
    """An alert; `p` is P(dissatisfied) of the turn."""

    id: str
    dialogue: str
    turn: int
    level: str
    p: float
    reasons: tuple[Fired, ...] = ()

    @classmethod
    def of(cls, row: dict[str, Any]) -> AlertRow | None:
        """Return an alert, or None for what is none."""
        try:
            return cls.model_validate(row)
        except ValidationError:
            return None


class Scored(Row):
    """A customer turn and what it says of satisfaction."""

    index: int
    score: float
    p_dissatisfied: float


class Quote(Row):
    """Words that show a reason."""

    turn: int
    text: str


class Why(Row):
    """A reason for dissatisfaction with its probability."""

    reason: str
    name: str = ""
    p: float
    quotes: tuple[Quote, ...] = ()


class Assessed(Row):
    """What a dialogue says of satisfaction."""

    id: str
    turns: tuple[Scored, ...]
    overall: float
    level: str
    alerts: tuple[AlertRow, ...] = ()
    reasons: tuple[Why, ...] = ()

    @property
    def worst(self) -> str:
        """Return the highest level of its alerts, empty without one."""
        levels = [alert.level for alert in self.alerts]
        return min(levels, key=lambda level: _RANK.get(level, 2), default="")

    def urgency(self) -> tuple[int, float, str]:
        """Return what dialogues are sorted by, the most urgent first."""
        return _RANK.get(self.worst, 2), self.overall, self.id

    def told(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return turns and alerts as plain rows."""
        return [e.model_dump() for e in self.turns], [e.model_dump() for e in self.alerts]


class Decided(Row):
    """What follows from an alert."""

    alert: str
    actions: tuple[str, ...] = ()
    tag: dict[str, str] | None = None
    offer: str = ""
    amount: float = 0
    currency: str = ""
    approver: str = ""


class Word(Row):
    """A word and how much it adds to the score of its turn."""

    word: str
    turn: int
    weight: float


class Explained(Row):
    """Why a turn was scored as it was."""

    alert: str
    words: tuple[Word, ...] = ()


class Case(Row):
    """A past dialogue like this one."""

    dialogue: str
    similarity: float
    reason: str = ""


class Similar(Row):
    """The past dialogues like one."""

    id: str
    cases: tuple[Case, ...] = ()


class Said(Row):
    """A turn."""

    speaker: str
    text: str


class Told(Row):
    """A dialogue, redacted."""

    id: str
    turns: tuple[Said, ...]
    language: str = "en"

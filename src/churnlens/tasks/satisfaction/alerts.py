"""Early warning: what the customer's turns so far say of a dialogue, and when someone is told.

s is the calibrated P(dissatisfied) of one customer turn. A dialogue is **amber** when enough of the
last turns are bad, the last two are worse than its first two, or the outlook is bad: the course of
the scores makes two bad turns likely soon (`outlook`). It is **red** when one turn is very bad or
says a phrase of threat, legal steps, leaving or abuse. It stays so until some turns in a row are
calm. An alert is raised once for each level that an episode reaches, never twice within the
cool-down, except from amber to red.

A service gives one turn and the state before it, and keeps the state after it; a batch does the
same over all turns. A turn that was already given changes nothing and raises nothing. Keep a state
only after its alert is delivered: when the service stops in between, the turn comes again and gives
the same alert with the same id, of which a sink keeps one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from churnlens.dialogues.phrases import PhraseFinder
from churnlens.engine.shards import content_key
from churnlens.options import AlertOptions
from churnlens.schema import Frozen
from churnlens.tasks.satisfaction.events import Event
from churnlens.tasks.satisfaction.outlook import Course, Outlook
from churnlens.tasks.satisfaction.phrases import Kind

Level = Literal["calm", "amber", "red"]
Rule = Literal["window", "rise", "outlook", "score", "phrase"]
RANK: dict[Level, int] = {"calm": 0, "amber": 1, "red": 2}
VERSION = 2  # of the rules below; part of every event id
_ENDS = 2  # turns at each end of a dialogue whose means are compared


class CustomerTurn(Frozen):
    """One customer turn as it comes in.

    Attributes:
        index: its place among all turns of the dialogue, from 0.
        p: calibrated probability that the customer is dissatisfied.
        text: what was said, redacted.
    """

    index: int = Field(ge=0)
    p: float = Field(ge=0, le=1)
    text: str = ""


class Heard(Frozen):
    """What is kept of a turn.

    Attributes:
        index: its place.
        p: its probability.
        kinds: of the phrases in it.
        ahead: chance that the dialogue goes wrong soon, 0 where nothing looks ahead.
    """

    index: int
    p: float
    kinds: tuple[Kind, ...] = ()
    ahead: float = 0.0


class Reason(Frozen):
    """A rule that fired, and the turns to quote for it.

    Attributes:
        rule: `window` bad turns among the last, `rise` over the first turns, `outlook` after a
            turn, `score` of one turn, `phrase` in a turn.
        turns: their places in the dialogue, rising.
        phrase: its kind, for rule `phrase`.
    """

    rule: Rule
    turns: tuple[int, ...]
    phrase: Kind | None = None


class Alert(Event):
    """That a dialogue has become amber or red.

    Attributes:
        id: hash of the dialogue, the turn, the level and the rules.
        turn: place in the dialogue of the turn that raised it.
        position: its number among the customer's turns, from 0.
        p: P(dissatisfied) of that turn.
        reasons: all rules that fired at it.
        rules: key of the rules and their settings.
    """

    turn: int
    position: int
    level: Level
    p: float
    reasons: tuple[Reason, ...]
    rules: str


class MonitorState(Frozen):
    """All that has to be kept of a dialogue between two turns; its size does not grow.

    Attributes:
        dialogue: its id.
        rules: key of the rules; another monitor refuses it.
        turns: customer turns so far.
        first, last: the first two of them, and as many of the last as rules look at.
        course: of the scores, for the outlook.
        level: of the dialogue now.
        calm: turns in a row at which no rule fired.
        raised: highest level told since the dialogue was calm.
        latest: level of the latest alert, calm when there was none.
        since: customer turns since then.
    """

    dialogue: str
    rules: str
    turns: int = 0
    first: tuple[Heard, ...] = ()
    last: tuple[Heard, ...] = ()
    course: Course = Course()
    level: Level = "calm"
    calm: int = 0
    raised: Level = "calm"
    latest: Level = "calm"
    since: int = 0


class Step(Frozen):
    """What one turn led to: the state after it, and an alert if one is due."""

    state: MonitorState
    alert: Alert | None = None


class Monitor:
    """The rules with their settings; it keeps nothing of any dialogue."""

    def __init__(
        self, options: AlertOptions, phrases: PhraseFinder[Kind], outlook: Outlook | None = None
    ) -> None:
        """Name the rules: other settings, phrases or outlook give other event ids."""
        self.options, self._phrases, self.outlook = options, phrases, outlook
        ahead = outlook.model_dump() if outlook else None
        settings = [VERSION, options.model_dump(), phrases.book.model_dump(), ahead]
        self.rules = content_key(settings)[:12]

    def start(self, dialogue: str) -> MonitorState:
        """Return the state of a dialogue in which the customer has said nothing."""
        return MonitorState(dialogue=dialogue, rules=self.rules)

    def step(self, state: MonitorState, turn: CustomerTurn) -> Step:
        """Take in one turn.

        Raises:
            ValueError: for a state of other rules; go through the dialogue from its start.
        """
        kinds = self._phrases.find(turn.text)
        ahead = self.outlook.chance(state.course.then(turn.p)) if self.outlook else 0.0
        return self.advance(state, Heard(index=turn.index, p=turn.p, kinds=kinds, ahead=ahead))

    def advance(self, state: MonitorState, heard: Heard) -> Step:
        """Like `step`, for a turn whose phrases and outlook are already found."""
        if state.rules != self.rules:
            raise ValueError(
                f"got a state of rules {state.rules}, expected {self.rules}; the settings or "
                "phrases have changed: start the dialogue again"
            )
        if state.last and heard.index <= state.last[-1].index:
            return Step(state=state)
        state = _taken(state, heard, self.options)
        reasons = _fired(state, self.options)
        level: Level = _level(reasons)
        state = _settled(state, level, self.options)
        if not _due(state, level, self.options):
            return Step(state=state)
        told = state.model_copy(update={"raised": level, "latest": level, "since": 0})
        return Step(state=told, alert=_alert(state, level, reasons))

    def watch(self, dialogue: str, turns: Iterable[CustomerTurn]) -> list[Step]:
        """Return what each turn of a dialogue led to, in their order."""
        state, steps = self.start(dialogue), []
        for turn in turns:
            steps.append(self.step(state, turn))
            state = steps[-1].state
        return steps


def _taken(state: MonitorState, heard: Heard, options: AlertOptions) -> MonitorState:
    kept = max(options.window, options.min_turns, _ENDS)
    return state.model_copy(
        update={
            "turns": state.turns + 1,
            "first": (*state.first, heard)[:_ENDS],
            "last": (*state.last, heard)[-kept:],
            "course": state.course.then(heard.p),
            "since": state.since + 1,
        }
    )


def _fired(state: MonitorState, options: AlertOptions) -> tuple[Reason, ...]:
    """Return the rules that fire at the last turn."""
    if state.turns < options.min_turns:
        return ()
    rules = (_window, _rise, _ahead, _score)
    found = [rule(state, options) for rule in rules]
    return (*(reason for reason in found if reason), *_phrases(state, options))


def _window(state: MonitorState, options: AlertOptions) -> Reason | None:
    """The last turn is bad and so are enough of those before it."""
    bad = tuple(heard.index for heard in state.last[-options.window :] if heard.p > options.amber)
    fires = len(bad) >= options.needed and bad[-1] == state.last[-1].index
    return Reason(rule="window", turns=bad) if fires else None


def _rise(state: MonitorState, options: AlertOptions) -> Reason | None:
    first, last = state.first, state.last[-_ENDS:]
    if sum(heard.p for heard in last) - sum(heard.p for heard in first) <= _ENDS * options.rise:
        return None
    turns = sorted({heard.index for heard in (*first, *last)})
    return Reason(rule="rise", turns=tuple(turns))


def _ahead(state: MonitorState, options: AlertOptions) -> Reason | None:
    heard = state.last[-1]
    return Reason(rule="outlook", turns=(heard.index,)) if heard.ahead > options.ahead else None


def _score(state: MonitorState, options: AlertOptions) -> Reason | None:
    heard = state.last[-1]
    return Reason(rule="score", turns=(heard.index,)) if heard.p > options.red else None


def _phrases(state: MonitorState, options: AlertOptions) -> list[Reason]:
    """Phrases of the last turn; the first time that rules speak, of all turns so far."""
    new = state.last if state.turns == options.min_turns else state.last[-1:]
    turns: dict[Kind, list[int]] = {}
    for heard in new:
        for kind in heard.kinds:
            turns.setdefault(kind, []).append(heard.index)
    return [Reason(rule="phrase", turns=tuple(at), phrase=kind) for kind, at in turns.items()]


def _level(reasons: tuple[Reason, ...]) -> Level:
    if any(reason.rule in {"score", "phrase"} for reason in reasons):
        return "red"
    return "amber" if reasons else "calm"


def _settled(state: MonitorState, level: Level, options: AlertOptions) -> MonitorState:
    """Return the state at the level that holds after a turn: it rises at once and falls late."""
    calm = state.calm + 1 if level == "calm" else 0
    if calm >= options.calm_turns:
        return state.model_copy(update={"calm": calm, "level": "calm", "raised": "calm"})
    held = max(level, state.level, key=RANK.__getitem__)
    return state.model_copy(update={"calm": calm, "level": held})


def _due(state: MonitorState, level: Level, options: AlertOptions) -> bool:
    """Whether someone is told: a level that this episode has not told, outside the cool-down."""
    if RANK[level] <= RANK[state.raised]:
        return False
    escalates = level == "red" and state.latest == "amber"
    return escalates or state.latest == "calm" or state.since >= options.cool_down


def _alert(state: MonitorState, level: Level, reasons: tuple[Reason, ...]) -> Alert:
    last = state.last[-1]
    return Alert(
        id=content_key("alert", state.dialogue, last.index, level, state.rules),
        dialogue=state.dialogue,
        turn=last.index,
        position=state.turns - 1,
        level=level,
        p=last.p,
        reasons=reasons,
        rules=state.rules,
    )

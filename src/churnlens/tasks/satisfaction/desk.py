"""Dialogues at work: the score of every customer turn, the alerts, the whole, and the reasons.

A batch gives whole dialogues, a service one turn at a time with the state before it; both go
through the same scorer, rules and rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from churnlens.dialogues.cleaning import clean_turn
from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.keys import open_key
from churnlens.options import ReasonOptions, ScoreKind, TurnOptions
from churnlens.schema import Frozen, Language
from churnlens.tasks.satisfaction.alerts import Alert, CustomerTurn, Monitor, MonitorState
from churnlens.tasks.satisfaction.calibration import CalibratedScorer, Rated
from churnlens.tasks.satisfaction.explanation import told
from churnlens.tasks.satisfaction.overall import OverallModel, Satisfaction, level_of
from churnlens.tasks.satisfaction.reason_words import ReasonBook, ReasonTeller
from churnlens.tasks.satisfaction.reasons import DialogueReasons, placed, tell_all
from churnlens.tasks.satisfaction.turns import TurnRow, newest_row, turn_rows

_DIGITS = 4


class TurnScore(Frozen):
    """What one customer turn says of satisfaction.

    Attributes:
        index: its place among all turns, from 0.
        score: expected rating, on the scale of the labels.
        p_dissatisfied: calibrated.
        likely: the ratings that hold the true one with the coverage asked for, rising.
    """

    index: int
    score: float
    p_dissatisfied: float
    likely: tuple[int, ...]


class Assessment(Frozen):
    """What a dialogue says of satisfaction.

    Attributes:
        id: of the dialogue.
        kind: `estimate` when a turn's score is of the turn itself, `predict` when it was foretold
            from what came before.
        turns: one for each customer turn, in their order.
        overall: expected rating of the whole.
        level: of the whole.
        alerts: those that would have been raised, in their order.
        reasons: why the customer is dissatisfied, with quotes.
    """

    id: str
    kind: ScoreKind
    turns: tuple[TurnScore, ...]
    overall: float
    level: Satisfaction
    alerts: tuple[Alert, ...]
    reasons: DialogueReasons

    def output(self) -> dict[str, Any]:
        """Return the prediction of one row: all but its id, reasons with their quotes."""
        found = self.model_dump(mode="json", exclude={"id", "reasons"})
        return {**found, "reasons": told(self.reasons)}


class DeskState(Frozen):
    """All that has to be kept of a dialogue between two turns.

    Attributes:
        monitor: of its alerts.
        language: of the dialogue.
        turns: how many were heard.
        tags: marks of what was redacted, so that a number that comes again has its tag again.
        recent: the last of them, redacted; as many as the scorer reads.
    """

    monitor: MonitorState
    language: Language
    turns: int = 0
    tags: dict[str, dict[str, int]] = {}
    recent: tuple[Turn, ...] = ()


class Heard(Frozen):
    """What one turn led to: the state after it; of a customer's turn its score; a due alert."""

    state: DeskState
    score: TurnScore | None = None
    alert: Alert | None = None


@dataclass(frozen=True, eq=False)
class Desk:
    """All that dialogues are assessed with.

    Attributes:
        scorer: of customer turns.
        turns: what it reads.
        monitor: rules of the alerts.
        overall: the line from turns to the whole.
        teller, book: of the reasons.
        reasons: how they are told.
    """

    scorer: CalibratedScorer
    turns: TurnOptions
    monitor: Monitor
    overall: OverallModel
    teller: ReasonTeller
    book: ReasonBook
    reasons: ReasonOptions = ReasonOptions()

    def assess(self, dialogues: Sequence[Dialogue]) -> list[Assessment]:
        """Assess whole dialogues, which are clean; their turns are scored together."""
        rows = [turn_rows(dialogue, self.turns) for dialogue in dialogues]
        scores = self._scores([row for each in rows for row in each])
        own = [[next(scores) for _ in each] for each in rows]
        said = [
            [each.turns[row.index].text for row in of]
            for each, of in zip(dialogues, rows, strict=True)
        ]
        told = tell_all(
            said, self.teller, self.book, [each.language for each in dialogues], self.reasons
        )
        return [self._assessed(*each) for each in zip(dialogues, own, told, strict=True)]

    def start(self, dialogue: str, language: Language) -> DeskState:
        """Return the state of a dialogue in which nothing was said; a personal id is hashed."""
        return DeskState(monitor=self.monitor.start(open_key(dialogue)), language=language)

    def hear(self, state: DeskState, turn: Turn, index: int | None = None) -> Heard:
        """Take in the next turn of a dialogue, as it was said; it is redacted first of all.

        Args:
            state: after the turn before.
            turn: what was said.
            index: its place among all turns, from 0, by which a turn that comes again or too late
                is known: it changes nothing. None takes it as the next.

        Raises:
            ValueError: for a state of other rules.
        """
        place = state.turns if index is None else index
        if place < state.turns:
            return Heard(state=state)
        clean, tags = clean_turn(turn, state.tags)
        turns = (*state.recent, clean)
        kept = turns[-self.turns.context :] if self.turns.context else ()
        after = state.model_copy(update={"turns": place + 1, "recent": kept, "tags": tags})
        if clean.speaker != "customer" or not clean.text:
            return Heard(state=after)
        dialogue = Dialogue(
            id=state.monitor.dialogue, turns=turns, source="", language=state.language
        )
        row = newest_row(dialogue, self.turns).model_copy(update={"index": place})
        (score,) = self._scores([row])
        step = self.monitor.step(state.monitor, _heard(score, clean.text))
        return Heard(
            state=after.model_copy(update={"monitor": step.state}), score=score, alert=step.alert
        )

    def _scores(self, rows: Sequence[TurnRow]) -> Iterator[TurnScore]:
        if not rows:
            return
        rated: Rated = self.scorer.rate(rows)
        labels = self.scorer.calibration.labels
        for at, row in enumerate(rows):
            yield TurnScore(
                index=row.index,
                score=round(float(rated.expected[at]), _DIGITS),
                p_dissatisfied=round(float(rated.dissatisfied[at]), _DIGITS),
                likely=tuple(x for x, inside in zip(labels, rated.sets[at], strict=True) if inside),
            )

    def _assessed(
        self, dialogue: Dialogue, scores: Sequence[TurnScore], reasons: DialogueReasons
    ) -> Assessment:
        heard = [_heard(score, dialogue.turns[score.index].text) for score in scores]
        steps = self.monitor.watch(dialogue.id, heard)
        low, high = self.scorer.calibration.labels[0], self.scorer.calibration.labels[-1]
        overall = self.overall.predict([score.score for score in scores], low, high)
        return Assessment(
            id=dialogue.id,
            kind=self.turns.kind,
            turns=tuple(scores),
            overall=round(overall, _DIGITS),
            level=level_of(overall, low, high),
            alerts=tuple(step.alert for step in steps if step.alert),
            reasons=placed(reasons, [each.index for each in heard]),
        )


def _heard(score: TurnScore, text: str) -> CustomerTurn:
    return CustomerTurn(index=score.index, p=score.p_dissatisfied, text=text)

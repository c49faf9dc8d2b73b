"""How good alerts are: each dialogue's first alert against the turn at which it went wrong.

The **event** of a dialogue is its first customer turn that is dissatisfied and has another one
among the two before it ("two in three"). A turn is dissatisfied when the mean of its raters,
rounded to a whole class (a half goes up), is below the scale's middle; one without a label is not.

The first alert of a dialogue opens its case and is the one that is judged; later ones add to the
case and are only counted (`messages`). It is right when it comes at most `late` turns after the
event, and at most `early` turns before it. GT-T (Liu et al., AAAI 2021) lets both sides count
within T turns. Here any earlier alert counts unless `early` is set: only so does the single-turn
rule give the figures of the specification (F1 0.62 at 48 false alerts per 100 dialogues of JDDC).
An alert in the first turn of every dialogue then has an F1 of 2π / (1 + π), π the share of
dialogues with an event (0.64 there): F1 says something only beside the false alerts, so both are
shown, and that floor with them. Every other alert is a false one, late ones too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from churnlens.dialogues.form import Dialogue, Scale
from churnlens.dialogues.labels import mean_rating, rounded
from churnlens.evaluation.intervals import Estimate, Statistic, bootstrap
from churnlens.options import AlertScoreOptions
from churnlens.schema import Frozen

Fate = Literal["hit", "early", "late", "false", "missed", "quiet"]
_WINDOW = 3


class Lead(Frozen):
    """Customer turns from the alert to the event over the hits; below zero: it came after."""

    low: float
    median: float
    high: float


class AlertScores(Frozen):
    """How one rule did.

    Attributes:
        dialogues, events: how many there are.
        fates: what became of the dialogues: `hit`; alerted too `early` or too `late`; a `false`
            alert without any event; a `missed` event without any alert; `quiet`, and rightly so.
        precision, recall, f1: of events, with 95 % bootstrap intervals over dialogues; NaN where
            there is no alert, no event, or neither.
        false_alerts: alerts that are no hit, per 100 dialogues.
        lead: quartiles, None without a hit.
        messages: all alerts per 100 dialogues, with the later ones of a case.
    """

    dialogues: int
    events: int
    fates: dict[Fate, int]
    precision: Estimate
    recall: Estimate
    f1: Estimate
    false_alerts: Estimate
    lead: Lead | None
    messages: float


def is_dissatisfied(ratings: Sequence[float], scale: Scale) -> bool:
    """Return whether the rounded mean is below the scale's middle; False without a rating."""
    return bool(ratings) and rounded(mean_rating(ratings)) < scale.middle


def dissatisfied_turns(dialogue: Dialogue) -> tuple[bool, ...]:
    """Return the labels of the customer's turns that have words, in their order."""
    customer = (dialogue.turns[at] for at in dialogue.spoken())
    return tuple(is_dissatisfied(turn.ratings, dialogue.scale) for turn in customer)


def is_rated(dialogue: Dialogue) -> bool:
    """Return whether people rated a customer turn; of any other dialogue nobody knows the end."""
    return any(dialogue.turns[at].ratings for at in dialogue.spoken())


def event_turn(dissatisfied: Sequence[bool]) -> int | None:
    """Return the number of the first customer turn that is the second dissatisfied in three."""
    places = range(len(dissatisfied))
    return next((n for n in places if sum(dissatisfied[max(0, n + 1 - _WINDOW) : n + 1]) > 1), None)


def fate(event: int | None, alert: int | None, options: AlertScoreOptions) -> Fate:
    """Return what became of a dialogue, from the customer turns of its event and first alert."""
    if alert is None:
        return "quiet" if event is None else "missed"
    if event is None:
        return "false"
    if alert > event + options.late:
        return "late"
    return "early" if options.early is not None and alert < event - options.early else "hit"


def judge(
    events: Sequence[int | None], alerts: Sequence[Sequence[int]], options: AlertScoreOptions
) -> AlertScores:
    """Judge the alerts of some dialogues.

    Args:
        events: for each dialogue the customer turn of its event.
        alerts: for each dialogue the customer turns of its alerts, rising.
        options: what counts as right.

    Raises:
        ValueError: when there are no dialogues, or not as many of one as of the other.
    """
    if not events or len(events) != len(alerts):
        raise ValueError(
            f"got {len(events)} events and {len(alerts)} lists of alerts; expected one each"
        )
    first = [raised[0] if raised else None for raised in alerts]
    fates = [fate(event, alert, options) for event, alert in zip(events, first, strict=True)]
    return AlertScores(
        dialogues=len(events),
        events=sum(event is not None for event in events),
        fates=dict(Counter(fates)),
        **_estimates(events, fates, first, options),
        lead=_lead(leads(events, first, options)),
        messages=100 * sum(map(len, alerts)) / len(events),
    )


def single_turn(probabilities: Sequence[float], threshold: float) -> tuple[int, ...]:
    """Return the alert of the floor: the first turn with P(dissatisfied) above the threshold."""
    return next(((place,) for place, p in enumerate(probabilities) if p > threshold), ())


def precision(hit: np.ndarray, alerted: np.ndarray) -> float:
    """Return the share of alerts that hit, from booleans of shape (n_dialogues,)."""
    return _share(hit.sum(), alerted.sum())


def recall(hit: np.ndarray, event: np.ndarray) -> float:
    """Return the share of events that were hit, from booleans of shape (n_dialogues,)."""
    return _share(hit.sum(), event.sum())


def f1(hit: np.ndarray, alerted: np.ndarray, event: np.ndarray) -> float:
    """Return the harmonic mean of both, from booleans of shape (n_dialogues,)."""
    return _share(2 * hit.sum(), alerted.sum() + event.sum())


def false_alerts(hit: np.ndarray, alerted: np.ndarray) -> float:
    """Return alerts that are no hit per 100 dialogues, from booleans of shape (n_dialogues,)."""
    return 100 * float((alerted & ~hit).mean())


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _estimates(
    events: Sequence[int | None],
    fates: Sequence[Fate],
    first: Sequence[int | None],
    options: AlertScoreOptions,
) -> dict[str, Estimate]:
    hit = np.array([each == "hit" for each in fates])
    alerted = np.array([alert is not None for alert in first])
    event = np.array([each is not None for each in events])

    def estimate(statistic: Statistic, *columns: np.ndarray) -> Estimate:
        return bootstrap(statistic, *columns, resamples=options.resamples, seed=options.seed)

    return {
        "precision": estimate(precision, hit, alerted),
        "recall": estimate(recall, hit, event),
        "f1": estimate(f1, hit, alerted, event),
        "false_alerts": estimate(false_alerts, hit, alerted),
    }


def leads(
    events: Sequence[int | None], alerts: Sequence[int | None], options: AlertScoreOptions
) -> list[int]:
    """Return the customer turns from the first alert to the event, one for each hit."""
    rows = zip(events, alerts, strict=True)
    pairs = [(event, alert) for event, alert in rows if fate(event, alert, options) == "hit"]
    return [(event or 0) - (alert or 0) for event, alert in pairs]


def _lead(turns: list[int]) -> Lead | None:
    if not turns:
        return None
    low, median, high = np.quantile(turns, [0.25, 0.5, 0.75])
    return Lead(low=float(low), median=float(median), high=float(high))

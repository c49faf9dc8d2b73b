"""Thresholds of alerts, chosen on validation dialogues under a budget of false alerts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from churnlens.dialogues.form import Dialogue
from churnlens.options import AlertGrid, AlertOptions, AlertScoreOptions
from churnlens.schema import Frozen
from churnlens.tasks.satisfaction.alert_scores import (
    AlertScores,
    dissatisfied_turns,
    event_turn,
    f1,
    false_alerts,
    fate,
    judge,
    leads,
    single_turn,
)
from churnlens.tasks.satisfaction.alerts import Heard, Monitor
from churnlens.tasks.satisfaction.phrases import PhraseFinder


class Watched(Frozen):
    """A dialogue whose end is known, with a model's probabilities.

    Attributes:
        dialogue: its id.
        turns: what the monitor hears of the customer.
        event: number of the customer turn at which it went wrong, None when it did not.
    """

    dialogue: str
    turns: tuple[Heard, ...]
    event: int | None


class Trial(Frozen):
    """One setting of the grid and how it did; `lead` is the median, None without a hit."""

    amber: float
    red: float
    rise: float
    f1: float
    false_alerts: float
    lead: float | None


class Tuning(Frozen):
    """The whole grid, and what was chosen of it.

    Attributes:
        trials: in the order of the grid.
        chosen: the options with the chosen thresholds.
        within_budget: False when no setting keeps the budget; the one that is nearest is chosen.
        scores: of the chosen options on the same dialogues, so better than they will be on others.
        single: of the single-turn rule. always: of an alert at the first turn of every dialogue.
    """

    trials: tuple[Trial, ...]
    chosen: AlertOptions
    within_budget: bool
    scores: AlertScores
    single: AlertScores
    always: AlertScores


def watched(dialogue: Dialogue, probabilities: Sequence[float], finder: PhraseFinder) -> Watched:
    """Join a labelled, redacted dialogue with P(dissatisfied) of each of its customer turns.

    Raises:
        ValueError: when there are not as many probabilities as customer turns.
    """
    said = [(n, t.text) for n, t in enumerate(dialogue.turns) if t.speaker == "customer"]
    if len(said) != len(probabilities):
        raise ValueError(f"got {len(probabilities)} probabilities for {len(said)} customer turns")
    turns = (
        Heard(index=index, p=p, kinds=finder.find(text))
        for (index, text), p in zip(said, probabilities, strict=True)
    )
    event = event_turn(dissatisfied_turns(dialogue))
    return Watched(dialogue=dialogue.id, turns=tuple(turns), event=event)


def alert_turns(monitor: Monitor, case: Watched) -> Iterator[int]:
    """Yield the numbers of the customer turns that raise an alert."""
    state = monitor.start(case.dialogue)
    for heard in case.turns:
        step = monitor.advance(state, heard)
        state = step.state
        if step.alert:
            yield step.alert.position


def score(cases: Sequence[Watched], monitor: Monitor, options: AlertScoreOptions) -> AlertScores:
    """Judge a monitor on dialogues whose end is known."""
    raised = [tuple(alert_turns(monitor, case)) for case in cases]
    return judge([case.event for case in cases], raised, options)


def tune(
    cases: Sequence[Watched],
    finder: PhraseFinder,
    grid: AlertGrid,
    base: AlertOptions,
    options: AlertScoreOptions,
) -> Tuning:
    """Choose the thresholds with the highest event F1 within the budget of false alerts.

    Of equal ones the one with fewer false alerts is taken, then the first of the grid. When no
    setting keeps the budget, the one with the fewest false alerts is taken.

    Args:
        cases: validation dialogues; none of them may have taught the model.
        finder: the phrases.
        grid: thresholds to try, and the budget.
        base: all other settings.
        options: what counts as right.
    """
    settings = list(_settings(grid, base))
    trials = tuple(_trial(cases, Monitor(each, finder), options) for each in settings)
    kept = [n for n, trial in enumerate(trials) if trial.false_alerts <= grid.false_alerts]
    best = min(kept or range(len(trials)), key=lambda n: _order(trials[n], bool(kept)))
    events = [case.event for case in cases]
    floor = [single_turn([h.p for h in case.turns], options.single) for case in cases]
    return Tuning(
        trials=trials,
        chosen=settings[best],
        within_budget=bool(kept),
        scores=score(cases, Monitor(settings[best], finder), options),
        single=judge(events, floor, options),
        always=judge(events, [(0,)] * len(events), options),
    )


def _settings(grid: AlertGrid, base: AlertOptions) -> Iterator[AlertOptions]:
    for amber, red, rise in product(grid.amber, grid.red, grid.rise):
        if amber <= red:
            yield base.model_copy(update={"amber": amber, "red": red, "rise": rise})


def _order(trial: Trial, within: bool) -> tuple[float, float]:
    gain = -np.nan_to_num(trial.f1)
    return (gain, trial.false_alerts) if within else (trial.false_alerts, gain)


def _trial(cases: Sequence[Watched], monitor: Monitor, options: AlertScoreOptions) -> Trial:
    """Judge the first alerts only, without intervals."""
    events = [case.event for case in cases]
    first = [next(alert_turns(monitor, case), None) for case in cases]
    fates = [fate(event, at, options) for event, at in zip(events, first, strict=True)]
    hit = np.array([each == "hit" for each in fates])
    alerted = np.array([at is not None for at in first])
    turns = leads(events, first, options)
    return Trial(
        amber=monitor.options.amber,
        red=monitor.options.red,
        rise=monitor.options.rise,
        f1=f1(hit, alerted, np.array([event is not None for event in events])),
        false_alerts=false_alerts(hit, alerted),
        lead=float(np.median(turns)) if turns else None,
    )

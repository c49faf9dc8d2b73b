"""Thresholds of alerts, chosen on validation dialogues under a budget of false alerts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.phrases import PhraseFinder
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
from churnlens.tasks.satisfaction.first_alerts import Signals, first_alert, signals
from churnlens.tasks.satisfaction.outlook import Outlook, fit_outlook, unseen_outlooks
from churnlens.tasks.satisfaction.phrases import Kind


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
    ahead: float
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


def watched(
    dialogue: Dialogue,
    probabilities: Sequence[float],
    finder: PhraseFinder[Kind],
    outlook: Outlook | None = None,
) -> Watched:
    """Join a labelled, redacted dialogue with P(dissatisfied) of each of its customer turns.

    Turns before the first rated one are left out: nobody knows whether an alert there was right.

    Args:
        dialogue: whose end is known.
        probabilities: one a customer turn that has words.
        finder: of the phrases.
        outlook: that has not seen the dialogue.

    Raises:
        ValueError: when there are not as many probabilities as customer turns.
    """
    said = [(n, dialogue.turns[n]) for n in dialogue.spoken()]
    if len(said) != len(probabilities):
        raise ValueError(f"got {len(probabilities)} probabilities for {len(said)} customer turns")
    start = next((n for n, (_, turn) in enumerate(said) if turn.ratings), 0)
    known, heard_p = said[start:], probabilities[start:]
    ahead = outlook.chances(heard_p) if outlook else [0.0] * len(heard_p)
    turns = (
        Heard(index=index, p=p, kinds=finder.find(turn.text), ahead=chance)
        for (index, turn), p, chance in zip(known, heard_p, ahead, strict=True)
    )
    event = event_turn(dissatisfied_turns(dialogue)[start:])
    return Watched(dialogue=dialogue.id, turns=tuple(turns), event=event)


def unseen_cases(
    dialogues: Sequence[Dialogue],
    probabilities: Sequence[Sequence[float]],
    finder: PhraseFinder[Kind],
    horizon: int,
) -> tuple[list[Watched], Outlook | None]:
    """Fit the outlook, and join each dialogue with one that has not seen it.

    Args:
        dialogues: whose ends are known.
        probabilities: one for each customer turn of each, by a scorer that has not seen it.
        finder: of the phrases.
        horizon: turns that are looked ahead.
    """
    plain = [watched(d, p, finder) for d, p in zip(dialogues, probabilities, strict=True)]
    said = [[heard.p for heard in case.turns] for case in plain]
    events = [case.event for case in plain]
    looks = unseen_outlooks(said, events, horizon)
    cases = [
        watched(dialogue, p, finder, look)
        for dialogue, p, look in zip(dialogues, probabilities, looks, strict=True)
    ]
    return cases, fit_outlook(said, events, horizon)


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
    finder: PhraseFinder[Kind],
    grid: AlertGrid,
    base: AlertOptions,
    options: AlertScoreOptions,
) -> Tuning:
    """Choose the thresholds with the highest event F1 within the budget of false alerts.

    A setting that leads the event as wanted is preferred when its F1 is near enough to the best
    (`grid.cost`). Of equal ones the one with fewer false alerts is taken, then the first of the
    grid. When no setting keeps the budget, the one with the fewest false alerts is taken.

    Args:
        cases: validation dialogues; none of them may have taught the model.
        finder: the phrases.
        grid: thresholds to try, and the budget.
        base: all other settings.
        options: what counts as right.
    """
    looks = any(heard.ahead for case in cases for heard in case.turns)
    settings = list(_settings(grid, base, looks))
    events = [case.event for case in cases]
    found = [signals(case.turns, base) for case in cases]
    trials = tuple(_trial(events, found, each, options) for each in settings)
    kept = [n for n, trial in enumerate(trials) if trial.false_alerts <= grid.false_alerts]
    best = min(
        _early(trials, kept, grid) or range(len(trials)),
        key=lambda n: _order(trials[n], bool(kept)),
    )
    floor = [single_turn([h.p for h in case.turns], options.single) for case in cases]
    return Tuning(
        trials=trials,
        chosen=settings[best],
        within_budget=bool(kept),
        scores=score(cases, Monitor(settings[best], finder), options),
        single=judge(events, floor, options),
        always=judge(events, [(0,)] * len(events), options),
    )


def _settings(grid: AlertGrid, base: AlertOptions, looks: bool) -> Iterator[AlertOptions]:
    """Yield the settings of the rules on scores, and where an outlook `looks` ahead, of it."""
    for amber, red, rise in product(grid.amber, grid.red, grid.rise):
        if amber <= red:
            yield base.model_copy(update={"amber": amber, "red": red, "rise": rise, "ahead": 1.0})
    for ahead in grid.ahead if looks else ():
        off = {"amber": 1.0, "red": 1.0, "rise": 1.0}
        yield base.model_copy(update={**off, "ahead": ahead})


def _early(trials: Sequence[Trial], kept: list[int], grid: AlertGrid) -> list[int]:
    """Return those of the kept trials that lead as wanted at a fair price, or else all of them."""
    least = (1 - grid.cost) * max((np.nan_to_num(trials[n].f1) for n in kept), default=0)
    leads = (n for n in kept if (trials[n].lead or 0) >= grid.lead)
    return [n for n in leads if trials[n].f1 >= least] or kept


def _order(trial: Trial, within: bool) -> tuple[float, float]:
    gain = -np.nan_to_num(trial.f1)
    return (gain, trial.false_alerts) if within else (trial.false_alerts, gain)


def _trial(
    events: Sequence[int | None],
    found: Sequence[Signals],
    setting: AlertOptions,
    options: AlertScoreOptions,
) -> Trial:
    """Judge the first alerts only, without intervals."""
    first = [first_alert(each, setting) for each in found]
    fates = [fate(event, at, options) for event, at in zip(events, first, strict=True)]
    hit = np.array([each == "hit" for each in fates])
    alerted = np.array([at is not None for at in first])
    turns = leads(events, first, options)
    return Trial(
        amber=setting.amber,
        red=setting.red,
        rise=setting.rise,
        ahead=setting.ahead,
        f1=f1(hit, alerted, np.array([event is not None for event in events])),
        false_alerts=false_alerts(hit, alerted),
        lead=float(np.median(turns)) if turns else None,
    )

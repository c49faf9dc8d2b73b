"""What a dialogue is heading for: the chance that it goes wrong within the next customer turns.

A score tells of the turn that it reads; an alert that is to come first has to look ahead. The
outlook is a logistic regression on the course of the scores so far. It is fitted on dialogues that
taught no scorer, and kept as six weights that anyone can read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import Field

from churnlens.schema import Frozen

PARTS = ("last", "before", "two before", "mean", "highest", "turns")
_KEPT = 3  # turns whose own scores count
_CALM = -2.0  # log odds that stand for a turn before the first one
_LEAST_P = 1e-3
_STRENGTH = 0.1  # inverse of the penalty
_STILL = 1e-6  # spread of a number that does not move but by rounding
_LEAST = 10  # dialogues with an event, and without, below which nothing is fitted


class Course(Frozen):
    """The scores of a dialogue so far, as log odds; its size does not grow.

    Attributes:
        last: of the last three turns, the newest first.
        total: of all turns.
        highest: of any turn.
        turns: how many there were.
    """

    last: tuple[float, ...] = ()
    total: float = 0.0
    highest: float = _CALM
    turns: int = 0

    def then(self, p: float) -> Course:
        """Return the course after a turn with P(dissatisfied) = p."""
        held = min(max(p, _LEAST_P), 1 - _LEAST_P)
        odds = math.log(held / (1 - held))
        return Course(
            last=(odds, *self.last)[:_KEPT],
            total=self.total + odds,
            highest=max(self.highest, odds),
            turns=self.turns + 1,
        )

    def parts(self) -> tuple[float, ...]:
        """Return the numbers that `PARTS` names; of a course with a turn or more."""
        last = (*self.last, _CALM, _CALM)[:_KEPT]
        return (*last, self.total / self.turns, self.highest, math.log1p(self.turns))


class Outlook(Frozen):
    """P(event at this customer turn or in the next ones) = expit(intercept + weights · parts).

    Attributes:
        intercept, weights: of the line; one weight a part.
        horizon: turns that it looks ahead.
        n: dialogues that it was fitted on.
    """

    intercept: float
    weights: tuple[float, ...] = Field(min_length=len(PARTS), max_length=len(PARTS))
    horizon: int
    n: int

    def chance(self, course: Course) -> float:
        """Return the probability after the last turn of a course."""
        pairs = zip(self.weights, course.parts(), strict=True)
        odds = self.intercept + sum(w * part for w, part in pairs)
        return (1 + math.tanh(odds / 2)) / 2  # expit that never overflows

    def chances(self, probabilities: Sequence[float]) -> list[float]:
        """Return the probability after each turn of a dialogue."""
        return [self.chance(course) for course in courses(probabilities)]


def courses(probabilities: Sequence[float]) -> Iterator[Course]:
    """Yield the course after each turn of a dialogue."""
    course = Course()
    for p in probabilities:
        course = course.then(p)
        yield course


def fit_outlook(
    probabilities: Sequence[Sequence[float]], events: Sequence[int | None], horizon: int
) -> Outlook | None:
    """Fit the outlook on the turns up to the event; None with too few dialogues of either end.

    Args:
        probabilities: P(dissatisfied) of each customer turn of each dialogue, by a scorer that has
            not seen it.
        events: number of the customer turn at which each went wrong, None where it did not.
        horizon: turns ahead.
    """
    ends = sum(event is not None for event in events)
    if min(ends, len(events) - ends) < _LEAST:
        return None
    from sklearn.linear_model import LogisticRegression

    rows = list(_rows(probabilities, events, horizon))
    parts, soon = np.array([row for row, _ in rows]), np.array([each for _, each in rows])
    centre, spread = parts.mean(axis=0), parts.std(axis=0)
    spread = np.where(spread > _STILL, spread, 1)
    model = LogisticRegression(C=_STRENGTH).fit((parts - centre) / spread, soon)
    weights = model.coef_[0] / spread
    return Outlook(
        intercept=float(model.intercept_[0] - centre @ weights),
        weights=tuple(weights.tolist()),
        horizon=horizon,
        n=len(events),
    )


def unseen_outlooks(
    probabilities: Sequence[Sequence[float]],
    events: Sequence[int | None],
    horizon: int,
    folds: int = 5,
) -> list[Outlook | None]:
    """Return for each dialogue an outlook that was fitted without it, or None; see `fit_outlook`.

    Every fifth dialogue is in one fold, in the order in which they are given.
    """
    made = [
        fit_outlook(
            [each for n, each in enumerate(probabilities) if n % folds != fold],
            [each for n, each in enumerate(events) if n % folds != fold],
            horizon,
        )
        for fold in range(folds)
    ]
    return [made[n % folds] for n in range(len(events))]


def _rows(
    probabilities: Sequence[Sequence[float]], events: Sequence[int | None], horizon: int
) -> Iterator[tuple[tuple[float, ...], bool]]:
    for said, event in zip(probabilities, events, strict=True):
        until = len(said) if event is None else event + 1
        for turn, course in enumerate(courses(said[:until])):
            yield course.parts(), event is not None and event - turn <= horizon

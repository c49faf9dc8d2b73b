"""The planted satisfaction of a dialogue: a walk that the agent's acts push up and down.

All odds and sizes are declared here, on the scale 1 (very dissatisfied) to 5 (very satisfied).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from churnlens.simulation.sampling import Draw

START = {"none": (3.8, 0.35), "trouble": (2.95, 0.6)}  # mean and spread: only asks, has trouble
EFFECTS = {  # of an agent's act
    "bot": 0.0,
    "greet": 0.0,
    "ask": -0.05,
    "lookup": -0.05,
    "slow": -0.55,
    "cold": -0.70,
    "refuse": -0.60,
    "takeover": 0.75,
    "offer": 0.60,
    "better": 0.80,
    "close": 0.10,
}
WARMTH = 0.25  # added when the agent is warm about it
GRUDGING = 0.3  # factor on an offer of a slow or cold agent
REACTION_SPREAD = {"offer": 0.55, "better": 0.40}  # around the effect: some offers please less
OTHER_SPREAD = 0.30  # around the effect of any other act
ACCEPTS = {1: 0.03, 2: 0.22, 3: 0.62, 4: 0.90, 5: 0.97}  # satisfaction → share that says yes
UNDECIDED = 0.30  # of those who do not say yes
RATERS = (-0.15, 0.0, 0.15)  # bias of each
RATER_SPREAD = 0.5
LAST_WEIGHT = 0.6  # of the last turn in the whole dialogue; the rest is the mean of all turns


def level(value: float) -> int:
    """Return the satisfaction 1 … 5 that is nearest to a value of the walk."""
    return min(5, max(1, int(value + 0.5)))


def whole(values: Sequence[float]) -> float:
    """Return the value of a whole dialogue from those of its customer turns (at least one)."""
    return LAST_WEIGHT * values[-1] + (1 - LAST_WEIGHT) * fsum(values) / len(values)


def rate(value: float, draw: Draw) -> list[int]:
    """Return what each rater gives, 1 … 5."""
    return [level(value + bias + draw.noise(RATER_SPREAD)) for bias in RATERS]


class Mood:
    """One customer's satisfaction on its way through a dialogue."""

    def __init__(self, trouble: bool, draw: Draw) -> None:
        self._draw = draw
        self.value = 0.0
        mean, spread = START["trouble" if trouble else "none"]
        self._set(mean + draw.noise(spread))

    def _set(self, value: float) -> None:
        self.value = min(5.0, max(1.0, value))

    def hear(self, act: str, *, warm: bool, grudging: bool) -> None:
        """Move by an agent's act."""
        effect = EFFECTS[act] * (GRUDGING if grudging and EFFECTS[act] > 0 else 1.0)
        reaction = self._draw.noise(REACTION_SPREAD.get(act, OTHER_SPREAD))
        self._set(self.value + effect + WARMTH * warm + reaction)

    def decide(self) -> str:
        """Answer an offer: ``yes``, ``no`` or ``unclear``."""
        if self._draw.chance(ACCEPTS[level(self.value)]):
            return "yes"
        return "unclear" if self._draw.chance(UNDECIDED) else "no"

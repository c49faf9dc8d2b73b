"""Options of early warning."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from churnlens.options.base import Options


class AlertOptions(Options):
    """When a dialogue is amber or red, and when someone is told; turns are the customer's.

    Attributes:
        amber: a turn is bad when P(dissatisfied) is above this.
        red: a turn above this makes the dialogue red at once.
        window, needed: amber when this many of the last `window` turns are bad.
        rise: amber when the mean of the last two turns is above that of the first two by more than
            this; 1 turns the rule off.
        ahead: amber when the chance that the dialogue goes wrong soon is above this; 1: off.
        horizon: customer turns that "soon" looks ahead.
        calm_turns: turns without any rule that put the dialogue back to calm.
        cool_down: turns from one alert to the next, at least; from amber to red there is no wait.
        min_turns: no rule speaks before this many turns; phrases until then are kept in mind.
    """

    amber: float = Field(default=0.5, ge=0, le=1)
    red: float = Field(default=0.8, ge=0, le=1)
    window: int = Field(default=3, ge=1, le=20)
    needed: int = Field(default=2, ge=1)
    rise: float = Field(default=0.3, ge=0, le=1)
    ahead: float = Field(default=1.0, ge=0, le=1)
    horizon: int = Field(default=2, ge=0, le=20)
    calm_turns: int = Field(default=2, ge=1)
    cool_down: int = Field(default=3, ge=1)
    min_turns: int = Field(default=2, ge=1, le=20)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.amber > self.red:
            raise ValueError(
                f"amber {self.amber:g} is above red {self.red:g}; expected amber <= red"
            )
        if self.needed > self.window:
            raise ValueError(
                f"needed {self.needed} of {self.window} turns; expected needed <= window"
            )
        return self


class AlertScoreOptions(Options):
    """When an alert counts as right.

    Attributes:
        late: turns after the event up to which an alert still counts.
        early: turns before the event from which an alert counts; None counts any earlier one.
        single: the rule of the floor: the first turn with P(dissatisfied) above this.
        resamples, seed: of the bootstrap over dialogues.
    """

    late: int = Field(default=2, ge=0)
    early: int | None = Field(default=None, ge=0)
    single: float = Field(default=0.4, ge=0, le=1)
    resamples: int = Field(default=2000, ge=100)
    seed: int = 7


class AlertGrid(Options):
    """The settings that are tried when alerts are tuned, and what false alerts may cost.

    Attributes:
        amber, red, rise: values of the thresholds; a pair with amber above red is left out.
        ahead: thresholds of the outlook, each tried with the three others off.
        false_alerts: most false alerts per 100 dialogues.
        lead: median turns before the event that are wanted.
        cost: share of the best F1 that may be given up for this lead.
    """

    amber: tuple[float, ...] = Field(default=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8), min_length=1)
    red: tuple[float, ...] = Field(default=(0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1), min_length=1)
    rise: tuple[float, ...] = Field(default=(0.2, 0.3, 0.4, 0.5, 1), min_length=1)
    ahead: tuple[float, ...] = tuple(n / 50 for n in range(5, 46))
    false_alerts: float = Field(default=20, ge=0)
    lead: float = 1
    cost: float = Field(default=0.1, ge=0, le=1)

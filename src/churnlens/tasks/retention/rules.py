"""The table of retention actions: who may get what, how often, and at what assumed effect.

A person writes it; nothing here is computed by a model. `effect` is an assumption about what an
action does, to be replaced by the result of a test with a control group, and never a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import Field, model_validator

from churnlens.schema import Frozen, Text
from churnlens.tasks.clv.segments import Segment

Money = Annotated[float, Field(ge=0)]
NONE = "none"


class RetentionAction(Frozen):
    """Something that can be done for a customer.

    Attributes:
        text: what a person is to do.
        cost: of doing it once, in the table's currency.
        effect: assumed share of those who would have left in the next twelve months that it keeps.
        most: customers who may get it in one run.
    """

    text: Text
    cost: Money
    effect: float = Field(gt=0, le=1)
    most: int = Field(ge=0)


class RetentionRule(Frozen):
    """An action for some customers; an empty field holds for everybody.

    Attributes:
        segments: of value and risk.
        reasons: main reasons, as the feedback task names them.
        trend_below: holds when the satisfaction trend is known and below this.
        action: name of the action.
    """

    segments: tuple[Segment, ...] = ()
    reasons: tuple[str, ...] = ()
    trend_below: float | None = None
    action: str

    def holds(self, segment: str, reason: str, trend: float | None) -> bool:
        """Return whether the rule is for such a customer."""
        return (
            (not self.segments or segment in self.segments)
            and (not self.reasons or reason in self.reasons)
            and (self.trend_below is None or (trend is not None and trend < self.trend_below))
        )


class RetentionRules(Frozen):
    """All rules; the first that holds counts.

    Attributes:
        version: part of every row; change it with the table.
        currency: ISO 4217 code of all costs.
        budget: the most that one run may cost.
        least_gain: expected gain below which nothing is done.
        rest_days: a customer who was offered something within these days is left alone.
        actions: name → action.
        rules: in their order.
    """

    version: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    budget: Money
    least_gain: Money
    rest_days: int = Field(ge=0)
    actions: Mapping[str, RetentionAction]
    rules: tuple[RetentionRule, ...]

    def action_for(self, segment: str, reason: str, trend: float | None) -> str:
        """Return the name of the action of the first rule that holds, `none` without one."""
        found = (rule.action for rule in self.rules if rule.holds(segment, reason, trend))
        return next(found, NONE)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if wrong := [*_wrong(self)]:
            raise ValueError("; ".join(wrong[:3]))
        return self


def _wrong(rules: RetentionRules) -> Iterator[str]:
    if NONE in rules.actions:
        yield f"an action is called {NONE!r}, which means that nothing is done"
    for place, rule in enumerate(rules.rules, start=1):
        if rule.action not in rules.actions and rule.action != NONE:
            yield f"rule {place} names action {rule.action!r}; there are {sorted(rules.actions)}"
        if "lost" in rule.segments and rule.action != NONE:
            yield f"rule {place} is for lost customers; expected none: they have left already"


def load_rules(path: Path) -> RetentionRules:
    """Read a table of rules; ValidationError names what is wrong."""
    return RetentionRules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))

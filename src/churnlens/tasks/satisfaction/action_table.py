"""The table of actions: what an alert leads to, as a person has written it, checked as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import Field, model_validator

from churnlens.schema import Frozen, Text

Severity = Literal["amber", "red"]
Fault = Literal["customer", "third_party", "company"]
Tier = Literal["standard", "valued", "key"]
Credits = Literal["none", "some", "many"]
Action = Literal["supervisor_alert", "crm_tag"]
Offer = Literal["none", "apology", "credit"]
Key = tuple[str, ...]  # severity, fault, tier, credits

# Along each axis no amount and no cap may fall.
AXES: dict[str, tuple[str, ...]] = {
    "severity": ("amber", "red"),
    "fault": ("customer", "third_party", "company"),
    "tier": ("standard", "valued", "key"),
    "credits": ("many", "some", "none"),
}
Amount = Annotated[int, Field(ge=0, strict=True)]


class Row(Frozen):
    """One offer for some combinations.

    Attributes:
        severity, fault, tier, credits: it holds for every combination of these.
        offer: an apology alone, or a credit with it.
        amount: of the credit, in whole units of the table's currency.
        cap: the most that may be granted without the approver.
        approver: who may grant more.
    """

    severity: tuple[Severity, ...] = Field(min_length=1)
    fault: tuple[Fault, ...] = Field(min_length=1)
    tier: tuple[Tier, ...] = Field(min_length=1)
    credits: tuple[Credits, ...] = Field(min_length=1)
    offer: Literal["apology", "credit"]
    amount: Amount
    cap: Amount
    approver: str

    def combinations(self) -> Iterator[Key]:
        """Yield the combinations that the row holds for."""
        return product(self.severity, self.fault, self.tier, self.credits)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.amount > self.cap:
            raise ValueError(
                f"amount {self.amount} is above cap {self.cap}; expected amount <= cap"
            )
        if (self.offer == "credit") != (self.amount > 0):
            raise ValueError(
                f"offer {self.offer} with amount {self.amount}; expected credit > 0 only"
            )
        return self


class ActionTable(Frozen):
    """What follows from an alert.

    Attributes:
        version: part of every decision; change it with the table.
        currency: ISO 4217 code of all amounts.
        days: days before an alert in which a customer's credits are counted.
        some_credits, many_credits: numbers of credits from which the two columns hold.
        ceiling: no single credit is above it, whoever approves.
        approvers: roles, each of which may approve what those before it may.
        tag: that the CRM gets.
        actions: of each level; red does all that amber does.
        cautious: who decides where a fact is unknown.
        compensation: rows in which every combination stands once.
    """

    version: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    days: int = Field(ge=1)
    some_credits: int = Field(ge=1)
    many_credits: int = Field(ge=2)
    ceiling: Amount
    approvers: tuple[str, ...] = Field(min_length=1)
    tag: Text
    actions: dict[Severity, tuple[Action, ...]]
    cautious: str
    compensation: tuple[Row, ...]

    def band(self, credits: int) -> Credits:
        """Return the column for a number of credits."""
        if credits >= self.many_credits:
            return "many"
        return "some" if credits >= self.some_credits else "none"

    def row(self, key: Key) -> Row:
        """Return the row of a combination."""
        return next(row for row in self.compensation if key in row.combinations())

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        wrong = [*_uncovered(self), *_unnamed(self)]
        if wrong := wrong or [*_falling(self)]:
            raise ValueError("; ".join(wrong[:3]))
        return self


def load_actions(path: Path) -> ActionTable:
    """Read a table; ValidationError names what is missing, twice, or falls where it may not."""
    return ActionTable.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def _uncovered(table: ActionTable) -> Iterator[str]:
    counts = Counter(key for row in table.compensation for key in row.combinations())
    for key in product(*AXES.values()):
        if counts[key] != 1:
            yield f"{'.'.join(key)} stands in {counts[key]} rows; expected one"


def _unnamed(table: ActionTable) -> Iterator[str]:
    """Yield what is out of order beside the combinations."""
    roles = {row.approver for row in table.compensation} | {table.cautious}
    if unknown := sorted(roles - set(table.approvers)):
        yield f"approvers {unknown} are not among {list(table.approvers)}"
    if not set(table.actions.get("amber", ())) <= set(table.actions.get("red", ())):
        yield "red does less than amber; expected all of its actions"
    if set(table.actions) != set(AXES["severity"]):
        yield f"actions of {sorted(table.actions)}; expected amber and red"
    if table.some_credits >= table.many_credits:
        yield "some_credits is not below many_credits"
    if (most := max((row.cap for row in table.compensation), default=0)) > table.ceiling:
        yield f"cap {most} is above ceiling {table.ceiling}"


def _falling(table: ActionTable) -> Iterator[str]:
    rows = {key: row for row in table.compensation for key in row.combinations()}
    for key, row in rows.items():
        for more in _next(key):
            if rows[more].cap < row.cap or rows[more].amount < row.amount:
                yield f"{'.'.join(more)} gives less than {'.'.join(key)}"


def _next(key: Key) -> Iterator[Key]:
    """Yield the combinations one step further along each axis."""
    for place, values in enumerate(AXES.values()):
        for value in values[values.index(key[place]) + 1 :][:1]:
            yield (*key[:place], value, *key[place + 1 :])

"""What decisions are made with: facts that a company knows, and the log of what was granted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import AwareDatetime

from churnlens.dialogues.keys import customer_key, open_key
from churnlens.schema import Frozen
from churnlens.tasks.satisfaction.action_table import ActionTable
from churnlens.tasks.satisfaction.actions import (
    Approval,
    Decision,
    Facts,
    Grant,
    credits_before,
    decide,
    grant,
)
from churnlens.tasks.satisfaction.alerts import Alert
from churnlens.tasks.satisfaction.sinks import JSONLinesSink


class FactBook(Frozen):
    """What people or systems of record say.

    Attributes:
        faults: dialogue → whose fault it is.
        tiers: customer → how much the customer is worth.
    """

    faults: dict[str, str] = {}
    tiers: dict[str, str] = {}

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> FactBook:
        """Read rows of `{dialogue, fault}` and `{customer, tier}`, or of all four.

        Keys are hashed as those of dialogues are; a value that the table of actions does not name
        stays unknown to it.
        """
        faults, tiers = {}, {}
        for row in rows:
            if row.get("dialogue") and row.get("fault"):
                faults[open_key(str(row["dialogue"]))] = str(row["fault"])
            if (key := customer_key(str(row.get("customer") or ""))) and row.get("tier"):
                tiers[key] = str(row["tier"])
        return cls(faults=faults, tiers=tiers)


def decide_all(
    table: ActionTable,
    alerts: Iterable[Alert],
    customers: Mapping[str, str | None],
    book: FactBook,
    grants: Iterable[Grant] | None,
    time: AwareDatetime,
) -> list[Decision]:
    """Decide what follows from each alert.

    Args:
        table: of actions.
        alerts: of one assessment.
        customers: dialogue → customer.
        book: what is known.
        grants: the log; None where it is not at hand, so that nothing is offered.
        time: of the alerts.
    """
    log = None if grants is None else list(grants)
    decisions = []
    for alert in alerts:
        who = customers.get(alert.dialogue)
        credits = None
        if who and log is not None:
            credits = credits_before(log, who, time, table.days, alert.id)
        facts = Facts(
            customer=who,
            fault=book.faults.get(alert.dialogue),
            tier=book.tiers.get(who or ""),
            credits=credits,
        )
        decisions.append(decide(table, alert, facts))
    return decisions


def read_grants(path: Path) -> list[Grant]:
    """Return the log of grants; empty without a file."""
    return [Grant.model_validate(row) for row in JSONLinesSink(path).rows()]


def log_grant(
    path: Path,
    table: ActionTable,
    decision: Decision,
    time: AwareDatetime,
    amount: int | None = None,
    approval: Approval | None = None,
) -> Grant:
    """Grant and log, one at a time, so that no two pass the same limit; see `actions.grant`.

    Returns:
        The row of the log: the first one of this alert.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.granting"):
        log = read_grants(path)
        given = grant(table, decision, time, log, amount, approval)
        JSONLinesSink(path).send([given])
    return next((row for row in log if row.id == given.id), given)

"""What follows from an alert: who is told, the CRM's tag, and what may be offered.

Everything is looked up in the table of actions; nothing is computed by a model. Whatever is not
known leads to the most cautious decision: no money, and a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pydantic import AwareDatetime

from churnlens.engine.shards import content_key
from churnlens.schema import Frozen, Text
from churnlens.tasks.satisfaction.action_table import AXES, Action, ActionTable, Offer, Severity
from churnlens.tasks.satisfaction.alerts import Alert
from churnlens.tasks.satisfaction.events import Event

UNKNOWN = "unknown"


class ApprovalError(ValueError):
    """A grant that nobody entitled has approved; says who could."""


class Facts(Frozen):
    """What is known when an alert comes; anything that the table does not name is unknown.

    Attributes:
        customer: key of the customer.
        fault: whose fault it is, as a person or a system of record says.
        tier: how much the customer is worth.
        credits: credits of the last days, see `credits_before`; None when the log is not at hand.
    """

    customer: str | None = None
    fault: str | None = None
    tier: str | None = None
    credits: int | None = None


class Decision(Event):
    """What follows from one alert.

    Attributes:
        alert: id of the alert.
        actions: to be done at once.
        tag: for the CRM, with action `crm_tag`.
        reason_code: severity, fault, tier and credits, with points between; `unknown` for each
            that is not known.
        offer, amount: what may be offered, in whole units of `currency`.
        cap: the most that may be granted without `approver`.
        table: version of the table.
    """

    alert: str
    customer: str | None
    severity: Severity
    actions: tuple[Action, ...]
    tag: Text | None
    reason_code: str
    offer: Offer
    amount: int
    cap: int
    currency: str
    approver: str
    table: str


class Approval(Frozen):
    """Who has approved a grant: a role of the table, and the person."""

    role: str
    person: str


class Grant(Event):
    """One row of the log of grants: what a customer was given, why, and by whose leave.

    Attributes:
        id: hash of the alert, so that an alert is granted once.
        alert: id of the alert.
        time: when it was granted.
        amount: in whole units of `currency`; 0 for an apology.
        cap: the most that needed no approval.
        role, person: who approved; None where nobody had to.
        table: version of the table.
    """

    alert: str
    customer: str
    time: AwareDatetime
    reason_code: str
    offer: Offer
    amount: int
    currency: str
    cap: int
    role: str | None
    person: str | None
    table: str


def decide(table: ActionTable, alert: Alert, facts: Facts) -> Decision:
    """Look up what follows from an alert; the same alert and facts always give the same."""
    severity: Severity = "red" if alert.level == "red" else "amber"
    key = _key(table, severity, facts)
    known = facts.customer is not None and UNKNOWN not in key
    row = table.row(key) if known else None
    actions = table.actions[severity]
    return Decision(
        id=content_key("decision", alert.id, facts.model_dump(), table.version),
        dialogue=alert.dialogue,
        alert=alert.id,
        customer=facts.customer,
        severity=severity,
        actions=actions,
        tag=table.tag if "crm_tag" in actions else None,
        reason_code=".".join(key),
        offer=row.offer if row else "none",
        amount=row.amount if row else 0,
        cap=row.cap if row else 0,
        currency=table.currency,
        approver=row.approver if row else table.cautious,
        table=table.version,
    )


def _key(table: ActionTable, severity: str, facts: Facts) -> tuple[str, ...]:
    number = facts.credits
    band = table.band(number) if number is not None and number >= 0 else UNKNOWN
    given = (severity, facts.fault, facts.tier, band)
    rows = zip(given, AXES.values(), strict=True)
    return tuple(value if value and value in known else UNKNOWN for value, known in rows)


def grant(
    table: ActionTable,
    decision: Decision,
    time: AwareDatetime,
    log: Iterable[Grant],
    amount: int | None = None,
    approval: Approval | None = None,
) -> Grant:
    """Return the log row of a grant; nothing is given before a sink has it.

    Whoever grants for several at once reads the log and appends to it one grant at a time.

    Args:
        table: that the decision was made with.
        decision: what the customer was offered.
        time: now.
        log: all grants so far. What was decided before another credit is not granted after it.
        amount: another amount than the offered one, in whole units.
        approval: needed above the cap, and always where nothing is offered.

    Raises:
        ApprovalError: above the ceiling; above the cap without the approver; for a customer that is
            not known; for a decision of another table, or of another number of credits.
    """
    asked = decision.amount if amount is None else amount
    if decision.table != table.version or decision.customer is None:
        raise ApprovalError(
            "the decision is of another table, or of no known customer: decide again"
        )
    credits = credits_before(log, decision.customer, time, table.days, decision.alert)
    band, decided = table.band(credits), decision.reason_code.rpartition(".")[2]
    if decided not in {band, UNKNOWN}:
        raise ApprovalError(
            f"decided with credits {decided}, they are {band} now: decide again with {credits}"
        )
    if not 0 <= asked <= table.ceiling:
        raise ApprovalError(f"got an amount of {asked}, expected 0 to {table.ceiling}")
    if (asked > decision.cap or decision.offer == "none") and not _may(table, decision, approval):
        raise ApprovalError(
            f"{asked} {decision.currency} needs the approval of {decision.approver}: the cap of "
            f"{decision.reason_code} is {decision.cap}"
        )
    return Grant(
        id=content_key("grant", decision.alert),
        dialogue=decision.dialogue,
        alert=decision.alert,
        customer=decision.customer,
        time=time,
        reason_code=decision.reason_code,
        offer="credit" if asked else "apology",
        amount=asked,
        currency=decision.currency,
        cap=decision.cap,
        role=approval.role if approval else None,
        person=approval.person if approval else None,
        table=table.version,
    )


def _may(table: ActionTable, decision: Decision, approval: Approval | None) -> bool:
    if approval is None or approval.role not in table.approvers or not approval.person.strip():
        return False
    rank = table.approvers.index
    return rank(approval.role) >= rank(decision.approver)


def credits_before(
    grants: Iterable[Grant], customer: str, time: AwareDatetime, days: int, alert: str
) -> int:
    """Return how many credits a customer got in the days before an alert.

    Args:
        grants: the log.
        customer: key of the customer.
        time: of the alert.
        days: how far back; a credit of exactly that age still counts.
        alert: id of the alert, whose own grant does not count: a replay decides as the first time.
    """
    since = time - timedelta(days=days)
    return sum(
        row.customer == customer
        and row.amount > 0
        and row.alert != alert
        and since <= row.time <= time
        for row in grants
    )

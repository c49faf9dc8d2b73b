"""Commands of the desk: what a run decided goes to those who act on it, and grants are logged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from churnlens.cli.opening import open_project, shared
from churnlens.cli.plain import PlainCommand

if TYPE_CHECKING:
    from churnlens.tasks.satisfaction.actions import Approval


@click.command("send-alerts", cls=PlainCommand)
@shared
def send_alerts(data_root: str | None, env: str | None) -> None:
    """Send the alerts and decisions of the last run to the sinks that are switched on.

    Sinks are `sinks` of globals.yml: JSON lines, SQLite, a signed webhook. Each event goes
    to a sink once, so the command can be repeated; what a receiver does not take waits and is
    posted the next time. Prints one JSON object: sink → events taken now, and `waiting`.
    """
    from churnlens.tasks.satisfaction.actions import Decision
    from churnlens.tasks.satisfaction.alerts import Alert
    from churnlens.tasks.satisfaction.sending import send_all

    load = open_project(env, data_root=data_root).catalog.load
    sinks = load("params:satisfaction.inference").sinks
    alerts = [Alert.model_validate(each) for each in load("satisfaction.alerts")]
    decisions = [Decision.model_validate(each) for each in load("satisfaction.decisions")]
    sent = send_all(sinks, load("satisfaction.outgoing"), alerts, decisions)
    if not sent:
        raise click.ClickException(
            "no sink is switched on; next: say `sinks: {jsonl: true}` in conf/local/globals.yml"
        )
    click.echo(json.dumps(sent))


@click.command(cls=PlainCommand)
@click.argument("alert")
@click.option("--amount", type=int, help="Another amount than the offered one, in whole units.")
@click.option("--role", help="Of who approves, as the table of actions names it.")
@click.option("--person", help="Who approves.")
@shared
def grant(
    alert: str,
    amount: int | None,
    role: str | None,
    person: str | None,
    data_root: str | None,
    env: str | None,
) -> None:
    """Grant what was decided for ALERT (its id), and log it.

    The log is 07_model_output/satisfaction/outgoing/grants.jsonl; an alert is granted once. Refused
    above the cap without approval, and for a decision that was made before another credit of the
    customer: run the stage inference again. Prints the row of the log as JSON.
    """
    from datetime import UTC, datetime

    from churnlens.tasks.satisfaction.action_table import ActionTable
    from churnlens.tasks.satisfaction.actions import ApprovalError, Decision
    from churnlens.tasks.satisfaction.facts import log_grant

    load = open_project(env, data_root=data_root).catalog.load
    found = [each for each in load("satisfaction.decisions") if each["alert"] == alert]
    if not found:
        raise click.ClickException(
            f"no decision for alert {alert[:80]!r}; expected an id of the last run, one of "
            "07_model_output/satisfaction/decisions.jsonl"
        )
    log: Path = load("satisfaction.outgoing") / "grants.jsonl"
    table, decision = ActionTable.model_validate(load("action_table")), Decision(**found[0])
    try:
        given = log_grant(log, table, decision, datetime.now(UTC), amount, _approval(role, person))
    except ApprovalError as error:
        raise click.ClickException(str(error)) from None
    click.echo(given.model_dump_json(indent=1))


def _approval(role: str | None, person: str | None) -> Approval | None:
    from churnlens.tasks.satisfaction.actions import Approval

    if bool(role) != bool(person):
        raise click.UsageError("--role and --person go together")
    return Approval(role=role, person=person) if role and person else None

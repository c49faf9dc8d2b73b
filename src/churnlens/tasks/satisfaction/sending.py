"""Alerts and decisions to every sink that is switched on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from churnlens.options import SinkOptions, WebhookOptions
from churnlens.tasks.satisfaction.actions import Decision
from churnlens.tasks.satisfaction.alerts import Alert
from churnlens.tasks.satisfaction.events import Event
from churnlens.tasks.satisfaction.sinks import JSONLinesSink, SQLSink
from churnlens.tasks.satisfaction.webhook import WebhookSink


def send_all(
    options: SinkOptions, folder: Path, alerts: Sequence[Alert], decisions: Sequence[Decision]
) -> dict[str, int]:
    """Send what was not sent before; sending the same again sends nothing.

    Args:
        options: which sinks.
        folder: where their files are, the outbox among them.
        alerts: of one assessment.
        decisions: what follows from them.

    Returns:
        Sink → events that it took now; `waiting`: what stays in the outbox of the webhook.

    Raises:
        ValueError: for a file that holds something else, or a secret that is not set.
        OSError, sqlite3.Error: when a file cannot be written.
    """
    events: tuple[tuple[str, type[Event], Sequence[Event]], ...] = (
        ("alerts", Alert, alerts),
        ("decisions", Decision, decisions),
    )
    sent: dict[str, int] = {}
    if options.jsonl:
        sent["jsonl"] = sum(
            JSONLinesSink(folder / f"{name}.jsonl").send(rows) for name, _, rows in events
        )
    if options.sql:
        database = folder / "events.sqlite"
        sent["sql"] = sum(SQLSink(database, name, kind).send(rows) for name, kind, rows in events)
    if options.webhook:
        sent |= _post(options.webhook, folder / "outbox", [*alerts, *decisions])
    return sent


def _post(options: WebhookOptions, outbox: Path, events: Sequence[Event]) -> dict[str, int]:
    with closing(WebhookSink(options, outbox)) as sink:
        return {"webhook": sink.send(events), "waiting": len(sink.waiting())}

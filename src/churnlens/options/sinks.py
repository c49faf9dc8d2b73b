"""Options of where alerts and decisions go."""

from __future__ import annotations

from churnlens.options.base import Options
from churnlens.options.remote import WebhookOptions


class SinkOptions(Options):
    """Where alerts and decisions are sent; nowhere unless said.

    Attributes:
        jsonl: to files of JSON lines, `alerts.jsonl` and `decisions.jsonl`.
        sql: to tables `alerts` and `decisions` of an SQLite file, `events.sqlite`.
        webhook: posted to a receiver; what it does not take waits in `outbox`.
    """

    jsonl: bool = False
    sql: bool = False
    webhook: WebhookOptions | None = None

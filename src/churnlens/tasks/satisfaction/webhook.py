"""Events posted to a receiver, signed; what is not delivered waits in an outbox.

Signed as Standard Webhooks 1.0.0 has it (https://www.standardwebhooks.com): `webhook-id`,
`webhook-timestamp` (seconds) and `webhook-signature: v1,` with the base64 of the HMAC-SHA256 over
`id.timestamp.body`. Delivery is at least once: a receiver keeps one event for each id, and refuses
old timestamps. Neither the secret nor the body is ever logged or put into an error.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import Any

from filelock import FileLock

from churnlens.models.remote import retry_after
from churnlens.options import WebhookOptions
from churnlens.tasks.satisfaction.events import Event
from churnlens.tasks.satisfaction.sinks import JSONLinesSink

logger = logging.getLogger(__name__)


class _Fault(Exception):
    """Why a post was not taken; `wait` is None where a repetition would not help."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class WebhookSink:
    """Posts each event once; what cannot be delivered now is tried again at the next `send`.

    The outbox is a folder with two files of JSON lines: all events, and those that were delivered.
    Proxies, certificates and logins named in the environment are not used; redirects are refused.
    """

    def __init__(self, options: WebhookOptions, outbox: Path) -> None:
        """Read the secret; nothing is posted yet.

        Raises:
            ValueError: when the variable of the secret holds none.
        """
        import httpx2

        self._options, self._secret = options, _secret(options.secret_env)
        self._events = JSONLinesSink(outbox / "events.jsonl")
        self._delivered = JSONLinesSink(outbox / "delivered.jsonl")
        self._lock = FileLock(outbox / "send.lock")
        self._client = httpx2.Client(
            timeout=options.timeout, trust_env=False, follow_redirects=False
        )

    def close(self) -> None:
        """Close the connections; the sink cannot be used afterwards."""
        self._client.close()

    def send(self, events: Sequence[Event]) -> int:
        """Keep the events, then post all that were not delivered; return how many now are.

        A receiver that cannot be reached ends the round; one that refuses an event gets the next.
        """
        self._events.send(events)
        delivered = 0
        with self._lock:
            for row in self.waiting():
                try:
                    self._persist(row["id"], _body(row))
                except _Fault as fault:
                    logger.warning("event %s stays in the outbox: %s", row["id"], fault)
                    if fault.wait is not None:
                        break
                else:
                    done = Event(id=row["id"], dialogue=row["dialogue"])
                    delivered += self._delivered.send([done])
        return delivered

    def waiting(self) -> list[dict[str, Any]]:
        """Return the events in the outbox that were not delivered, the oldest first."""
        done = {row["id"] for row in self._delivered.rows()}
        return [row for row in self._events.rows() if row["id"] not in done]

    def _persist(self, event: str, body: bytes) -> None:
        """Post an event, again while that may help."""
        most = self._options.max_wait
        for attempt in range(self._options.retries + 1):
            try:
                return self._post(event, body)
            except _Fault as fault:
                last = fault
            if last.wait is None or last.wait > most or attempt == self._options.retries:
                break
            sleep(max(last.wait, min(self._options.backoff * 2**attempt, most)))
        raise last

    def _post(self, event: str, body: bytes) -> None:
        import httpx2

        headers = _headers(event, body, int(time.time()), self._secret)
        try:
            with self._client.stream(
                "POST", self._options.url, content=body, headers=headers
            ) as response:
                status, asked = response.status_code, response.headers.get("Retry-After", "")
        except httpx2.TransportError as error:
            raise _Fault(f"{type(error).__name__}; see that the receiver runs", wait=0) from None
        if not 200 <= status < 300:
            passing = status == 429 or status >= 500
            raise _Fault(f"HTTP {status}", wait=retry_after(asked) if passing else None)


def sign(event: str, timestamp: int, body: bytes, secret: bytes) -> str:
    """Return the signature of a post, by which a receiver checks it too.

    Args:
        event: its id.
        timestamp: seconds since 1970, as in the header.
        body: exactly as it was sent.
        secret: the key that both sides have.
    """
    signed = f"{event}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def _headers(event: str, body: bytes, timestamp: int, secret: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "webhook-id": event,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(event, timestamp, body, secret),
    }


def _body(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8")


def _secret(variable: str) -> bytes:
    """Return the key: what follows `whsec_` as base64, anything else as it is."""
    value = os.environ.get(variable, "").strip()
    try:
        coded = value.startswith("whsec_")
        key = base64.b64decode(value[6:], validate=True) if coded else value.encode()
    except ValueError:
        key = b""
    if not key:
        raise ValueError(
            f"expected a signing secret in the environment variable {variable}, got none that can "
            "be read; set it, after whsec_ in base64"
        )
    return key

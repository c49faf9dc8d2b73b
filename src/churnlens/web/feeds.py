"""What goes on: alerts as they are raised, the progress of a run, and what the last runs made."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.types import Receive, Scope, Send

from churnlens.web.errors import WebError
from churnlens.web.follow import Read, follow, read_rows, reader, whole_files
from churnlens.web.house import House, Places, house_of
from churnlens.web.replies import SILENCE, EventStream, event

router = APIRouter()
STALLED_SECONDS = 60.0
PROGRESS = "progress.jsonl"
LARGEST_METRICS = 1_000_000  # bytes of a file that is shown


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """Tell that the server answers, and how busy it is."""
    desk = house_of(request).desk
    return {"status": "ok", "working": desk.working, "waiting": desk.waiting}


@router.get("/alerts")
async def alerts(request: Request) -> Feed:
    """Stream alerts as they are raised; `Last-Event-ID`, or `?after=`, goes on behind one."""
    return stream(request, reader(house_of(request).places.alerts), "alert")


@router.get("/runs/events")
async def run_events(request: Request) -> Feed:
    """Stream the progress of a run from its start, or behind `Last-Event-ID`."""
    return stream(request, reader(house_of(request).places.state / PROGRESS), "progress")


@router.get("/runs")
async def runs(request: Request) -> dict[str, Any]:
    """Return the progress of the run that goes on, the nodes that are done, and their metrics."""
    return await asyncio.to_thread(overview, house_of(request).places)


class Feed(EventStream):
    """A stream that gives its place back when it ends."""

    def __init__(self, events: AsyncIterator[bytes], house: House) -> None:
        """Stream the events in one of the places that `house` has for streams."""
        super().__init__(events)
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client goes."""
        self._house.streams += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._house.streams -= 1


def stream(request: Request, read: Read, name: str) -> Feed:
    """Stream rows as they come, behind the place that a request names.

    Args:
        request: with `Last-Event-ID`, or `?after=`; from the start without.
        read: see `follow.Read`.
        name: of the events.

    Raises:
        WebError: 429 when too many streams are open.
    """
    house = house_of(request)
    if house.streams >= house.options.limits.streams:
        raise WebError(429, "too many event streams are open", "too_many_streams", wait=30)
    given = request.headers.get("last-event-id") or request.query_params.get("after", "0")
    offset = int(given) if given.isascii() and given.isdigit() and len(given) <= 15 else 0
    return Feed(_events(house, read, name, offset), house)


async def _events(house: House, read: Read, name: str, offset: int) -> AsyncIterator[bytes]:
    limits = house.options.limits
    end = time.monotonic() + limits.stream_seconds

    def is_over() -> bool:
        return house.desk.closed or time.monotonic() > end

    yield SILENCE  # a browser takes the stream for open at its first bytes
    seen = follow(read, offset, limits.poll_seconds, limits.heartbeat_seconds, is_over)
    async with aclosing(seen) as places:
        async for place in places:
            yield SILENCE if place is None else event(place[1], name, str(place[0]))


def overview(places: Places) -> dict[str, Any]:
    """Return `{progress, nodes, metrics}` of a data root.

    Returns:
        progress: the latest numbers of every kind of work of the last run, each with `updated`
            (seconds since 1970) and `state`: `done`, `working`, or `stalled` when nothing was told
            for a minute.
        nodes: every node that has run, with the time at which it was done, the latest first.
        metrics: task → file → what is in it.
    """
    return {
        "progress": _progress(places.state / PROGRESS),
        "nodes": _nodes(places.state),
        "metrics": _metrics(places.reports),
    }


def _progress(path: Path) -> list[dict[str, Any]]:
    latest: dict[str, dict[str, Any]] = {}
    offset, rows = read_rows(path, 0)
    while rows:
        for _, row in rows:
            latest[str(row.get("label"))] = row
        offset, rows = read_rows(path, offset)
    return [_state(row) for row in latest.values()]


def _state(row: dict[str, Any]) -> dict[str, Any]:
    told = {**row, "updated": row.get("time", 0.0)}
    if row.get("done") == row.get("total"):
        return told | {"state": "done"}
    silent = time.time() - told["updated"]
    return told | {"state": "stalled" if silent > STALLED_SECONDS else "working"}


def _nodes(state: Path) -> list[dict[str, Any]]:
    files = [(path.stat().st_mtime, path) for path in whole_files(state, "*.json")]
    newest = sorted(files, key=lambda each: -each[0])
    return [{"node": path.stem, "done": done} for done, path in newest]


def _metrics(reports: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in whole_files(reports, "*/*metrics*.json"):
        if path.stat().st_size <= LARGEST_METRICS:
            found.setdefault(path.parent.name, {})[path.stem] = _load(path)
    return found


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda _: None)
    except ValueError:
        return {"error": "no JSON"}

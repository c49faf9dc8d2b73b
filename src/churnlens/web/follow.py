"""JSON-lines files, and tables, as event streams: the event's id is its place in them.

A viewer that connects again names the last id that it has seen and goes on behind it. Nothing is
kept in memory: what a viewer has not read is still where it was.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

BLOCK = 65_536
Place = tuple[int, dict[str, Any]]
Read = Callable[[int], Awaitable[tuple[int, list[Place]]]]
"""Reads the rows behind a place: the place behind them, and each row with the place behind it."""


def read_rows(path: Path, offset: int) -> tuple[int, list[Place]]:
    """Read the whole lines behind `offset`, about one block of them.

    Returns:
        The offset behind them, and each row with the offset behind it. A file that is shorter, or
        has no line that ends at `offset`, is another file and is read from its start. Lines that
        are no JSON object are passed over.
    """
    if not path.is_file():
        return 0, []
    with path.open("rb") as stream:
        stream.seek(max(offset - 1, 0))
        if offset and stream.read(1) != b"\n":
            stream.seek(offset := 0)
        data = stream.read(BLOCK) + stream.readline()
    rows = []
    for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
        offset += len(line)
        if (row := _row(line)) is not None:
            rows.append((offset, row))
    return offset, rows


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def whole_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern in order; one that a run is writing has a name with a dot."""
    return [path for path in sorted(folder.glob(pattern)) if not path.name.startswith(".")]


def reader(path: Path) -> Read:
    """Return what reads a file; it need not be there yet."""

    async def read(offset: int) -> tuple[int, list[Place]]:
        return await asyncio.to_thread(read_rows, path, offset)

    return read


async def follow(
    read: Read, place: int, poll: float, beat: float, is_over: Callable[[], bool]
) -> AsyncGenerator[Place | None, None]:
    """Yield rows behind `place` as they are appended; None after `beat` seconds without one.

    Args:
        read: see there; of a file by `reader`.
        place: that was seen last; in bytes, behind a line, for a file.
        poll: seconds between two looks.
        beat: seconds.
        is_over: whether to end, asked at every look.
    """
    silent = 0.0
    while not is_over():
        place, rows = await read(place)
        for row in rows:
            yield row
        silent = 0.0 if rows else silent + poll
        if silent >= beat:
            silent = 0.0
            yield None
        if not rows:
            await asyncio.sleep(poll)

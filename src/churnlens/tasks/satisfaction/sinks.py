"""Where alerts and grants go: a file of JSON lines, an SQL table; `webhook` posts them.

Every sink keeps one row for each event id, so that whoever is not sure sends again.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock

from churnlens.datasets.atomic import write_file
from churnlens.datasets.jsonl import dump_rows
from churnlens.tasks.satisfaction.events import Event

_KINDS: dict[Any, str] = {bool: "INTEGER", int: "INTEGER", float: "REAL"}


class Sink(Protocol):
    """Where events go."""

    def send(self, events: Sequence[Event]) -> int:
        """Deliver the events that were not delivered before; return how many were."""


class JSONLinesSink:
    """A file to which each event is appended once, also by several processes.

    When `send` returns, the rows are on the disk. A row that a killed writer left half written is
    dropped by the next `send`, and its event is new again.
    """

    def __init__(self, path: Path) -> None:
        """Keep events at `path`, and a lock beside it."""
        self._path, self._lock = path, FileLock(f"{path}.lock")
        self._ids: set[str] = set()
        self._end = 0

    def send(self, events: Sequence[Event]) -> int:
        """Append the events that the file does not have.

        Raises:
            ValueError: when the file has a line that is no event; nothing is written then.
            OSError: when the disk is full; what was not written whole is dropped next time.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._catch_up()
            first: dict[str, Event] = {}
            for event in events:
                first.setdefault(event.id, event)
            rows = [first[each].model_dump(mode="json") for each in first if each not in self._ids]
            _append(self._path, dump_rows(rows))
        return len(rows)

    def rows(self) -> list[dict[str, Any]]:
        """Return all events in the order in which they came; none without a file."""
        if not self._path.is_file():
            return []
        data = self._path.read_bytes()
        return [_read(line, self._path) for line in data[: data.rfind(b"\n") + 1].splitlines()]

    def _catch_up(self) -> None:
        """Mend the end of the file, and read the ids that are new in it."""
        if not self._path.exists():
            write_file(self._path, b"")
        if self._path.stat().st_size < self._end:
            self._ids, self._end = set(), 0  # another file
        with self._path.open("r+b") as stream:
            stream.seek(self._end)
            data = stream.read()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                stream.truncate(self._end + whole)
        self._ids |= {_read(line, self._path)["id"] for line in data[:whole].splitlines()}
        self._end += whole


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _read(line: bytes, path: Path) -> dict[str, Any]:
    try:
        row = json.loads(line)
        return row | {"id": str(row["id"])}
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"{path}: a line that is no event; expected JSON with an id") from None


class SQLSink:
    """A table of an SQLite file with a column for each field of one kind of event.

    Lists and records are kept as JSON text. The table is made on first use.
    """

    def __init__(self, path: Path, table: str, kind: type[Event]) -> None:
        """Keep events of `kind` in `table`; ValueError for a name that is none."""
        if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", table):
            raise ValueError(f"got table name {table[:80]!r}, expected a-z, 0-9 and _")
        self._path, self._kind = path, kind
        types = {name: _KINDS.get(f.annotation, "TEXT") for name, f in kind.model_fields.items()}
        columns = ", ".join(f'"{name}" {sort}' for name, sort in types.items() if name != "id")
        names, places = ", ".join(f'"{name}"' for name in types), ", ".join("?" * len(types))
        self._create = f'CREATE TABLE IF NOT EXISTS "{table}" ("id" TEXT PRIMARY KEY, {columns})'
        self._insert = f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608 (names are checked)

    def send(self, events: Sequence[Event]) -> int:
        """Insert the events that the table does not have, all or none.

        Raises:
            ValueError: for an event of another kind.
            sqlite3.Error: when the file is no database, or its table has other columns.
        """
        if wrong := [event for event in events if type(event) is not self._kind]:
            raise ValueError(f"got {type(wrong[0]).__name__}, expected {self._kind.__name__}")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
            database.execute(self._create)
            before = database.total_changes
            database.executemany(self._insert, map(_cells, events))
            return database.total_changes - before


def _cells(event: Event) -> list[Any]:
    values = event.model_dump(mode="json").values()
    return [_text(each) if isinstance(each, list | dict) else each for each in values]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

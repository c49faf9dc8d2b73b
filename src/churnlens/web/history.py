"""Conversations in one SQLite file: what is acknowledged is on the disk, what is deleted is gone.

One thread holds the one connection, and one process the file (a lock beside it). Write-ahead log
with full synchronisation: a commit survives the death of the process and of the machine. Deleted
text is overwritten in the file (`secure_delete`) and in the log (a truncating checkpoint); copies
that the file system or a backup has made are not reached.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

from filelock import FileLock, Timeout
from pydantic import Field

from churnlens.schema import Frozen
from churnlens.web.protocols import Matter, Role, Source

Params = ParamSpec("Params")
Result = TypeVar("Result")
Status = Literal["whole", "cut", "stopped", "failed"]
State = Literal["", "waiting", "unanswered"]
Speaker = Role | Literal["colleague"]
TITLE_CHARS = 60

# Applied in order and never edited; `user_version` counts them.
MIGRATIONS = (
    """
    CREATE TABLE sessions (
        hash TEXT PRIMARY KEY, owner TEXT NOT NULL, expires REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL,
        created REAL NOT NULL, updated REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX conversations_of ON conversations (owner, updated);
    CREATE TABLE messages (
        position INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
        role TEXT NOT NULL, content TEXT NOT NULL, created REAL NOT NULL,
        status TEXT NOT NULL, model TEXT NOT NULL, sources TEXT NOT NULL,
        first_seconds REAL, total_seconds REAL
    );
    CREATE INDEX messages_of ON messages (conversation, position);
    """,
    "ALTER TABLE sessions ADD COLUMN token TEXT NOT NULL DEFAULT '';",
    # A position is never given twice, so that a feed goes on behind one that was deleted.
    """
    CREATE TABLE handovers (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
        message TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
        created REAL NOT NULL, changed REAL NOT NULL,
        reason TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
        colleague TEXT NOT NULL, person TEXT NOT NULL
    );
    CREATE INDEX handovers_of ON handovers (conversation);
    """,
    "",  # a message may be a colleague's, which a program of before cannot read
)


class HistoryError(RuntimeError):
    """The file cannot be used."""


class Conversation(Frozen):
    """A conversation without its messages; times are seconds since 1970."""

    id: str
    title: str
    created: float
    updated: float


class Entry(Frozen):
    """A message that is kept.

    Attributes:
        status: of a reply: `cut` by its length, `stopped` by the reader, `failed` by the server.
        model: that wrote it; of a colleague's the name that they gave.
        sources: of a reply.
        first_seconds, total_seconds: to the first token and to the last.
    """

    id: str = Field(default_factory=lambda: uuid.uuid4().hex)
    role: Speaker
    content: str
    created: float = Field(default_factory=time.time)
    status: Status = "whole"
    model: str = ""
    sources: tuple[Source, ...] = ()
    first_seconds: float | None = None
    total_seconds: float | None = None


_COLUMNS = tuple(Entry.model_fields)


def states_of(entries: Sequence[Entry], answering: bool) -> list[State]:
    """Return how each message stands: one of the user with no reply behind it waits, or is left.

    Args:
        entries: messages of a conversation in their order.
        answering: whether a reply to the last one is awaited.
    """
    left = [
        entry.role == "user" and (after is None or after.role == "user")
        for entry, after in zip_longest(entries, entries[1:])
    ]
    states: list[State] = ["unanswered" if each else "" for each in left]
    if left and left[-1] and answering:
        states[-1] = "waiting"
    return states


def milliseconds(seconds: float) -> int:
    """Return a time as the place of an event."""
    return round(1000 * seconds)


class Records:
    """The tables; used by one thread.

    Attributes:
        database: the connection, for what `handed` does with its table.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable by its owner only, and bring its tables up to date."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self.database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self.database.execute(f"PRAGMA {pragma}")
        self.database.execute("PRAGMA secure_delete=ON")
        self._migrate(path)

    def _migrate(self, path: Path) -> None:
        (version,) = self.database.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise HistoryError(
                f"{path} is of version {version}, expected at most {len(MIGRATIONS)}; it was "
                "written by a newer churnlens: use that one"
            )
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            self.database.executescript(f"BEGIN; {script} PRAGMA user_version={number}; COMMIT;")

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def conversations(self, owner: str) -> list[Conversation]:
        """Return the conversations of `owner`, the latest first."""
        return self._conversations("owner = ? ORDER BY updated DESC, id", owner)

    def _conversations(self, condition: str, *given: str) -> list[Conversation]:
        names = tuple(Conversation.model_fields)
        query = f"SELECT {', '.join(names)} FROM conversations WHERE {condition}"  # noqa: S608
        rows = self.database.execute(query, given)
        return [Conversation(**dict(zip(names, row, strict=True))) for row in rows]

    def create(self, owner: str, title: str) -> Conversation:
        """Return a new conversation, committed."""
        now = time.time()
        made = Conversation(
            id=uuid.uuid4().hex, title=title[:TITLE_CHARS], created=now, updated=now
        )
        self.database.execute(
            "INSERT INTO conversations VALUES (?, ?, ?, ?, ?)",
            (made.id, owner, made.title, made.created, made.updated),
        )
        return made

    def find(self, owner: str, conversation: str) -> Conversation | None:
        """Return a conversation; None when `owner` has none of that id."""
        found = self._conversations("owner = ? AND id = ?", owner, conversation)
        return found[0] if found else None

    def touched(self, conversation: str) -> int:
        """Return when something was last said, in milliseconds; 0 when it was deleted."""
        query = "SELECT updated FROM conversations WHERE id = ?"
        found = self.database.execute(query, (conversation,)).fetchone()
        return milliseconds(found[0]) if found else 0

    def entries(self, conversation: str) -> list[Entry]:
        """Return the messages of a conversation in their order."""
        return [entry for _, entry in self._entries("conversation = ?", conversation)]

    def told(self, conversation: str, place: int) -> list[tuple[int, Entry]]:
        """Return what colleagues have said behind a place, each with its own place."""
        condition = "conversation = ? AND role = 'colleague' AND position > ?"
        return self._entries(condition, conversation, place)

    def _entries(self, condition: str, *given: str | int) -> list[tuple[int, Entry]]:
        found = self.database.execute(
            f"SELECT position, {', '.join(_COLUMNS)} FROM messages"  # noqa: S608 (names of here)
            f" WHERE {condition} ORDER BY position",
            given,
        )
        rows = ((place, dict(zip(_COLUMNS, row, strict=True))) for place, *row in found)
        return [
            (place, Entry.model_validate(row | {"sources": json.loads(row["sources"])}))
            for place, row in rows
        ]

    def add(self, conversation: str, entry: Entry, matter: Matter | None = None) -> bool:
        """Commit a message, and with it the hand-over that it promises.

        Args:
            conversation: its id.
            entry: the message.
            matter: that a colleague is to take over; it waits once, however often it is promised.

        Returns:
            False when the conversation was deleted meanwhile.
        """
        row = entry.model_dump(mode="json")
        row["sources"] = json.dumps(row["sources"], ensure_ascii=False)
        names, places = ", ".join(_COLUMNS), ", ".join("?" * len(_COLUMNS))
        with self._transaction():
            touched = self.database.execute(
                "UPDATE conversations SET updated = ? WHERE id = ?", (entry.created, conversation)
            ).rowcount
            if touched:
                self.database.execute(
                    f"INSERT INTO messages (conversation, {names})"  # noqa: S608
                    f" VALUES (?, {places})",
                    (conversation, *(row[name] for name in _COLUMNS)),
                )
            if touched and matter:
                self._hand_over(conversation, entry, matter)
        return bool(touched)

    def _hand_over(self, conversation: str, entry: Entry, matter: Matter) -> None:
        self.database.execute(
            "INSERT INTO handovers (id, conversation, message, created, changed, reason, name,"
            " status, colleague, person) SELECT ?, ?, ?, ?, ?, ?, ?, 'open', '', '' WHERE NOT"
            " EXISTS (SELECT 1 FROM handovers WHERE conversation = ? AND reason = ? AND status !="
            " 'closed')",
            (
                *(uuid.uuid4().hex, conversation, entry.id, entry.created, entry.created),
                *(matter.reason, matter.name.model_dump_json(), conversation, matter.reason),
            ),
        )

    def take_back(self, message: str) -> None:
        """Remove a message from the file and from the log."""
        self.database.execute("DELETE FROM messages WHERE id = ?", (message,))
        self._overwrite()

    def delete(self, owner: str, conversation: str) -> bool:
        """Remove a conversation from the file and from the log; False when there is none."""
        removed = self.database.execute(
            "DELETE FROM conversations WHERE owner = ? AND id = ?", (owner, conversation)
        ).rowcount
        self._overwrite()
        return bool(removed)

    def _overwrite(self) -> None:
        """Leave nothing of what was removed in the log."""
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def open_session(self, hashed: str, owner: str, expires: float, token: str = "") -> None:
        """Commit a session under the hash of its secret; those that have expired go.

        Args:
            hashed: of the secret.
            owner: whose it is.
            expires: seconds since 1970.
            token: mark of the token that began it.
        """
        with self._transaction():
            self.database.execute("DELETE FROM sessions WHERE expires < ?", (time.time(),))
            self.database.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)", (hashed, owner, expires, token)
            )

    def session(self, hashed: str) -> tuple[str, str] | None:
        """Return whose session it is and its token's mark; None when it is unknown or expired."""
        row: tuple[str, str] | None = self.database.execute(
            "SELECT owner, token FROM sessions WHERE hash = ? AND expires >= ?",
            (hashed, time.time()),
        ).fetchone()
        return row

    def close_session(self, hashed: str) -> None:
        """Forget a session."""
        self.database.execute("DELETE FROM sessions WHERE hash = ?", (hashed,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commit all that is done inside, or nothing of it."""
        self.database.execute("BEGIN IMMEDIATE")
        with self.database:
            yield


class History:
    """`Records` for an event loop: every call runs in the one thread that holds the file."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            HistoryError: when another server holds it, or it is no database of this program.
        """
        self._lock = FileLock(f"{path}.lock", timeout=0)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise HistoryError(
                f"another server holds {path}; stop it, or give this one its own data root"
            ) from None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="history")
        try:
            self._records = self._thread.submit(Records, path).result()
        except (sqlite3.Error, HistoryError) as error:
            self._thread.shutdown()
            self._lock.release()
            raise HistoryError(f"{path} cannot be opened: {error}") from None

    async def call(
        self,
        method: Callable[Concatenate[Records, Params], Result],
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Result:
        """Run a method of `Records`; what it wrote is committed when this returns."""
        work = partial(method, self._records, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Finish what was asked, and close the file."""
        self._thread.submit(self._records.close).result()
        self._thread.shutdown()
        self._lock.release()

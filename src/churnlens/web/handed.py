"""The table of hand-overs: who was promised a colleague, and what became of it.

A row is written with the message that promises it (`Records.add`) and goes with its conversation.
"""

from __future__ import annotations

import time
from typing import Literal

from churnlens.schema import Frozen, Text
from churnlens.web.history import Entry, Records

State = Literal["open", "taken", "closed"]
LARGEST = 2**63 - 1  # position that SQLite could give
# What a hand-over must be, to become something; closed ones stay closed.
_BEFORE: dict[State, str] = {
    "open": "status = 'taken'",
    "taken": "status = 'open'",
    "closed": "status != 'closed'",
}


class Handover(Frozen):
    """One hand-over; times are seconds since 1970.

    Attributes:
        position: rises with every hand-over.
        conversation, message: where it was promised.
        owner, title, updated: of the conversation.
        reason, name: see `Matter`.
        colleague: whose token changed it last; empty while nobody has.
        person: who it was by that colleague's own words.
    """

    position: int
    id: str
    conversation: str
    message: str
    owner: str
    title: str
    created: float
    changed: float
    updated: float
    reason: str
    name: Text
    status: State
    colleague: str
    person: str


_OF_CONVERSATION = ("owner", "title", "updated")
_COLUMNS = tuple(Handover.model_fields)
_NAMES = ", ".join(f"{'c' if each in _OF_CONVERSATION else 'h'}.{each}" for each in _COLUMNS)
_SELECT = f"SELECT {_NAMES} FROM handovers h JOIN conversations c ON c.id = h.conversation"  # noqa: S608


def _rows(records: Records, condition: str, *given: object) -> list[Handover]:
    rows = records.database.execute(f"{_SELECT} WHERE {condition}", given)
    found = (dict(zip(_COLUMNS, row, strict=True)) for row in rows)
    return [Handover(**row | {"name": Text.model_validate_json(row["name"])}) for row in found]


def listed(
    records: Records, status: State | None, before: int | None, limit: int
) -> list[Handover]:
    """Return hand-overs, the newest first.

    Args:
        records: that hold them.
        status: which; None for all that are not closed.
        before: position of the one that was seen last; None begins with the newest.
        limit: of rows.
    """
    return _rows(
        records,
        "h.status IN (?, ?) AND h.position < ? ORDER BY h.position DESC LIMIT ?",
        *(("open", "taken") if status is None else (status, status)),
        LARGEST if before is None else before,
        limit,
    )


def following(records: Records, position: int, limit: int = 100) -> list[Handover]:
    """Return hand-overs behind a position that are not closed, the oldest first."""
    condition = "h.status != 'closed' AND h.position > ? ORDER BY h.position LIMIT ?"
    return _rows(records, condition, position, limit)


def newest(records: Records) -> int:
    """Return the position of the newest hand-over, 0 without one."""
    found = records.database.execute("SELECT COALESCE(MAX(position), 0) FROM handovers")
    return int(found.fetchone()[0])


def waiting(records: Records) -> int:
    """Return how many nobody has taken."""
    found = records.database.execute("SELECT COUNT(*) FROM handovers WHERE status = 'open'")
    return int(found.fetchone()[0])


def opened(records: Records, handover: str) -> tuple[Handover, list[Entry]] | None:
    """Return a hand-over with the messages of its conversation; None when there is none."""
    found = _rows(records, "h.id = ?", handover)
    return (found[0], records.entries(found[0].conversation)) if found else None


class Talk(Frozen):
    """A conversation as its owner sees it.

    Attributes:
        entries: its messages.
        place: of the last one of a colleague, 0 before there is one.
        awaited: whether a colleague was promised in it and has not closed the matter.
    """

    entries: tuple[Entry, ...] = ()
    place: int = 0
    awaited: bool = False


def talk(records: Records, conversation: str) -> Talk:
    """Return the messages of a conversation, and what follows them live."""
    told = records.told(conversation, 0)
    return Talk(
        entries=tuple(records.entries(conversation)),
        place=told[-1][0] if told else 0,
        awaited=bool(_rows(records, "h.conversation = ? AND h.status != 'closed'", conversation)),
    )


def answer(
    records: Records, handover: str, entry: Entry, colleague: str
) -> tuple[Handover, bool] | None:
    """Commit what a colleague says to the customer; one that nobody has taken is theirs then.

    Args:
        records: that hold it.
        handover: its id.
        entry: the message.
        colleague: whose token says it.

    Returns:
        The hand-over and whether it was said: nothing more is, where it is closed. None when there
        is none.
    """
    found = _rows(records, "h.id = ?", handover)
    if not found or found[0].status == "closed":
        return (found[0], False) if found else None
    change(records, handover, "taken", colleague, entry.model)
    return found[0], records.add(found[0].conversation, entry)


def change(
    records: Records, handover: str, status: State, colleague: str, person: str
) -> tuple[Handover, bool] | None:
    """Commit what becomes of a hand-over.

    Args:
        records: that hold it.
        handover: its id.
        status: to become.
        colleague: whose token changes it.
        person: who that is, in words of one's own.

    Returns:
        The hand-over as it is now and whether this call made it so: of two colleagues who take one
        at once, one is told. None when there is none.
    """
    changed = records.database.execute(
        "UPDATE handovers SET status = ?, changed = ?, colleague = ?, person = ?"  # noqa: S608
        f" WHERE id = ? AND {_BEFORE[status]}",
        (status, time.time(), colleague, person, handover),
    ).rowcount
    found = _rows(records, "h.id = ?", handover)
    return (found[0], bool(changed)) if found else None

"""What a sink is given: rows that carry the id by which they are told apart on a replay."""

from __future__ import annotations

from churnlens.schema import Frozen


class Event(Frozen):
    """A row that happens once: an alert or a grant.

    Attributes:
        id: the same for the same cause on every replay; sinks keep one row for each.
        dialogue: id of the dialogue that it belongs to.
    """

    id: str
    dialogue: str

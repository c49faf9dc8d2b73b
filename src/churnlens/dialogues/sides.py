"""Clean dialogues with their sides as rows of a file, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.splits import draw_sides, group_dialogues
from churnlens.options.dialogues import DialogueOptions, Side

Rows = list[dict[str, Any]]


class Divided(NamedTuple):
    """Dialogues in their order, and for each its side and its group."""

    dialogues: Sequence[Dialogue]
    sides: list[str]
    groups: list[str]


def divide(dialogues: Sequence[Dialogue], options: DialogueOptions) -> Divided:
    """Draw a side for each dialogue; whole groups only.

    Raises:
        ValueError: when a side with a share comes out empty.
    """
    shares: dict[str, float] = {side: share for side, share in options.shares.items() if share > 0}
    held = held_together(dialogues, options.family)
    groups = group_dialogues(held, options.near, options.family)
    return Divided(dialogues, draw_sides(groups, shares, options.seed), groups)


def held_together(dialogues: Sequence[Dialogue], family: str) -> list[Dialogue]:
    """Return dialogues of which each is held by one thing: its family, or else its customer.

    Held by both, two families with one customer in common would be one, and soon all of them.
    """
    return [
        each.model_copy(update={"customer": None}) if each.labels.get(family) else each
        for each in dialogues
    ]


def rows_of(divided: Divided) -> Rows:
    """Return one row a dialogue: its fields but for defaults, with `side` and `group`.

    The reader of the plain form takes such rows too.
    """
    return [
        {**each.model_dump(mode="json", exclude_defaults=True), "side": side, "group": group}
        for each, side, group in zip(*divided, strict=True)
    ]


def dialogues_of(rows: Sequence[Mapping[str, Any]], *sides: Side) -> list[Dialogue]:
    """Return the dialogues of rows, in their order; those of `sides`, or all without any."""
    own = Dialogue.model_fields.keys()
    return [
        Dialogue.model_validate({name: value for name, value in row.items() if name in own})
        for row in rows
        if not sides or row["side"] in sides
    ]

"""Our own rows: `{id, turns: [{speaker, text}]}`, with any other field of `Dialogue` and `Turn`.

It reads back what `Dialogue.model_dump` wrote. Keys of other makers are left out.
"""

from __future__ import annotations

from typing import Any

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.readers.base import Given, Reader, assemble
from churnlens.dialogues.readers.rows import id_of, json_rows, list_at, text_at
from churnlens.dialogues.readers.table import moment_of
from churnlens.dialogues.words import ratings_of, speaker_of

_TAKEN = ("source", "language", "scale", "references", "labels")


def _parse(row: dict[str, Any], given: Given) -> Dialogue:
    turns = [_turn(each, f"turn {place}, ") for place, each in enumerate(list_at(row, "turns"), 1)]
    customer = id_of(row, "", "customer") or None
    known = {key: row[key] for key in _TAKEN if row.get(key) is not None}
    return assemble(
        given,
        turns,
        id=id_of(row, given.id),
        customer=customer,
        overall=ratings_of(row.get("overall"), "overall"),
        **known,
    )


def _turn(row: dict[str, Any], where: str) -> Turn:
    rating = row.get("rating") if row.get("ratings") is None else row["ratings"]
    return Turn(
        speaker=speaker_of(row.get("speaker"), f"{where}speaker"),
        text=text_at(row, "text", where),
        ratings=ratings_of(rating, f"{where}ratings"),
        act=text_at(row, "act", where, ""),
        time=moment_of(text_at(row, "time", where, ""), f"{where}time"),
    )


PLAIN = Reader(json_rows, _parse)

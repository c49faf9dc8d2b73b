"""Dialogues from a file of rows to predict from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue, Fault
from churnlens.dialogues.reading import read_row
from churnlens.tasks.batch import RowError

EXPECTED = "id and turns"
_OF_ROW = ("id", "language", "turns")
_OF_TURN = ("speaker", "text")


def read_dialogue(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the redacted, clean dialogue of an `{id, turns}` object as plain data.

    Whatever else the row holds, ratings too, is left out: nothing predicts from it.

    Raises:
        RowError: when it is none, or its customer says nothing.
    """
    read = read_row(_needed(row))
    if isinstance(read, Fault):
        raise RowError(f"{read.what}: got {read.got}, expected {read.expected}")
    clean = clean_dialogue(read).dialogue
    if not clean.words_of("customer"):
        raise RowError("turns: got no words of a customer, expected one customer turn or more")
    return clean.model_dump(mode="json", exclude_defaults=True)


def _needed(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in _OF_ROW if key in row}
    if isinstance(turns := row.get("turns"), list):
        kept["turns"] = [
            {key: turn[key] for key in _OF_TURN if key in turn} if isinstance(turn, dict) else turn
            for turn in turns
        ]
    return kept


def dialogues_in(given: Sequence[Mapping[str, Any]]) -> list[Dialogue]:
    """Return what `read_dialogue` gave as dialogues."""
    return [Dialogue.model_validate(each) for each in given]

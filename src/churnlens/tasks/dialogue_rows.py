"""Dialogues from a file of rows to predict from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue, Fault
from churnlens.dialogues.reading import read_row
from churnlens.tasks.batch import RowError

EXPECTED = "id and turns"


def read_dialogue(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the redacted, clean dialogue of an `{id, turns}` object as plain data.

    Raises:
        RowError: when it is none, or its customer says nothing.
    """
    read = read_row(row)
    if isinstance(read, Fault):
        raise RowError(f"{read.what}: got {read.got}, expected {read.expected}")
    clean = clean_dialogue(read).dialogue
    if not clean.words_of("customer"):
        raise RowError("turns: got no words of a customer, expected one customer turn or more")
    return clean.model_dump(mode="json", exclude_defaults=True)


def dialogues_in(given: Sequence[Mapping[str, Any]]) -> list[Dialogue]:
    """Return what `read_dialogue` gave as dialogues."""
    return [Dialogue.model_validate(each) for each in given]

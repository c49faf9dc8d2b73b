"""Dialogues out of a text in any of eight forms; what is none is a fault that is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final, Literal, get_args

from pydantic import ValidationError

from churnlens.dialogues.form import Dialogue, Fault, FaultError, Reading, Scale, mend
from churnlens.dialogues.readers.base import Given, Reader
from churnlens.dialogues.readers.chats import ALPACA, MESSAGES, SHAREGPT
from churnlens.dialogues.readers.jddc import JDDC
from churnlens.dialogues.readers.plain import PLAIN
from churnlens.dialogues.readers.rows import json_rows
from churnlens.dialogues.readers.table import TABLE, is_table
from churnlens.dialogues.readers.tweetsumm import TWEETSUMM
from churnlens.dialogues.readers.uss import USS
from churnlens.dialogues.words import kind_of

Form = Literal["uss", "jddc", "tweetsumm", "messages", "sharegpt", "alpaca", "plain", "table"]

_ALL: Final = (USS, JDDC, TWEETSUMM, MESSAGES, SHAREGPT, ALPACA, PLAIN, TABLE)
READERS: Final[dict[Form, Reader]] = dict(zip(get_args(Form), _ALL, strict=True))
"""Form → its reader."""

_MARKS: Final[dict[Form, tuple[str, ...]]] = {  # the first whose keys a row has
    "tweetsumm": ("text", "abstractive_summaries"),
    "messages": ("messages",),
    "sharegpt": ("conversations",),
    "alpaca": ("instruction",),
    "jddc": ("turns", "overall_sat3"),
    "plain": ("turns",),
}
_PROMPT = "prompt"  # of a row of none of these: Qianfan's form of alpaca
_USS: Final = re.compile(r"^(?:USER|SYSTEM)\t", re.MULTILINE)
_LOOKED_AT = 50
_NONE: Final = "none that is known"


def detect_form(text: str) -> Form | None:
    """Return the form of a text by its first rows that have one; None for a form not known."""
    head = text.lstrip("\ufeff \t\r\n")[:1]
    text = text.removeprefix("\ufeff")
    rows = json_rows(text) if head in {"[", "{"} else iter(())
    if form := _first_form(rows):
        return form
    if is_table(text):
        return "table"
    if _USS.search(text, 0, 100_000):
        return "uss"
    return _first_form(json_rows(text))


def read_dialogues(
    text: str, form: Form | None = None, source: str = "", scale: Scale | None = None
) -> Reading:
    """Read every dialogue of a text; a row that is none is left out and told as a fault.

    Nothing in the text makes it raise. An id that was used by an earlier row is a fault; a row
    without one gets `<source>-<place>`. A dialogue without a word of the customer is a fault; one
    without an agent, with empty turns or with 10,000 is none.

    Args:
        text: the whole file, decoded (`datasets.raw_table.read_text`).
        form: None finds it out, see `detect_form`.
        source: name of the collection; empty: the form.
        scale: of the ratings, where the form does not fix it; None is 1 to 5.

    Returns:
        The dialogues in the order of the text, and the faults in the order of theirs.
    """
    text = text.removeprefix("\ufeff")
    form = form or detect_form(text)
    if form is None:
        return Reading(dialogues=(), faults=(_formless(text),))
    reader, name = READERS[form], source or form
    dialogues: dict[str, Dialogue] = {}
    faults = []
    for place, (row, content) in enumerate(reader.cut(text), 1):
        given = Given(f"{name}-{place}", name, scale or Scale())
        read = _read(reader, row, content, given)
        if isinstance(read, Dialogue) and read.id in dialogues:
            read = Fault(row=row, what="id", got="one of an earlier row", expected="another")
        if isinstance(read, Dialogue):
            dialogues[read.id] = read
        else:
            faults.append(read)
    return Reading(dialogues=tuple(dialogues.values()), faults=tuple(faults))


def read_row(row: Mapping[str, Any]) -> Dialogue | Fault:
    """Read one of our own rows, `{id, turns: [{speaker, text}]}`, or say why it is none."""
    return _read(PLAIN, 1, dict(row), Given("row", "row", Scale()))


def _formless(text: str) -> Fault:
    """Return why a text has no form: where its JSON breaks, or that it is none that is known."""
    row, content = (
        next(json_rows(text), (1, None)) if text.lstrip()[:1] in {"[", "{"} else (1, None)
    )
    if isinstance(content, FaultError):
        return Fault(row=row, what=content.what, got=content.got, expected=content.expected)
    got = _NONE if text.strip() else "nothing"
    return Fault(row=1, what="form", got=got, expected=", ".join(get_args(Form)))


def _first_form(rows: Iterator[tuple[int, Any]]) -> Form | None:
    forms = (_form_of(row) for _, row in islice(rows, _LOOKED_AT))
    return next((form for form in forms if form), None)


def _form_of(row: Any) -> Form | None:
    if not isinstance(row, dict):
        return None
    turns = row.get("turns")
    first = turns[0] if isinstance(turns, list) and turns else None
    if isinstance(first, dict) and "agent_after" in first:
        return "jddc"
    marked = (form for form, keys in _MARKS.items() if all(key in row for key in keys))
    return next(marked, "alpaca" if _PROMPT in row else None)


def _read(reader: Reader, row: int, content: Any, given: Given) -> Dialogue | Fault:
    try:
        if isinstance(content, FaultError):
            raise content
        return reader.parse(content, given)
    except FaultError as error:
        fault = error
    except ValidationError as error:
        fault = _told(error)
    return Fault(
        row=fault.row or row,
        what=fault.what,
        got=fault.got,
        expected=fault.expected,
        id=_id(content),
    )


def _told(error: ValidationError) -> FaultError:
    """Return the first thing that pydantic found, without the input."""
    first = error.errors(include_url=False, include_context=False)[0]
    what = str(first["loc"][0]) if first["loc"] else "row"  # deeper may be the writer's own keys
    broken = first["type"] == "string_unicode"
    got = "half a character" if broken else kind_of(first["input"])
    return FaultError(what, got, first["msg"].removeprefix("Input should be ")[:80])


def _id(content: Any) -> str:
    if not isinstance(content, dict):
        return ""
    value = content.get("id", content.get("dialog_id"))
    return mend(str(value)) if isinstance(value, str | int) else ""

"""Summaries of rows `{id, turns}`: one that fails becomes `{id, error}` and stops no other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue, Fault
from churnlens.dialogues.reading import read_dialogues
from churnlens.privacy.redaction import redact
from churnlens.schema import Language
from churnlens.tasks.summary.contract import KEYS
from churnlens.tasks.summary.writers import Draft, Writer

MAX_ERROR_CHARS = 200
Writers = Mapping[Language, Writer]


def read_row(row: Any) -> Dialogue | Fault:
    """Read one `{id, turns: [{speaker, text}]}`, redacted and cleaned; a fault where it is none.

    One-sided dialogues, empty turns, 10,000 turns and mixed languages are dialogues; one in which
    the customer says nothing is not.
    """
    if not isinstance(row, Mapping):
        return Fault(row=1, what="row", got=type(row).__name__, expected="an object with id, turns")
    try:
        text = json.dumps({key: row.get(key) for key in ("id", "turns")})
    except (TypeError, ValueError, RecursionError) as error:
        return Fault(row=1, what="row", got=type(error).__name__, expected="JSON values")
    reading = read_dialogues(text, "plain", "row")
    return clean_dialogue(reading.dialogues[0]).dialogue if reading.dialogues else reading.faults[0]


def summarise_rows(rows: Sequence[Any], writers: Writers) -> list[dict[str, Any]]:
    """Summarise rows `{id, turns}`.

    Args:
        rows: of a file or a request.
        writers: language → its writer.

    Returns:
        In order, `{id, summary, evidence, language, model}` or `{id, error}`; `evidence` has the
        keys of the summary and places of turns from 0.
    """
    read = [read_row(row) for row in rows]
    done = dict(zip(_places(read), _written(read, writers), strict=True))
    told = []
    for place, (row, each) in enumerate(zip(rows, read, strict=True)):
        key = _key(row, place)
        if isinstance(each, Fault):
            told.append({"id": key, "error": str(each)[:MAX_ERROR_CHARS]})
        else:
            told.append(prediction(key, each, done[place]))
    return told


def prediction(key: str | int, dialogue: Dialogue, draft: Draft) -> dict[str, Any]:
    """Return the public row of one draft."""
    if draft.summary is None:
        return {"id": key, "error": redact(draft.error).text[:MAX_ERROR_CHARS]}
    return {"id": key, **public_form(dialogue, draft)}


def public_form(dialogue: Dialogue, draft: Draft) -> dict[str, Any]:
    """Return a summary with its evidence under the same keys, its language and its writer."""
    keys = KEYS[dialogue.language]
    summary = draft.summary.written(dialogue.language) if draft.summary else {}
    evidence = {keys[field]: list(turns) for field, turns in draft.evidence.items()}
    return {
        "summary": summary,
        "evidence": evidence,
        "language": dialogue.language,
        "model": draft.model,
    }


def write_drafts(dialogues: Sequence[Dialogue], writers: Writers) -> list[Draft]:
    """Return one draft a dialogue, in order, each by the writer of its language."""
    drafts: dict[int, Draft] = {}
    for language, writer in writers.items():
        places = [at for at, each in enumerate(dialogues) if each.language == language]
        drafts |= zip(places, _attempt([dialogues[at] for at in places], writer), strict=True)
    none = "no writer for this language"
    return [drafts.get(at, Draft(model="none", error=none)) for at in range(len(dialogues))]


def _attempt(dialogues: Sequence[Dialogue], writer: Writer) -> list[Draft]:
    """Write a batch; where it fails each half, until the fault is alone."""
    if not dialogues:
        return []
    try:
        return writer.write(dialogues)
    except Exception as error:
        if half := len(dialogues) // 2:
            return _attempt(dialogues[:half], writer) + _attempt(dialogues[half:], writer)
        told = f"{type(error).__name__}: {redact(str(error)).text}"
        return [Draft(model=writer.name, error=told[:MAX_ERROR_CHARS])]


def _written(read: Sequence[Dialogue | Fault], writers: Writers) -> list[Draft]:
    return write_drafts([each for each in read if isinstance(each, Dialogue)], writers)


def _places(read: Sequence[Dialogue | Fault]) -> list[int]:
    return [place for place, each in enumerate(read) if isinstance(each, Dialogue)]


def _key(row: Any, place: int) -> str | int:
    key = row.get("id") if isinstance(row, Mapping) else None
    known = isinstance(key, str | int) and not isinstance(key, bool) and key != ""
    return key if known and str(key).isprintable() else f"row {place + 1}"  # type: ignore[return-value]

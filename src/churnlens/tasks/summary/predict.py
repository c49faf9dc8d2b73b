"""Summaries of many dialogues: one that fails is an error and stops no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlens.dialogues.form import Dialogue
from churnlens.privacy.redaction import redact
from churnlens.schema import Language
from churnlens.tasks.summary.contract import KEYS
from churnlens.tasks.summary.writers import Draft, Writer

MAX_ERROR_CHARS = 200
Writers = Mapping[Language, Writer]


def summaries_of(dialogues: Sequence[Dialogue], writers: Writers) -> list[dict[str, Any]]:
    """Return `{summary, evidence, language, model}` of each dialogue, see `public_form`.

    One that could not be summarised is an `{error}`, and costs no other a second writing.
    """
    drafts = write_drafts(dialogues, writers)
    return [
        public_form(each, draft) if draft.summary else {"error": f"summary: {draft.error}"}
        for each, draft in zip(dialogues, drafts, strict=True)
    ]


def prediction(key: str | int, dialogue: Dialogue, draft: Draft) -> dict[str, Any]:
    """Return the public row of one draft."""
    if draft.summary is None:
        return {"id": key, "error": redact(draft.error).text[:MAX_ERROR_CHARS]}
    return {"id": key, **public_form(dialogue, draft)}


def public_form(dialogue: Dialogue, draft: Draft) -> dict[str, Any]:
    """Return a summary with its evidence under the same keys, its language and its writer.

    `replaced` is there, with the keys of those texts, where `writers.supported` replaced any.
    """
    keys = KEYS[dialogue.language]
    summary = draft.summary.written(dialogue.language) if draft.summary else {}
    evidence = {keys[field]: list(turns) for field, turns in draft.evidence.items()}
    told = {
        "summary": summary,
        "evidence": evidence,
        "language": dialogue.language,
        "model": draft.model,
    }
    return told | (
        {"replaced": [keys[field] for field in draft.replaced]} if draft.replaced else {}
    )


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

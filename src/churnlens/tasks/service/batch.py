"""Replies to a file of conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from churnlens.models.generation import Message
from churnlens.tasks.batch import RowError, is_writable
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.reply import reply
from churnlens.tasks.service.writers import Writer

EXPECTED = "id and messages"
LONGEST = 100  # messages of one conversation
_ROLES = get_args(Message.model_fields["role"].annotation)


def read_conversation(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the messages of an `{id, messages: [{role, content}]}` object as plain data.

    Raises:
        RowError: when it is none, or its last message is not a customer's.
    """
    messages = row.get("messages")
    if not isinstance(messages, list) or not 0 < len(messages) <= LONGEST:
        raise RowError(f"messages: expected a list of 1 to {LONGEST} messages")
    read = [_message(each, place) for place, each in enumerate(messages, 1)]
    if read[-1]["role"] != "user" or not read[-1]["content"].strip():
        raise RowError("messages: expected the customer's words, role user, as the last message")
    return read


def replies_of(
    given: Sequence[Sequence[Mapping[str, str]]], knowledge: Knowledge, writer: Writer
) -> list[dict[str, Any]]:
    """Return `{reply, status, citations, intent, language, model}` of each conversation."""
    return [_public(each, knowledge, writer) for each in given]


def _public(
    messages: Sequence[Mapping[str, str]], knowledge: Knowledge, writer: Writer
) -> dict[str, Any]:
    told = reply([Message.model_validate(each) for each in messages], knowledge, writer)
    more = told.model_dump(
        mode="json", include={"status", "citations", "intent", "language", "model"}
    )
    return {"reply": told.text, **more}


def _message(message: Any, place: int) -> dict[str, str]:
    given = message if isinstance(message, dict) else {}
    role, content = given.get("role"), given.get("content")
    if role in _ROLES and isinstance(content, str) and is_writable(content):
        return {"role": str(role), "content": content}
    raise RowError(f"message {place}: expected role {' or '.join(_ROLES)}, and a text content")

"""General rows as the base itself answers them, against forgetting.

A student that learns other people's answers to general requests also learns their manner, and
loses what its base knew; one that rehearses its base's own words keeps both (Huang et al.,
"Mitigating Catastrophic Forgetting in Large Language Models with Self-Synthesized Rehearsal", ACL
2024).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from churnlens.models.generation import Completion, Message, Request
from churnlens.tasks.service.rows import Row
from churnlens.tasks.service.writers import Generates

_WHOLE = re.compile(r".*(?<!\d)[.!?。！？]", re.DOTALL)  # noqa: RUF001


def rehearsed(rows: Sequence[Row], generator: Generates, longest: int) -> list[Row]:
    """Return rows whose last turn is what a model says, cut after its last whole sentence.

    Where it says no whole sentence, the written answer stands.

    Args:
        rows: of messages, the assistant's last.
        generator: the base without any adapter.
        longest: tokens of an answer.
    """
    asked = [
        Request(
            key=row["id"],
            messages=tuple(Message(**message) for message in row["messages"][:-1]),
            max_new_tokens=longest,
        )
        for row in rows
    ]
    said = generator.generate(asked)
    return [_answered(row, each) for row, each in zip(rows, said, strict=True)]


def _answered(row: Row, said: Completion) -> Row:
    text = said.text.strip()
    if not said.finished:
        text = found.group() if (found := _WHOLE.match(text)) else ""
    if not text:
        return row
    return {**row, "messages": [*row["messages"][:-1], {"role": "assistant", "content": text}]}

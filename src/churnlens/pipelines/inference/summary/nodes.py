"""Dialogues to summaries in four fields."""

from __future__ import annotations

from typing import Any, Unpack

from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.options import SummaryWriterOptions
from churnlens.tasks.summary.stages import StoredWriters, load_writers, summarise_dialogues


def write_summaries(
    dialogues: Rows, options: SummaryWriterOptions, **stored: Unpack[StoredWriters]
) -> list[dict[str, Any]]:
    """Summarise the dialogues of the test side.

    Args:
        dialogues: clean, with sides.
        options: which writer each language has.
        stored: what writers need.

    Returns:
        `{id, summary, evidence, language, model}` or `{id, error}` a dialogue, in their order.
    """
    return summarise_dialogues(dialogues_of(dialogues, "test"), load_writers(stored, options))

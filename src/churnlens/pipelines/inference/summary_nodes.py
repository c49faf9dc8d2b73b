"""Dialogues to summaries in four fields."""

from __future__ import annotations

from typing import Any

from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.options import SummaryWriterOptions
from churnlens.tasks.summary.stages import load_writers, summarise_dialogues


def write_summaries(
    dialogues: Rows,
    extractive: dict[str, Any],
    prompts: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    options: SummaryWriterOptions,
) -> list[dict[str, Any]]:
    """Summarise the dialogues of the test side.

    Args:
        dialogues: clean, with sides.
        extractive: what the stage finetuning learned.
        prompts: the content of `prompts/summary.yml`.
        model_lock: names the model.
        model_root: where fetched models are.
        options: which writer each language has.

    Returns:
        `{id, summary, evidence, language, model}` or `{id, error}` a dialogue, in their order.
    """
    writers = load_writers(extractive, prompts, model_lock, model_root, options)
    return summarise_dialogues(dialogues_of(dialogues, "test"), writers)

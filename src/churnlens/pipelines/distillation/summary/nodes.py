"""Dialogues, a teacher's summaries of them, and the rows that pass the gates."""

from __future__ import annotations

from typing import Any

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.engine.shards import Store
from churnlens.options import SummaryDistillationOptions
from churnlens.tasks.summary.stages import TAUGHT, prompt_of
from churnlens.tasks.summary.teachers import (
    ModelTeacher,
    ReferenceTeacher,
    describe_rows,
    make_rows,
)
from churnlens.tasks.summary.writers import ModelWriter
from churnlens.tasks.teaching import Reply, Teacher, ask_in_batches, open_teacher


def load_summary_teacher(
    prompts: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    options: SummaryDistillationOptions,
) -> Teacher[Dialogue]:
    """Return the teacher that the options name, its model loaded."""
    if options.teacher == "reference":
        return ReferenceTeacher()
    model = open_teacher(options, model_lock, model_root)
    prompt = prompt_of(prompts, TAUGHT)
    return ModelTeacher(
        ModelWriter(model.name, model.generator, prompt, model.languages, options.max_new_tokens)
    )


def ask_summary_teacher(
    dialogues: Rows,
    prompts: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    store: Store,
    options: SummaryDistillationOptions,
) -> list[dict[str, Any]]:
    """Have every dialogue of the sides train and validation summarised, see `ask_in_batches`.

    Returns:
        `{id, text, error, teacher}` a dialogue, in order.
    """
    teacher = load_summary_teacher(prompts, model_lock, model_root, options)
    asked = [
        each.model_dump(mode="json", exclude_defaults=True)
        for each in dialogues_of(dialogues, "train", "validation")
    ]
    return ask_in_batches(teacher, asked, Dialogue.model_validate, store, options.batch_size)


def gate_summary_rows(
    dialogues: Rows,
    replies: list[dict[str, Any]],
    prompts: dict[str, Any],
    options: SummaryDistillationOptions,
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Keep the summaries that pass every gate, as rows of messages.

    Returns:
        The quality report, which is saved first and so tells why there are no rows; and the rows
        by split.

    Raises:
        ValueError: when the replies are not those to the dialogues.
    """
    asked = dialogues_of(dialogues, "train", "validation")
    if [each.id for each in asked] != [each["id"] for each in replies]:
        raise ValueError("the replies are of other dialogues; next: run the stage distillation")
    told = {each["id"]: Reply(text=each["text"], error=each["error"]) for each in replies}
    sides = {"training": dialogues_of(dialogues, "train")}
    sides["validation"] = dialogues_of(dialogues, "validation")
    rows, refused = make_rows(sides, told, prompt_of(prompts, TAUGHT), options.family)
    splits = {split: [row for row in rows if row["split"] == split] for split in sides}
    written_by = sorted({each["teacher"] for each in replies})
    return describe_rows(rows, refused, options.teacher) | {"written_by": written_by}, splits

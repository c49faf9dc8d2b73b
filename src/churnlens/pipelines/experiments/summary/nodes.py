"""Task summary: which settings tune its student best, and which prompt asks a model best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.engine.records import made_with
from churnlens.engine.shards import Store
from churnlens.options import (
    ExperimentOptions,
    PromptSearchOptions,
    SummaryFinetuningOptions,
    SummaryWriterOptions,
)
from churnlens.pipelines.experiments.trials import try_settings
from churnlens.tasks.summary.prompt_candidates import find_prompt
from churnlens.tasks.summary.prompt_search import history_rows
from churnlens.tasks.summary.prompting import PromptBook
from churnlens.tasks.summary.stages import model_writer


def compare_summary_trainings(
    training_rows: dict[str, list[dict[str, Any]]],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    store: Store,
    finetuning: SummaryFinetuningOptions,
    options: ExperimentOptions,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Try settings of the student of task summary, see `trials.try_settings`."""
    return try_settings(
        training_rows, model_lock, model_root, checkpoints, store, finetuning, options
    )


def search_summary_prompts(
    dialogues: Rows,
    prompts: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    store: Store,
    inference: SummaryWriterOptions,
    options: PromptSearchOptions,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Try the prompts of `prompts/summary.yml`, alone and with examples, on the validation side.

    Args:
        dialogues: clean, with sides; examples come from the train side.
        prompts: the baseline and the candidates.
        model_lock: names the model.
        model_root: where fetched models are.
        store: of scores, so that nothing is scored twice.
        inference: names the model, as it is.
        options: see there.

    Returns:
        The history, one row a prompt; and the prompt that it ended with.

    Raises:
        ValueError: when no dialogue of the validation side has a reference in a language of the
            model.
    """
    book = PromptBook.model_validate(prompts)
    writer = model_writer(model_lock, model_root, inference, book.baseline)
    train, development = (dialogues_of(dialogues, side) for side in ("train", "validation"))
    recipe = [inference.model_dump(mode="json"), *made_with()]
    found = find_prompt(train, development, book, writer, store, options, recipe)
    return history_rows(found), found.chosen.model_dump(mode="json")

"""Task summary: the same dialogues summarised by each arm in a node of its own, and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict, Unpack

from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.engine.shards import Store
from churnlens.models.lock import spec_of
from churnlens.options import (
    SummaryFinetuningOptions,
    SummaryReportingOptions,
    SummaryWriterOptions,
)
from churnlens.pipelines.reporting.arms import ArmBase, check_arms, write_as
from churnlens.pipelines.reporting.embedder import load_embedder
from churnlens.tasks.arms import WRITTEN, Arm
from churnlens.tasks.churn.curriculum import take_evenly
from churnlens.tasks.summary.arms import ask_arm, beside, drafts_of, score_arms
from churnlens.tasks.summary.extractive import Extractive
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.stages import TAUGHT, constant_writer, prompt_of
from churnlens.tasks.summary.writers import ExtractiveWriter, LeadWriter

EXAMPLES = 3


def set_arm_dialogues(
    dialogues: Rows,
    model_lock: dict[str, Any],
    finetuning: SummaryFinetuningOptions,
    options: SummaryReportingOptions,
) -> list[dict[str, Any]]:
    """Return the dialogues of the test side that every arm summarises, evenly from all families.

    Those with a reference in a language of the student.
    """
    languages = spec_of(model_lock, finetuning.student).languages
    known = [
        each
        for each in dialogues_of(dialogues, "test")
        if each.language in languages and references_of(each)
    ]
    families = [each.labels.get(finetuning.family) or each.id for each in known]
    chosen = take_evenly(known, families, options.arm_dialogues)
    return [each.model_dump(mode="json", exclude_defaults=True) for each in chosen]


class SummaryArmInputs(TypedDict):
    """What every arm is given.

    Attributes:
        exercises: dialogues of the test side.
        prompts: holds the prompt that the student was taught by.
        model_lock, model_root: the student's base.
        store: of finished batches.
        finetuning: names the student's base, and the precision that it is tuned in.
        options: batch size and length of a summary.
    """

    exercises: list[dict[str, Any]]
    prompts: dict[str, Any]
    model_lock: dict[str, Any]
    model_root: str
    store: Store
    finetuning: SummaryFinetuningOptions
    options: SummaryWriterOptions


def summarise_as_base(arm: str, **inputs: Unpack[SummaryArmInputs]) -> list[dict[str, Any]]:
    """Have the untuned model summarise; `{id, text, weights}` a dialogue, see `write_as`."""
    return _summarise(WRITTEN[arm], None, inputs)


def summarise_as_tuned(
    arm: str, student: Path, **inputs: Unpack[SummaryArmInputs]
) -> list[dict[str, Any]]:
    """Have the student summarise; `{id, text, weights}` a dialogue, see `write_as`."""
    return _summarise(WRITTEN[arm], student, inputs)


def _summarise(arm: Arm, student: Path | None, inputs: SummaryArmInputs) -> list[dict[str, Any]]:
    options = inputs["options"]
    prompt = prompt_of(inputs["prompts"], TAUGHT)
    requests = ask_arm(dialogues_of(inputs["exercises"]), arm, prompt, options.max_new_tokens)
    base = ArmBase(inputs["model_lock"], inputs["model_root"], inputs["finetuning"])
    return write_as(arm, requests, student, base, inputs["store"], options.batch_size)


def evaluate_summary_arms(
    exercises: list[dict[str, Any]],
    extractive: dict[str, Any],
    model_lock: dict[str, Any],
    model_root: str,
    options: SummaryReportingOptions,
    **written: list[dict[str, Any]],
) -> dict[str, Any]:
    """Score every arm on the same dialogues, beside the extractive writer and the lead.

    Args:
        exercises: dialogues of the test side.
        extractive: the extractive writer and the constant answer.
        model_lock: names the encoder by which texts are apart.
        model_root: where fetched models are.
        options: of the bootstrap and the encoder.
        written: rows of each arm in `WRITTEN`.

    Returns:
        `weights` of the arms; `languages`: see `tasks.summary.arms.score_arms`; `examples`. Or
        `skipped` and why.

    Raises:
        ArmError: when the arms are not what they are called.
    """
    floor = constant_writer(extractive)
    dialogues = dialogues_of(exercises)
    if not any(floor.speaks(each.language) for each in dialogues):
        return {"skipped": "no test dialogue has a reference in a language of the student"}
    weights = check_arms(written, [each.id for each in dialogues])
    parts = {name: Extractive.read(raw) for name, raw in extractive["parts"].items()}
    drafts = {
        "lead": LeadWriter().write(dialogues),
        "extractive": ExtractiveWriter(parts).write(dialogues),
        **{n: drafts_of(n, dialogues, [r["text"] for r in rows]) for n, rows in written.items()},
    }
    embedder = load_embedder(model_lock, model_root, options.embedder)
    return {
        "weights": weights,
        "languages": score_arms(drafts, floor, dialogues, options, embedder),
        "examples": beside(dialogues, drafts, EXAMPLES),
    }

"""Rows to a student that puts replies into words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlens.models.lock import spec_of
from churnlens.models.training.train import train
from churnlens.models.weights import verify
from churnlens.options import ServiceFinetuningOptions
from churnlens.pipelines.finetuning.students import sound_rows
from churnlens.tasks.service.rows import mixed


def train_assistant(
    training_rows: dict[str, list[dict[str, Any]]],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    options: ServiceFinetuningOptions,
) -> tuple[Path, list[dict[str, Any]]]:
    """Tune the student on the rows in its languages, general ones among them.

    Args:
        training_rows: rows of messages by split.
        model_lock: names the base model.
        model_root: where fetched models are.
        checkpoints: folder from which a stopped training goes on.
        options: see there.

    Returns:
        The folder of the best adapter, and the losses as rows.
    """
    spec = spec_of(model_lock, options.student)
    model, settings = verify(spec, Path(model_root)), options.settings()
    most = {
        "training": options.max_rows,
        "validation": options.max_validation_rows,
        "general": None,
    }
    chosen = sound_rows(training_rows, spec, model, settings, most)
    trained = train(
        mixed(chosen["training"], chosen["general"], options.general),
        chosen["validation"],
        model=model,
        options=settings,
        checkpoints=checkpoints,
        label="train the assistant",
    )
    return trained.folder, trained.history

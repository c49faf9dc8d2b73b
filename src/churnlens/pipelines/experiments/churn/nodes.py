"""Task churn: which settings tune its student best."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlens.engine.shards import Store
from churnlens.options import (
    ExperimentOptions,
    FinetuningOptions,
)
from churnlens.pipelines.experiments.trials import try_settings


def compare_trainings(
    training_rows: dict[str, list[dict[str, Any]]],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    store: Store,
    finetuning: FinetuningOptions,
    options: ExperimentOptions,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Try settings of the student of task churn, see `trials.try_settings`."""
    return try_settings(
        training_rows, model_lock, model_root, checkpoints, store, finetuning, options
    )

"""Rows to a student that puts replies into words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from churnlens.engine.records import made_with
from churnlens.engine.shards import Store, map_shards
from churnlens.models.generation import Generator
from churnlens.models.lock import spec_of
from churnlens.models.training.train import train
from churnlens.models.weights import verify
from churnlens.options import ServiceFinetuningOptions
from churnlens.pipelines.finetuning.students import sound_rows, spoken
from churnlens.tasks.service.rehearsal import rehearsed
from churnlens.tasks.service.rows import mixed

TOGETHER = 16  # general rows that are answered at once
Splits = dict[str, list[dict[str, Any]]]


def rehearse(
    training_rows: Splits,
    model_lock: dict[str, Any],
    model_root: str,
    store: Store,
    options: ServiceFinetuningOptions,
) -> list[dict[str, Any]]:
    """Have the untuned base answer the general rows in its languages; see `rehearsal`.

    Args:
        training_rows: rows of messages by split.
        model_lock: names the base model.
        model_root: where fetched models are.
        store: of finished batches.
        options: see there.

    Returns:
        The general rows to learn; as they were written, unless `options.rehearse`.
    """
    spec = spec_of(model_lock, options.student)
    rows = spoken(training_rows.get("general", []), spec.languages)
    if not (options.rehearse and rows):
        return rows
    folder, precision = verify(spec, Path(model_root)), options.settings().precision
    generator = Generator(folder, dtype=precision, batch_size=TOGETHER)

    def work(shard: Sequence[dict[str, Any]]) -> pd.DataFrame:
        said = rehearsed(shard, generator, options.rehearsal_tokens)
        return pd.DataFrame({"row": [json.dumps(each, ensure_ascii=False) for each in said]})

    done = map_shards(
        work,
        rows,
        store=store,
        recipe=[generator.weights_sha256, precision, options.rehearsal_tokens, *made_with()],
        size=TOGETHER,
        label="rehearse",
    )
    return [json.loads(row) for row in done["row"]]


def train_assistant(
    training_rows: Splits,
    rehearsed_rows: list[dict[str, Any]],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    options: ServiceFinetuningOptions,
) -> tuple[Path, list[dict[str, Any]]]:
    """Tune the student on the rows in its languages, general ones among them.

    Args:
        training_rows: rows of messages by split.
        rehearsed_rows: the general ones, see `rehearse`.
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
    splits = {**training_rows, "general": rehearsed_rows}
    chosen = sound_rows(splits, spec, model, settings, most)
    trained = train(
        mixed(chosen["training"], chosen["general"], options.general),
        chosen["validation"],
        model=model,
        options=settings,
        checkpoints=checkpoints,
        label="train the assistant",
    )
    return trained.folder, trained.history

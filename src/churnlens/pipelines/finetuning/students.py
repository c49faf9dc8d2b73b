"""A student of a teacher, whatever its task."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from churnlens.models.lock import spec_of
from churnlens.models.training.train import train
from churnlens.models.weights import verify
from churnlens.options import StudentOptions
from churnlens.tasks.churn.curriculum import take_evenly


def tune(
    training_rows: dict[str, list[dict[str, Any]]],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    options: StudentOptions,
) -> tuple[Path, list[dict[str, Any]]]:
    """Tune a student on the rows of its teacher that are in its languages.

    Args:
        training_rows: rows of messages by split.
        model_lock: names the base model.
        model_root: where fetched models are.
        checkpoints: folder from which a stopped training goes on.
        options: see `StudentOptions`.

    Returns:
        The folder of the best adapter, and the losses as rows; for `AdapterDataset` and a table.
    """
    spec = spec_of(model_lock, options.student)
    chosen = {
        split: choose_rows(training_rows.get(split, []), spec.languages, most)
        for split, most in (
            ("training", options.max_rows),
            ("validation", options.max_validation_rows),
        )
    }
    trained = train(
        chosen["training"],
        chosen["validation"],
        model=verify(spec, Path(model_root)),
        options=options,
        checkpoints=checkpoints,
        label="train the student",
    )
    return trained.folder, trained.history


def choose_rows(
    rows: Sequence[dict[str, Any]], languages: Collection[str], most: int | None
) -> list[dict[str, Any]]:
    """Return at most `most` of the rows in `languages`, evenly from all families.

    A family gives each of its questions once, at depths that differ, before it gives one again.
    """
    asked: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["language"] in languages:
            asked.setdefault(row["id"].partition("@")[0], []).append(row)
    turns = range(max(map(len, asked.values()), default=0))
    spoken = [
        depths[(turn + number) % len(depths)]
        for turn in turns
        for number, depths in enumerate(asked.values())
        if turn < len(depths)
    ]
    return take_evenly(spoken, [row["family"] for row in spoken], most)

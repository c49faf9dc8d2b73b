"""A student of a teacher, whatever its task."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.io.core import DatasetError

from churnlens.models.lock import ModelSpec, spec_of
from churnlens.models.training.train import check_rows, train
from churnlens.models.weights import verify
from churnlens.options import StudentOptions, TrainingOptions
from churnlens.tasks.churn.curriculum import take_evenly

Rows = Sequence[dict[str, Any]]


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

    Raises:
        DatasetError, TrainingError: see `sound_rows`.

    Returns:
        The folder of the best adapter, and the losses as rows; for `AdapterDataset` and a table.
    """
    spec = spec_of(model_lock, options.student)
    model = verify(spec, Path(model_root))
    most = {"training": options.max_rows, "validation": options.max_validation_rows}
    chosen = sound_rows(training_rows, spec, model, options, most)
    trained = train(
        chosen["training"],
        chosen["validation"],
        model=model,
        options=options,
        checkpoints=checkpoints,
        label="train the student",
    )
    return trained.folder, trained.history


def sound_rows(
    training_rows: Mapping[str, Rows],
    spec: ModelSpec,
    model: Path,
    options: TrainingOptions,
    most: Mapping[str, int | None],
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that a student learns, once all rows in its languages are checked.

    Args:
        training_rows: rows of messages by split.
        spec: of the base model.
        model: its folder.
        options: of the training.
        most: split → how many rows are chosen, see `choose_rows`; those of any split but
            `validation` are learned.

    Raises:
        DatasetError: when a split has no row in a language of the student.
        TrainingError: with the faults of all rows, also of those that are not chosen.
    """
    own = {split: spoken(training_rows.get(split, []), spec.languages) for split in most}
    for split in ("training", "validation"):
        if not own[split]:
            raise DatasetError(_none_spoken(split, training_rows.get(split, []), spec))
    learned = [row for split, rows in own.items() if split != "validation" for row in rows]
    check_rows(learned, own["validation"], model, options)
    return {split: choose_rows(own[split], spec.languages, n) for split, n in most.items()}


def _none_spoken(split: str, rows: Rows, spec: ModelSpec) -> str:
    if not rows:
        return f"training_rows: got 0 {split} rows, expected some; next: run the stage before"
    found, known = sorted({str(row["language"])[:8] for row in rows}), ", ".join(spec.languages)
    return (
        f"training_rows: got {len(rows)} {split} rows in {', '.join(found[:5])}, none in a "
        f"language of {spec.name} ({known}), expected some; next: a student that writes the "
        "language of your rows (globals.yml), or rows in its own"
    )


def spoken(rows: Rows, languages: Collection[str]) -> list[dict[str, Any]]:
    """Return the rows in some languages; one that names none counts as in them."""
    return [row for row in rows if row.get("language") in {None, *languages}]


def choose_rows(rows: Rows, languages: Collection[str], most: int | None) -> list[dict[str, Any]]:
    """Return at most `most` of the rows in `languages`, evenly from all families.

    A family gives each of its questions once, at depths that differ, before it gives one again.
    A row without a family is one of its own.
    """
    asked: dict[str, list[dict[str, Any]]] = {}
    for row in spoken(rows, languages):
        asked.setdefault(_question(row), []).append(row)
    turns = range(max(map(len, asked.values()), default=0))
    ordered = [
        depths[(turn + number) % len(depths)]
        for turn in turns
        for number, depths in enumerate(asked.values())
        if turn < len(depths)
    ]
    return take_evenly(ordered, [row.get("family") or _question(row) for row in ordered], most)


def _question(row: Mapping[str, Any]) -> str:
    return str(row["id"]).partition("@")[0]

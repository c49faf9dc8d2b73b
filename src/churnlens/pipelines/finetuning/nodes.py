"""Churn risk from the table alone, by a scorecard and LightGBM; and a student of the teacher."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlens.models.lock import spec_of
from churnlens.models.risk import (
    Scorecard,
    cross_validate,
    customer_risk,
    fit_boosting,
    fit_scorecard,
)
from churnlens.models.training.train import train
from churnlens.models.weights import verify
from churnlens.options import FinetuningOptions, StudentOptions
from churnlens.schema import Schema, parse_schema
from churnlens.tasks.churn.curriculum import take_evenly


def who_left(table: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Return who left, shape (n_customers,)."""
    return (table[schema.outcome.column] == schema.outcome.left).to_numpy(bool)


def fit_risk_models(
    table: pd.DataFrame, schema: dict[str, Any], options: FinetuningOptions
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit both risk models on every customer.

    Returns:
        The scorecard and the boosting model as plain mappings; neither has seen any text.
    """
    described = parse_schema(schema)
    left = who_left(table, described)
    card = fit_scorecard(table, described, left)
    boosting = fit_boosting(table, described, left, options.seed)
    return card.model_dump(mode="json"), boosting.model_dump(mode="json")


def predict_out_of_fold(
    table: pd.DataFrame,
    schema: dict[str, Any],
    scorecard: dict[str, Any],
    options: FinetuningOptions,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predict every customer by models that have not seen him.

    Returns:
        One row per repeat and customer with `repeat`, `row`, `fold` and a probability per model;
        and one row per customer with points and mean probabilities.

    Raises:
        LeakError: when the models are better than honest columns allow.
    """
    described = parse_schema(schema)
    result = cross_validate(
        table,
        described,
        who_left(table, described),
        options.repeats,
        options.folds,
        options.seed,
        options.max_auc,
    )
    repeats, rows = result.folds.shape
    folds = pd.DataFrame(
        {
            "repeat": np.repeat(np.arange(repeats), rows),
            "row": np.tile(np.arange(rows), repeats),
            "fold": result.folds.ravel(),
            **{name: values.ravel() for name, values in result.probability.items()},
        }
    )
    return folds, customer_risk(table, described, Scorecard.model_validate(scorecard), result)


def train_student(
    training_rows: dict[str, list[dict[str, Any]]],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    options: FinetuningOptions,
) -> tuple[Path, list[dict[str, Any]]]:
    """Tune the student of task churn, see `tune`."""
    return tune(training_rows, model_lock, model_root, checkpoints, options)


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

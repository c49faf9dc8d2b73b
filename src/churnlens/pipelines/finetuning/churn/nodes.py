"""Churn risk from the table alone, by a scorecard and LightGBM; and a student of the teacher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlens.models.risk import (
    Scorecard,
    cross_validate,
    customer_risk,
    fit_boosting,
    fit_scorecard,
)
from churnlens.options import FinetuningOptions
from churnlens.pipelines.finetuning.students import tune
from churnlens.schema import Schema, parse_schema


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
    """Tune the student of task churn, see `students.tune`."""
    return tune(training_rows, model_lock, model_root, checkpoints, options)

"""The calibrated probability that one customer leaves, and the proof that it is honest.

Two models over the same columns, the integer scorecard and LightGBM, are cross-validated over the
same folds. A result that is too good stops the run: some column then knows the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlens.models.scorecard import (
    Flag,
    Scorecard,
    checked_outcome,
    fit_scorecard,
    predictors,
)
from churnlens.schema import Frozen, Schema

__all__ = [
    "Boosting",
    "Flag",
    "LeakError",
    "OutOfFold",
    "Scorecard",
    "check_no_leak",
    "column_aucs",
    "cross_validate",
    "customer_risk",
    "fit_boosting",
    "fit_scorecard",
    "predictors",
]

MAX_AUC = 0.87
BOOSTING: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 4,
    "min_child_samples": 20,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


class LeakError(ValueError):
    """A model is better than honest columns allow: some column knows the outcome."""


class Boosting(Frozen):
    """A LightGBM model as plain text, with the columns and the category codes that it reads."""

    columns: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    model: str

    def probability(self, table: pd.DataFrame) -> np.ndarray:
        """Return the probability of leaving, shape (n_rows,)."""
        import lightgbm

        booster = lightgbm.Booster(model_str=self.model)
        return np.asarray(booster.predict(_codes(self.columns, self.levels, table), num_threads=1))


@dataclass(frozen=True)
class OutOfFold:
    """What every model said of customers that it had not seen.

    Attributes:
        folds: test-fold number of each row in each repeat, integers of shape (repeats, n_rows).
        probability: model name → probabilities of shape (repeats, n_rows).
    """

    folds: np.ndarray
    probability: dict[str, np.ndarray]


def _codes(
    columns: tuple[str, ...], levels: dict[str, tuple[str, ...]], table: pd.DataFrame
) -> np.ndarray:
    """Return the numbers and category codes (−1: unknown value), shape (n_rows, n_columns)."""
    parts = [
        pd.Categorical(table[name], categories=list(levels[name])).codes
        if name in levels
        else table[name].to_numpy(float)
        for name in columns
    ]
    return np.column_stack(parts).astype(float)


def fit_boosting(
    table: pd.DataFrame, schema: Schema, left: np.ndarray, seed: int = 0, rounds: int = 300
) -> Boosting:
    """Fit LightGBM: many very small trees, which keeps it calibrated without a second model.

    Args:
        table: validated table, one row per customer.
        schema: says which columns predict, see `predictors`.
        left: who left, booleans of shape (n_rows,).
        seed: the same seed gives the same model, whatever the machine's number of cores.
        rounds: number of trees.

    Raises:
        ValueError: when `left` does not fit the table or has one class only, or no column predicts.
    """
    import lightgbm

    y = checked_outcome(left, len(table))
    columns = predictors(table, schema)
    if not columns:
        raise ValueError(f"schema {schema.name}: the table holds none of its driver columns")
    names = tuple(column.name for column in columns)
    levels = {c.name: tuple(v.value for v in c.values) for c in columns if c.kind == "category"}
    options = BOOSTING | {"seed": seed}
    data = lightgbm.Dataset(
        _codes(names, levels, table),
        label=y.astype(float),
        categorical_feature=[names.index(name) for name in levels],
        params=options,
    )
    booster = lightgbm.train(options, data, num_boost_round=rounds)
    return Boosting(columns=names, levels=levels, model=booster.model_to_string())


def _stratified_folds(left: np.ndarray, repeats: int, folds: int, seed: int) -> np.ndarray:
    """Return the test-fold number of each row in each repeat, shape (repeats, n_rows)."""
    from sklearn.model_selection import StratifiedKFold

    numbers = np.empty((repeats, len(left)), dtype=int)
    for repeat in range(repeats):
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed + repeat)
        for fold, (_, test) in enumerate(splitter.split(left, left)):
            numbers[repeat, test] = fold
    return numbers


def cross_validate(
    table: pd.DataFrame,
    schema: Schema,
    left: np.ndarray,
    repeats: int = 3,
    folds: int = 5,
    seed: int = 0,
    max_auc: float | None = MAX_AUC,
) -> OutOfFold:
    """Predict every customer by models that have not seen him, over the same folds for all.

    Selection of flags, weights and calibration all happen inside the training folds. Metrics are
    taken from the result by `churnlens.evaluation.classification`.

    Args:
        table: validated table, one row per customer.
        schema: says which columns predict, see `predictors`.
        left: who left, booleans of shape (n_rows,).
        repeats: how often the folds are drawn anew.
        folds: number of stratified folds.
        seed: seed of the folds and of the models.
        max_auc: mean AUC above which the columns must be leaking; None switches the guard off
            for a trade where such a value has been shown to be honest.

    Raises:
        LeakError: naming the columns that say most about the outcome.
        ValueError: when fewer customers than folds left or stayed.
    """
    y = checked_outcome(left, len(table), least=folds)
    numbers = _stratified_folds(y, repeats, folds, seed)
    probability = {name: np.empty(numbers.shape) for name in ("scorecard", "boosting")}
    for repeat, fold in np.ndindex(repeats, folds):
        test = numbers[repeat] == fold
        train, unseen = table[~test], table[test]
        card = fit_scorecard(train, schema, y[~test])
        boosting = fit_boosting(train, schema, y[~test], seed)
        probability["scorecard"][repeat, test] = card.probability(unseen)
        probability["boosting"][repeat, test] = boosting.probability(unseen)
    result = OutOfFold(folds=numbers, probability=probability)
    if max_auc is not None:
        check_no_leak(result, table, schema, y, max_auc)
    return result


def column_aucs(table: pd.DataFrame, schema: Schema, left: np.ndarray) -> dict[str, float]:
    """Return how well each predictor alone ranks customers, best first.

    Each customer scores the leave rate of his value, or of his twentieth of a number.
    """
    from sklearn.metrics import roc_auc_score

    aucs = {}
    for column in predictors(table, schema):
        cells = table[column.name]
        if column.kind == "number":
            cells = (cells.rank(pct=True) * 20).round()
        rates = pd.Series(left, dtype=float).groupby(cells.to_numpy()).transform("mean")
        aucs[column.name] = float(roc_auc_score(left, rates.fillna(left.mean())))
    return dict(sorted(aucs.items(), key=lambda item: -item[1]))


def check_no_leak(
    result: OutOfFold, table: pd.DataFrame, schema: Schema, left: np.ndarray, max_auc: float
) -> None:
    """Raise LeakError when a model's mean AUC over folds is above `max_auc`."""
    from sklearn.metrics import roc_auc_score

    for name, probability in result.probability.items():
        aucs = [
            roc_auc_score(left[folds == fold], row[folds == fold])
            for folds, row in zip(result.folds, probability, strict=True)
            for fold in np.unique(folds)
        ]
        if np.mean(aucs) > max_auc:
            suspects = list(column_aucs(table, schema, left).items())[:3]
            alone = ", ".join(f"{column} {value:.3f}" for column, value in suspects)
            raise LeakError(
                f"{name}: mean AUC {np.mean(aucs):.3f}, expected at most {max_auc:.3f}; a column "
                f"probably knows the outcome. AUC of single columns: {alone}. Give the leaking "
                "column `driver: false` in the schema, or raise max_auc when the value is honest."
            )


def customer_risk(
    table: pd.DataFrame, schema: Schema, card: Scorecard, result: OutOfFold
) -> pd.DataFrame:
    """Return the risk of each customer, from models that have not seen him.

    Args:
        table: validated table, one row per customer.
        schema: names the key column.
        card: scorecard of the whole table, whose points are shown.
        result: out-of-fold probabilities of the same rows.

    Returns:
        One row per customer in the table's order: the key, `points` (integer, of `card`),
        `p_scorecard` and `p_boosting` (means over the repeats). `p_scorecard` comes from the
        fold's own card and so differs a little from `card.probability`.
    """
    means = {f"p_{name}": values.mean(axis=0) for name, values in result.probability.items()}
    keys = table[schema.key].to_numpy()
    return pd.DataFrame({schema.key: keys, "points": card.points(table), **means})

"""LightGBM on what is known at a cut: one Tweedie model, or buying times amount.

Many very small trees and few features did best on the last training cut of the public data.
Models are kept as plain text.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from churnlens.options import ClvModelOptions
from churnlens.schema import Frozen

BOOSTING: dict[str, Any] = {
    "min_child_samples": 50,
    "lambda_l2": 5.0,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "feature_fraction": 0.6,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


class Trees(Frozen):
    """One LightGBM model as text, and the columns that it reads."""

    columns: tuple[str, ...]
    model: str

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Return predictions in the unit of the target, shape (n_rows,)."""
        return np.asarray(self._booster().predict(self._matrix(rows), num_threads=1))

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the Shapley value of each column for each row (TreeSHAP of LightGBM).

        Returns:
            Shape (n_rows, n_columns + 1); the last column, `base`, is the mean. A row sums up to
            the prediction on the model's own scale, which is the logarithm of money here.
        """
        values = self._booster().predict(self._matrix(rows), pred_contrib=True, num_threads=1)
        return pd.DataFrame(np.asarray(values), columns=[*self.columns, "base"], index=rows.index)

    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.model)

    def _matrix(self, rows: pd.DataFrame) -> np.ndarray:
        return rows[list(self.columns)].to_numpy(float)


class TwoStage(Frozen):
    """P(buys at all) times the amount of those who buy."""

    buys: Trees
    amount: Trees

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the expected spend, shape (n_rows,)."""
        return self.buys.predict(rows) * self.amount.predict(rows)


def fit_trees(
    rows: pd.DataFrame, columns: tuple[str, ...], options: ClvModelOptions, **objective: Any
) -> Trees:
    """Fit one LightGBM model to the column `target`; the same rows give the same model."""
    import lightgbm

    settings = BOOSTING | {
        "num_leaves": options.leaves,
        "learning_rate": options.rate,
        "seed": options.seed,
        **objective,
    }
    data = lightgbm.Dataset(rows[list(columns)].to_numpy(float), rows["target"].to_numpy(float))
    booster = lightgbm.train(settings, data, num_boost_round=options.rounds)
    return Trees(columns=columns, model=booster.model_to_string())


def fit_tweedie(rows: pd.DataFrame, columns: tuple[str, ...], options: ClvModelOptions) -> Trees:
    """Fit one model to spend with many zeros and a long tail."""
    power = options.tweedie_power
    return fit_trees(rows, columns, options, objective="tweedie", tweedie_variance_power=power)


def fit_two_stage(
    rows: pd.DataFrame, columns: tuple[str, ...], options: ClvModelOptions
) -> TwoStage:
    """Fit who buys, and what the buyers spend (Gamma)."""
    bought = rows["target"] > 0
    buys = fit_trees(rows.assign(target=bought.astype(float)), columns, options, objective="binary")
    amount = fit_trees(rows[bought], columns, options, objective="gamma")
    return TwoStage(buys=buys, amount=amount)


def global_importance(contributions: pd.DataFrame) -> dict[str, float]:
    """Return the mean absolute Shapley value of each column, the strongest first."""
    means = contributions.drop(columns="base").abs().mean().sort_values(ascending=False)
    return {str(name): float(value) for name, value in means.items()}


def main_contributions(contributions: pd.DataFrame, most: int = 3) -> list[dict[str, float]]:
    """Return for each customer the columns that moved his prediction most, with their values."""
    names = contributions.columns.drop("base").to_numpy()
    values = contributions[names].to_numpy()
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :most]
    return [
        {str(names[place]): float(row[place]) for place in places}
        for row, places in zip(values, order, strict=True)
    ]

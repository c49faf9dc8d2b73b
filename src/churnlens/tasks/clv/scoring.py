"""How all models of spend do on the test cut, which nothing was chosen on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from churnlens.evaluation.intervals import Estimate, wilson
from churnlens.evaluation.value import (
    ValueComparison,
    ValueScores,
    compare_models,
    score_models,
)
from churnlens.options import ClvModelOptions
from churnlens.schema import Frozen
from churnlens.tasks.clv.arms import BASELINE, ClvModel, fit_clv, predict_arms
from churnlens.tasks.clv.repeat import (
    RepeatModel,
    fit_repeat,
    spend_amount_correlation,
    spend_intervals,
)


class ClvScores(Frozen):
    """The test of all models on the same rows.

    Attributes:
        customers: rows of the test cut.
        share_of_zeros: of them that spent nothing.
        days: length of the target.
        best: model that the training cuts chose; `weights` of the stack; `deviances` there.
        models: their scores, floors first.
        comparisons: every other model that learns minus BG/NBD with Gamma-Gamma, paired.
        disjoint: the best model again, fitted without the customers that it predicts.
        repeat: BG/NBD and Gamma-Gamma as fitted at the test cut.
        spend_amount_correlation: of frequency and mean amount; Gamma-Gamma wants about none.
        level: nominal level of the intervals, found on the last training cut.
        coverage: share of test customers whose spend lies inside, with its 95 % interval.
    """

    customers: int
    share_of_zeros: float
    days: int
    best: str
    weights: dict[str, float]
    deviances: dict[str, float]
    models: tuple[ValueScores, ...]
    comparisons: tuple[ValueComparison, ...]
    disjoint: ValueScores
    repeat: RepeatModel
    spend_amount_correlation: float
    level: float
    coverage: Estimate


def score_clv(
    model: ClvModel,
    train: pd.DataFrame,
    test: pd.DataFrame,
    options: ClvModelOptions,
    more: Mapping[str, np.ndarray] | None = None,
) -> ClvScores:
    """Score a fitted model on the test rows.

    Args:
        model: see `fit_clv`.
        train: rows that it was fitted to; the customer-disjoint check fits anew to parts of them.
        test: rows of the test cut, see `temporal_split`.
        options: resamples and seed.
        more: further models → predictions of the test rows in their order, such as a language
            model's; each must predict every row.

    Raises:
        ValueError: for predictions that are not one finite number for each row.
    """
    repeat, actual = fit_repeat(test), test["target"].to_numpy(float)
    said = predict_arms(model, test, repeat) | dict(more or {})
    bounds = spend_intervals(repeat, test, model.days, model.level, options.draws, options.seed)
    inside = (bounds[:, 0] <= actual) & (actual <= bounds[:, 1])
    learned = [name for name in said if name in model.weights or name in {"stack", *(more or ())}]
    pairs = tuple((name, BASELINE) for name in learned if name != BASELINE)
    drawn = (options.resamples, options.seed)
    apart = {model.best: _disjoint(model.best, train, test, model.days, options)}
    return ClvScores(
        customers=len(test),
        share_of_zeros=float((actual == 0).mean()),
        days=model.days,
        best=model.best,
        weights=model.weights,
        deviances=model.deviances,
        models=score_models(actual, said, *drawn),
        comparisons=compare_models(actual, said, pairs, *drawn),
        disjoint=score_models(actual, apart, *drawn)[0],
        repeat=repeat,
        spend_amount_correlation=spend_amount_correlation(test),
        level=model.level,
        coverage=wilson(int(inside.sum()), len(test)),
    )


def _disjoint(
    name: str, train: pd.DataFrame, test: pd.DataFrame, days: int, options: ClvModelOptions
) -> np.ndarray:
    """Return what models say of customers of whom they have seen no row, in two halves."""
    keys = np.array(sorted(set(test["customer_id"]) | set(train["customer_id"])))
    first = set(np.random.default_rng(options.seed).permutation(keys)[: len(keys) // 2])
    said = np.empty(len(test))
    for half in (True, False):
        seen = train[train["customer_id"].isin(first) == half]
        unseen = (test["customer_id"].isin(first) != half).to_numpy()
        repeat = fit_repeat(test[~unseen])
        said[unseen] = predict_arms(fit_clv(seen, days, options), test[unseen], repeat)[name]
    return said

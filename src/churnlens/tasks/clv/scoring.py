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
from churnlens.tasks.clv.arms import (
    ClvModel,
    Fit,
    fit_clv,
    lift,
    predict_arms,
    spend_intervals,
)
from churnlens.tasks.clv.features import FEATURES
from churnlens.tasks.clv.readers import TransactionError
from churnlens.tasks.clv.repeat import (
    RepeatModel,
    fit_repeat,
    spend_amount_correlation,
)


class ClvScores(Frozen):
    """The test of all models on the same rows.

    Attributes:
        customers: rows of the test cut.
        share_of_zeros: of them that spent nothing.
        days: length of the target.
        best: model that the training cuts chose; `weights` of the stack; `deviances` there.
        models: their scores, floors first.
        comparisons: every other model that learns minus the parametric one, paired.
        disjoint: the best model again, fitted without the customers that it predicts; None where
            half of the customers identify no model.
        repeat: BG/NBD and Gamma-Gamma as fitted at the test cut; None for contracts.
        spend_amount_correlation: of frequency and mean amount; Gamma-Gamma wants about none; None
            for contracts.
        level: nominal level of the intervals, found on the last training cut; `levels`: of longer
            ones, days → level.
        coverage: share of test customers whose spend lies inside the interval at the level of the
            best model, with its 95 % interval.
    """

    customers: int
    share_of_zeros: float
    days: int
    best: str
    weights: dict[str, float]
    deviances: dict[str, float]
    models: tuple[ValueScores, ...]
    comparisons: tuple[ValueComparison, ...]
    disjoint: ValueScores | None
    repeat: RepeatModel | None
    spend_amount_correlation: float | None
    level: float
    levels: dict[int, float]
    coverage: Estimate


def score_clv(
    model: ClvModel,
    train: pd.DataFrame,
    test: pd.DataFrame,
    options: ClvModelOptions,
    more: Mapping[str, np.ndarray] | None = None,
    fit: Fit = fit_repeat,
    columns: tuple[str, ...] = FEATURES,
) -> ClvScores:
    """Score a fitted model on the test rows.

    Args:
        model: see `fit_clv`.
        train: rows that it was fitted to; the customer-disjoint check fits anew to parts of them.
        test: rows of the test cut, see `temporal_split`.
        options: resamples and seed.
        more: further models → predictions of the test rows in their order, such as a language
            model's; each must predict every row.
        fit: as for `fit_clv`.
        columns: likewise.

    Raises:
        ValueError: for predictions that are not one finite number for each row.
    """
    parametric, actual = fit(test), test["target"].to_numpy(float)
    repeat = parametric if isinstance(parametric, RepeatModel) else None
    said = predict_arms(model, test, parametric) | dict(more or {})
    bounds = spend_intervals(parametric, test, model.days, model.level, options.draws, options.seed)
    bounds = bounds * lift(said[model.best], said[model.arm])[:, None]
    inside = (bounds[:, 0] <= actual) & (actual <= bounds[:, 1])
    learned = [name for name in said if name in model.weights or name in {"stack", *(more or ())}]
    pairs = tuple((name, model.arm) for name in learned if name != model.arm)
    drawn = (options.resamples, options.seed)
    apart = _disjoint(model, train, test, options, fit, columns)
    return ClvScores(
        customers=len(test),
        share_of_zeros=float((actual == 0).mean()),
        days=model.days,
        best=model.best,
        weights=model.weights,
        deviances=model.deviances,
        models=score_models(actual, said, *drawn),
        comparisons=compare_models(actual, said, pairs, *drawn),
        disjoint=None if apart is None else score_models(actual, {model.best: apart}, *drawn)[0],
        repeat=repeat,
        spend_amount_correlation=spend_amount_correlation(test) if repeat else None,
        level=model.level,
        levels=model.levels,
        coverage=wilson(int(inside.sum()), len(test)),
    )


def _disjoint(
    model: ClvModel,
    train: pd.DataFrame,
    test: pd.DataFrame,
    options: ClvModelOptions,
    fit: Fit,
    columns: tuple[str, ...],
) -> np.ndarray | None:
    """Return what models say of customers of whom they have seen no row, in two halves.

    None where a half is too small to fit them to: then there is nothing to report.
    """
    keys = np.array(sorted(set(test["customer_id"]) | set(train["customer_id"])))
    first = set(np.random.default_rng(options.seed).permutation(keys)[: len(keys) // 2])
    said = np.empty(len(test))
    for half in (True, False):
        seen = train[train["customer_id"].isin(first) == half]
        unseen = (test["customer_id"].isin(first) != half).to_numpy()
        try:
            other = fit_clv(seen, model.days, options, fit, columns)
            parametric = fit(test[~unseen])
        except TransactionError:
            return None
        said[unseen] = predict_arms(other, test[unseen], parametric)[model.best]
    return said

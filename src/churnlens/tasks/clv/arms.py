"""Models of spend after a cut, all on the same rows: floors, BG/NBD, boosting and a stack.

Everything is fitted and chosen on training cuts. The last training cut validates: models of the
earlier cuts predict it, its Tweedie deviance names the best model and weighs the stack, and its
futures set the level of the intervals. Then models are fitted anew to all training cuts. BG/NBD
needs no target and so is fitted to what is known at each cut itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from churnlens.options import ClvModelOptions
from churnlens.schema import Frozen
from churnlens.tasks.clv.boosting import Trees, TwoStage, fit_tweedie, fit_two_stage
from churnlens.tasks.clv.features import FEATURES, WEEK
from churnlens.tasks.clv.repeat import RepeatModel, draw_spend, fit_repeat

FLOORS: Final = ("zero", "last_period", "mean_rate")
STACKED: Final = ("bg_nbd", "tweedie", "two_stage", "tweedie_bg_nbd")
ARMS: Final = (*FLOORS, *STACKED, "stack")
BASELINE: Final = "bg_nbd"
_FOLDS: Final = 5
_PARAMETRIC: Final = ("bg_nbd_spend", "alive")

Predictions = dict[str, np.ndarray]


class Fitted(Frozen):
    """The boosting models of some cuts."""

    tweedie: Trees
    two_stage: TwoStage
    tweedie_bg_nbd: Trees


class ClvModel(Frozen):
    """All that is needed to predict.

    Attributes:
        days: length of the target.
        fitted: boosting models of all training cuts.
        weights: of the stack, model → weight.
        best: model with the least deviance on the last training cut.
        deviances: of all models there.
        level: nominal level at which intervals covered as much as was asked for there.
    """

    days: int
    fitted: Fitted
    weights: dict[str, float]
    best: str
    deviances: dict[str, float]
    level: float


def with_parametric(rows: pd.DataFrame, model: RepeatModel, days: int) -> pd.DataFrame:
    """Add what BG/NBD and Gamma-Gamma say as columns `bg_nbd_spend` and `alive`."""
    return rows.assign(bg_nbd_spend=model.spend(rows, days), alive=model.alive(rows))


def deviance(actual: np.ndarray, predicted: np.ndarray, power: float) -> float:
    """Return the Tweedie deviance up to a constant of `actual`; predictions are at least 0.01."""
    mean = np.maximum(predicted, 0.01)
    loss = -actual * mean ** (1 - power) / (1 - power) + mean ** (2 - power) / (2 - power)
    return float(loss.mean())


def fit_clv(train: pd.DataFrame, days: int, options: ClvModelOptions) -> ClvModel:
    """Fit and choose models inside the training cuts.

    Args:
        train: rows of at least two cuts, see `temporal_split`.
        days: length of the target.
        options: settings of the models.

    Raises:
        ValueError: for fewer than two cuts.
    """
    cuts = sorted(train["cut"].unique())
    if len(cuts) < 2:
        raise ValueError(f"got {len(cuts)} training cut(s), expected two or more: one validates")
    models = {cut: fit_repeat(train[train["cut"] == cut]) for cut in cuts}
    rows = pd.concat(
        [with_parametric(train[train["cut"] == cut], models[cut], days) for cut in cuts]
    )
    held = rows[rows["cut"] == cuts[-1]]
    said = _predict(_fit(rows[rows["cut"] != cuts[-1]], options), held, days)
    actual, power = held["target"].to_numpy(float), options.tweedie_power
    said |= {"stack": _cross_stacked(actual, said, power)}
    deviances = {name: deviance(actual, said[name], power) for name in ARMS}
    return ClvModel(
        days=days,
        fitted=_fit(rows, options),
        weights=_stack_weights(actual, said, power),
        best=min(deviances, key=deviances.__getitem__),
        deviances=deviances,
        level=_level(models[cuts[-1]], held, days, options),
    )


def tune(train: pd.DataFrame, days: int, options: ClvModelOptions) -> ClvModelOptions:
    """Return the settings of the Tweedie model with the least deviance on the last training cut.

    Args:
        train: as for `fit_clv`; no row after the training cuts is seen.
        days: length of the target.
        options: how many trials; 0 returns them as they are.
    """
    from churnlens.models.training.search import search
    from churnlens.options import Range

    if not options.trials:
        return options
    last = train["cut"].max()
    held, earlier = train[train["cut"] == last], train[train["cut"] != last]
    actual, power = held["target"].to_numpy(float), options.tweedie_power

    def judge(settings: dict[str, Any]) -> float:
        tried = options.model_copy(update=settings)
        return deviance(actual, fit_tweedie(earlier, FEATURES, tried).predict(held), power)

    space: dict[str, Range | tuple[Any, ...]] = {
        "rate": Range(low=0.005, high=0.1),
        "leaves": (3, 4, 7, 15),
        "rounds": (150, 300, 600),
    }
    tried = search(judge, space, options.trials, options.seed)
    best = min([options.model_dump(include=set(space)), *tried], key=judge)
    return options.model_copy(update=best)


def predict_arms(model: ClvModel, rows: pd.DataFrame, repeat: RepeatModel) -> Predictions:
    """Return what every model of `ARMS` expects, each of shape (n_rows,).

    Args:
        model: fitted on earlier cuts.
        rows: features of a cut.
        repeat: BG/NBD and Gamma-Gamma of the same cut, see `fit_repeat`.
    """
    said = _predict(model.fitted, with_parametric(rows, repeat, model.days), model.days)
    return said | {"stack": _stacked(said, model.weights)}


def _fit(rows: pd.DataFrame, options: ClvModelOptions) -> Fitted:
    return Fitted(
        tweedie=fit_tweedie(rows, FEATURES, options),
        two_stage=fit_two_stage(rows, FEATURES, options),
        tweedie_bg_nbd=fit_tweedie(rows, (*FEATURES, *_PARAMETRIC), options),
    )


def _predict(fitted: Fitted, rows: pd.DataFrame, days: int) -> Predictions:
    """Return the predictions of all models but the stack."""
    total, age = rows["total"].to_numpy(float), rows["age_weeks"].to_numpy(float)
    return {
        "zero": np.zeros(len(rows)),
        "last_period": rows["spend_90d"].to_numpy(float) * days / 90,
        "mean_rate": total / np.maximum(age * 7, days) * days,
        "bg_nbd": rows["bg_nbd_spend"].to_numpy(float),
        "tweedie": fitted.tweedie.predict(rows),
        "two_stage": fitted.two_stage.predict(rows),
        "tweedie_bg_nbd": fitted.tweedie_bg_nbd.predict(rows),
    }


def _stacked(said: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    return np.sum([weight * said[name] for name, weight in weights.items()], axis=0)


def _cross_stacked(actual: np.ndarray, said: Mapping[str, np.ndarray], power: float) -> np.ndarray:
    """Return the stack's predictions of customers whose target its weights have not seen."""
    fold, found = np.arange(len(actual)) % _FOLDS, np.empty(len(actual))
    for number in range(_FOLDS):
        seen, unseen = fold != number, fold == number
        weights = _stack_weights(actual[seen], {n: p[seen] for n, p in said.items()}, power)
        found[unseen] = _stacked({n: p[unseen] for n, p in said.items()}, weights)
    return found


def _stack_weights(
    actual: np.ndarray, said: Mapping[str, np.ndarray], power: float
) -> dict[str, float]:
    """Return weights that are not negative and sum to 1, with the least deviance."""
    from scipy.optimize import minimize

    matrix = np.column_stack([said[name] for name in STACKED])

    def loss(weights: np.ndarray) -> float:
        return deviance(actual, matrix @ weights, power)

    found = minimize(
        loss,
        np.full(len(STACKED), 1 / len(STACKED)),
        method="SLSQP",
        bounds=[(0, 1)] * len(STACKED),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
    )
    clean = np.clip(found.x, 0, 1)
    return dict(zip(STACKED, map(float, clean / clean.sum()), strict=True))


def coverage(actual: np.ndarray, intervals: np.ndarray) -> float:
    """Return the share of customers whose spend lies inside the interval, ends included."""
    return float(((intervals[:, 0] <= actual) & (actual <= intervals[:, 1])).mean())


def needed_level(actual: np.ndarray, futures: np.ndarray) -> np.ndarray:
    """Return the least nominal level whose equal-tailed interval holds what was spent.

    Args:
        actual: what was spent, shape (n_customers,).
        futures: drawn ones, shape (n_customers, draws).
    """
    below = (futures < actual[:, None]).mean(axis=1)
    until = (futures <= actual[:, None]).mean(axis=1)
    return np.maximum(np.maximum(1 - 2 * until, 2 * below - 1), 0)


def _level(model: RepeatModel, rows: pd.DataFrame, days: int, options: ClvModelOptions) -> float:
    """Return the nominal level that covers enough of a training cut.

    Most futures are exactly 0, which an interval of the nominal level itself covers too often.
    """
    rng, steps = np.random.default_rng(options.seed), np.array([days / WEEK])
    futures = draw_spend(model, rows, steps, options.draws, rng)[..., 0]
    needed = needed_level(rows["target"].to_numpy(float), futures)
    return float(min(np.quantile(needed, options.coverage), 0.999))

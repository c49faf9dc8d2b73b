"""Models of spend after a cut, all on the same rows: floors, a parametric one, boosting, a stack.

Everything is fitted and chosen on training cuts. The last training cut validates: models of the
earlier cuts predict it, its Tweedie deviance names the best model and weighs the stack, and its
futures set the level of the intervals. Longer intervals have levels of their own, from what
followed the first training cut. Then models are fitted anew to all training cuts. The parametric
model is BG/NBD with Gamma-Gamma, or survival for contracts; it needs no target and so is
fitted to what is known at each cut itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Protocol

import numpy as np
import pandas as pd

from churnlens.options import ClvModelOptions
from churnlens.schema import Frozen
from churnlens.tasks.clv.boosting import Trees, TwoStage, fit_tweedie, fit_two_stage
from churnlens.tasks.clv.features import FEATURES
from churnlens.tasks.clv.readers import TransactionError
from churnlens.tasks.clv.repeat import fit_repeat

FLOORS: Final = ("zero", "last_period", "mean_rate")
_BUYERS: Final = 5  # fewest customers who spent anything after a training cut
_FOLDS: Final = 5
_LIFT: Final = (0.1, 10.0)
_PARAMETRIC: Final = ("parametric_spend", "alive")

Predictions = dict[str, np.ndarray]


class Parametric(Protocol):
    """A model of how customers buy and stop, fitted to what is known at a cut.

    Attributes:
        arm: its name among the models.
    """

    arm: ClassVar[str]

    def alive(self, rows: pd.DataFrame) -> np.ndarray:
        """Return P(still a customer), shape (n_customers,)."""

    def spend(self, rows: pd.DataFrame, days: float) -> np.ndarray:
        """Return the spend expected in the days from the cut on, shape (n_customers,)."""

    def futures(
        self, rows: pd.DataFrame, days: float, draws: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Return drawn spends in the days from the cut on, shape (n_customers, draws)."""


Fit = Callable[[pd.DataFrame], Parametric]


def stacked(arm: str) -> tuple[str, ...]:
    """Return the models that the stack weighs beside a parametric one of that name."""
    return (arm, "tweedie", "two_stage", f"tweedie_{arm}")


def arms(arm: str) -> tuple[str, ...]:
    """Return all models beside a parametric one of that name, floors first."""
    return (*FLOORS, *stacked(arm), "stack")


class Fitted(Frozen):
    """The boosting models of some cuts."""

    tweedie: Trees
    two_stage: TwoStage
    with_parametric: Trees


class ClvModel(Frozen):
    """All that is needed to predict.

    Attributes:
        days: length of the target.
        fitted: boosting models of all training cuts.
        weights: of the stack, model → weight.
        best: model with the least deviance on the last training cut.
        deviances: of all models there.
        level: nominal level at which intervals covered as much as was asked for there.
        levels: days since the first training cut → the same for what was spent in them.
        arm: name of the parametric model.
    """

    days: int
    arm: str
    fitted: Fitted
    weights: dict[str, float]
    best: str
    deviances: dict[str, float]
    level: float
    levels: dict[int, float] = {}

    def level_of(self, days: float) -> float:
        """Return the level for so many days: of the longest window watched that is no longer."""
        return self.levels.get(max((w for w in self.levels if w <= days), default=0), self.level)


def with_parametric(rows: pd.DataFrame, model: Parametric, days: int) -> pd.DataFrame:
    """Add what the parametric model says as columns `parametric_spend` and `alive`."""
    return rows.assign(parametric_spend=model.spend(rows, days), alive=model.alive(rows))


def deviance(actual: np.ndarray, predicted: np.ndarray, power: float) -> float:
    """Return the Tweedie deviance up to a constant of `actual`; predictions are at least 0.01."""
    mean = np.maximum(predicted, 0.01)
    loss = -actual * mean ** (1 - power) / (1 - power) + mean ** (2 - power) / (2 - power)
    return float(loss.mean())


def fit_clv(
    train: pd.DataFrame,
    days: int,
    options: ClvModelOptions,
    fit: Fit = fit_repeat,
    columns: tuple[str, ...] = FEATURES,
) -> ClvModel:
    """Fit and choose models inside the training cuts.

    Args:
        train: rows of at least two cuts, see `temporal_split`.
        days: length of the target.
        options: settings of the models.
        fit: the parametric model, to the rows of one cut.
        columns: that boosting reads.

    Raises:
        ValueError: for fewer than two cuts.
        TransactionError: when too few customers bought after some cut, or left before it.
    """
    cuts = sorted(train["cut"].unique())
    if len(cuts) < 2:
        raise ValueError(f"got {len(cuts)} training cut(s), expected two or more: one validates")
    check_buyers(train)
    models = {cut: fit(train[train["cut"] == cut]) for cut in cuts}
    arm = models[cuts[-1]].arm
    rows = pd.concat(
        [with_parametric(train[train["cut"] == cut], models[cut], days) for cut in cuts]
    )
    held = rows[rows["cut"] == cuts[-1]]
    said = _predict(_fit(rows[rows["cut"] != cuts[-1]], columns, options), held, days, arm)
    actual, power = held["target"].to_numpy(float), options.tweedie_power
    weighed = {name: said[name] for name in stacked(arm)}
    said |= {"stack": _cross_stacked(actual, weighed, power)}
    deviances = {name: deviance(actual, said[name], power) for name in arms(arm)}
    best = min(deviances, key=deviances.__getitem__)
    return ClvModel(
        days=days,
        arm=arm,
        fitted=_fit(rows, columns, options),
        weights=_stack_weights(actual, weighed, power),
        best=best,
        deviances=deviances,
        level=_level(models[cuts[-1]], held, actual, days, options, lift(said[best], said[arm])),
        levels=_levels(models[cuts[0]], train, days, options),
    )


def check_buyers(train: pd.DataFrame) -> None:
    """Refuse training cuts after which hardly anybody bought: nothing tells customers apart.

    Raises:
        TransactionError: naming the first such cut.
    """
    buyers = (train["target"] > 0).groupby(train["cut"]).sum()
    for cut, count in buyers[buyers < _BUYERS].items():
        raise TransactionError(
            f"got {count} customer(s) with spend after the training cut {cut}, expected at least "
            f"{_BUYERS}; next: choose a longer target (days), other cuts, or give more customers"
        )


def predict_arms(model: ClvModel, rows: pd.DataFrame, parametric: Parametric) -> Predictions:
    """Return what every model of `arms` expects, each of shape (n_rows,).

    Args:
        model: fitted on earlier cuts.
        rows: features of a cut.
        parametric: fitted to the same cut.
    """
    known = with_parametric(rows, parametric, model.days)
    said = _predict(model.fitted, known, model.days, model.arm)
    return said | {"stack": _stacked(said, model.weights)}


def _fit(rows: pd.DataFrame, columns: tuple[str, ...], options: ClvModelOptions) -> Fitted:
    return Fitted(
        tweedie=fit_tweedie(rows, columns, options),
        two_stage=fit_two_stage(rows, columns, options),
        with_parametric=fit_tweedie(rows, (*columns, *_PARAMETRIC), options),
    )


def _predict(fitted: Fitted, rows: pd.DataFrame, days: int, arm: str) -> Predictions:
    """Return the predictions of all models but the stack."""
    total, age = rows["total"].to_numpy(float), rows["age_weeks"].to_numpy(float)
    return {
        "zero": np.zeros(len(rows)),
        "last_period": rows["spend_90d"].to_numpy(float) * days / 90,
        "mean_rate": total / np.maximum(age * 7, days) * days,
        arm: rows["parametric_spend"].to_numpy(float),
        "tweedie": fitted.tweedie.predict(rows),
        "two_stage": fitted.two_stage.predict(rows),
        f"tweedie_{arm}": fitted.with_parametric.predict(rows),
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

    matrix, count = np.column_stack(list(said.values())), len(said)

    def loss(weights: np.ndarray) -> float:
        return deviance(actual, matrix @ weights, power)

    found = minimize(
        loss,
        np.full(count, 1 / count),
        method="SLSQP",
        bounds=[(0, 1)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
    )
    clean = np.clip(found.x, 0, 1)
    return dict(zip(said, map(float, clean / clean.sum()), strict=True))


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


def lift(best: np.ndarray, parametric: np.ndarray) -> np.ndarray:
    """Return by what futures of the parametric model are multiplied to be at the best one's level.

    Args:
        best: what the best model expects, shape (n_customers,).
        parametric: what the parametric one does.
    """
    return np.clip(best / np.maximum(parametric, 1e-9), *_LIFT)


def spend_intervals(
    model: Parametric, rows: pd.DataFrame, days: int, level: float, draws: int, seed: int
) -> np.ndarray:
    """Return equal-tailed intervals of the spend in the next days, shape (n_customers, 2)."""
    drawn = model.futures(rows, days, draws, np.random.default_rng(seed))
    return np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=1).T


def _level(
    model: Parametric,
    rows: pd.DataFrame,
    actual: np.ndarray,
    days: int,
    options: ClvModelOptions,
    lifted: np.ndarray | float = 1.0,
) -> float:
    """Return the nominal level that covers enough of what was spent after a training cut.

    Most futures are exactly 0, which an interval of the nominal level itself covers too often. The
    longer the time, the fewer: a level found on a quarter covers too little of a year.
    """
    futures = model.futures(rows, days, options.draws, np.random.default_rng(options.seed))
    needed = needed_level(actual, futures * np.reshape(lifted, (-1, 1)))
    return float(min(np.quantile(needed, options.coverage), 0.999))


def _levels(
    model: Parametric, train: pd.DataFrame, days: int, options: ClvModelOptions
) -> dict[int, float]:
    """Return the level of every window from the first training cut to the end of a later target.

    Days between a target and the next cut, if there are any, count in none of them.
    """
    cuts = sorted(train["cut"].unique())
    rows = train[train["cut"] == cuts[0]]
    spent, found = np.zeros(len(rows)), {}
    for number, cut in enumerate(cuts, start=1):
        then = train[train["cut"] == cut].set_index("customer_id")["target"]
        spent = spent + rows["customer_id"].map(then).fillna(0.0).to_numpy(float)
        found[number * days] = _level(model, rows, spent, number * days, options)
    return found

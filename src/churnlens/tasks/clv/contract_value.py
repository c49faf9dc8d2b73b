"""What customers with a contract are worth from now on, and how well survival is predicted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from churnlens.evaluation.intervals import Comparison, corrected_t
from churnlens.evaluation.survival import Calibration, calibrate, concordance
from churnlens.options import SurvivalOptions, ValueOptions
from churnlens.schema import Column, Frozen
from churnlens.tasks.clv.survival import (
    DiscreteHazard,
    SurvivalModel,
    fit_cox,
    fit_hazard,
    kaplan_meier,
    survival,
)
from churnlens.tasks.clv.value import contribution, lifetime_value

YEAR: Final = 12
MODELS: Final = ("kaplan_meier", "cox", "discrete_hazard")
Fit = Callable[[pd.DataFrame], SurvivalModel]


def contract_values(
    model: DiscreteHazard,
    ledger: pd.DataFrame,
    options: ValueOptions,
    *,
    coverage: float = 0.9,
    draws: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Return what each customer who is still there is worth from now on.

    Args:
        model: of the hazard in each month.
        ledger: see `contract_ledger`; a column `margin` takes the place of the options' margin, and
            `margin_error` is its standard error, likewise a share of the charge.
        options: what value means.
        coverage: of the intervals: of the mean value, given what is not known of the hazards and
            the margin. What happens to one customer varies more.
        draws: models that the intervals are made of.
        seed: the same seed gives the same intervals.

    Returns:
        `customer_id`, `clv`, `clv_low`, `clv_high` (currency of the options), `value_at_risk`
        (what his staying for the next twelve months would add), `p_leave` (within twelve months),
        `p_stay` (to the horizon), one row a customer; value 0 and `p_leave` 1 for who has left.
    """
    here = ledger[~ledger["left"]]
    start, months = here["months"].to_numpy(float), max(options.horizon_months, YEAR)
    stays = survival(model, here, start, months)
    cash, error = _cash(here, options)
    worth = _annuity(stays, options) * cash
    rng = np.random.default_rng(seed)
    luck = _evenly_normal(draws, rng)
    drawn = np.column_stack(
        [
            _annuity(survival(other, here, start, months), options) * (cash + error * each)
            for other, each in zip(model.drawn(draws, rng), luck, strict=True)
        ]
    )
    low, high = np.quantile(drawn, [(1 - coverage) / 2, (1 + coverage) / 2], axis=1)
    values = pd.DataFrame(
        {
            "clv": worth,
            "clv_low": np.minimum(low, worth),
            "clv_high": np.maximum(high, worth),
            "value_at_risk": (_annuity(_kept(stays), options) - _annuity(stays, options)) * cash,
            "p_leave": 1 - stays[:, YEAR - 1],
            "p_stay": stays[:, options.horizon_months - 1],
        },
        index=here.index,
    ).reindex(ledger.index, fill_value=0.0)
    values.loc[ledger["left"], "p_leave"] = 1.0
    return pd.concat([ledger["customer_id"], values], axis=1).reset_index(drop=True)


def _kept(stays: np.ndarray) -> np.ndarray:
    """Return survival of customers who do not leave in the first twelve months."""
    later = stays / stays[:, YEAR - 1 : YEAR]
    return np.where(np.arange(stays.shape[1]) < YEAR, 1.0, later)


def _annuity(stays: np.ndarray, options: ValueOptions) -> np.ndarray:
    """Return what 1 in every month while he stays is worth, shape (n_customers,).

    `stays` is P(still there) after month 1, 2, …; a payment at the beginning of a month is made by
    who is there at the end of the one before, and the first by everybody.
    """
    if options.first == 0:
        stays = np.column_stack([np.ones(len(stays)), stays[:, :-1]])
    each = np.array(1.0)
    return lifetime_value(stays[:, : options.horizon_months], each, 0 * each, options)


def _cash(ledger: pd.DataFrame, options: ValueOptions) -> tuple[np.ndarray, np.ndarray]:
    """Return what a month of each customer leaves, and its standard error, in money."""
    charge = ledger["charge"].to_numpy(float)
    revenue, cost = contribution(charge, options)
    if "margin" in ledger:
        cost = revenue * (1 - ledger["margin"].to_numpy(float)) + options.monthly_cost
    error = ledger.get("margin_error", pd.Series(0.0, index=ledger.index)).to_numpy(float)
    return revenue - cost, charge * error


def _evenly_normal(draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return normal quantiles in a random order, shape (draws,): the same luck for every customer.

    So no customer's interval rests on who else is valued.
    """
    from scipy.special import ndtri

    return np.asarray(rng.permutation(ndtri((np.arange(draws) + 0.5) / draws)))


class SurvivalScores(Frozen):
    """How one model did on customers that it had not seen.

    Attributes:
        model: its name.
        concordance: Harrell's C, mean over folds with the corrected interval.
        calibration: of out-of-fold predictions; group 0 is everybody.
        not_observed: months asked for to which too few customers were watched to judge.
    """

    model: str
    concordance: Comparison
    calibration: tuple[Calibration, ...]
    not_observed: tuple[int, ...] = ()

    @property
    def largest_gap(self) -> float | None:
        """Return the largest gap of any group or month, in percentage points; None for no month."""
        return max((each.gap for each in self.calibration), default=None)


def fits(columns: tuple[Column, ...], options: SurvivalOptions) -> dict[str, Fit]:
    """Return how each model of `MODELS` is fitted to a ledger."""
    return {
        "kaplan_meier": kaplan_meier,
        "cox": lambda ledger: fit_cox(ledger, columns),
        "discrete_hazard": lambda ledger: fit_hazard(ledger, columns, options),
    }


def score_survival(
    ledger: pd.DataFrame, columns: tuple[Column, ...], options: SurvivalOptions
) -> tuple[SurvivalScores, ...]:
    """Score the models by cross-validation over the same folds; all watched from month 0.

    Args:
        ledger: see `contract_ledger`.
        columns: those that predict.
        options: folds, months and groups.

    Returns:
        One row a model; none where fewer customers left than two for each fold: then no part tells
        anything about the rest.
    """
    if ledger["left"].sum() < 2 * options.folds:
        return ()
    months, left = ledger["months"].to_numpy(float), ledger["left"].to_numpy(bool)
    return tuple(
        _scored(name, fit, ledger, months, left, options)
        for name, fit in fits(columns, options).items()
    )


def _scored(
    name: str,
    fit: Fit,
    ledger: pd.DataFrame,
    months: np.ndarray,
    left: np.ndarray,
    options: SurvivalOptions,
) -> SurvivalScores:
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(options.folds, shuffle=True, random_state=options.seed)
    stays = np.empty((len(ledger), max(*options.months, int(months.max()))))
    found = []
    for train, test in folds.split(ledger, left):
        unseen = ledger.iloc[test]
        stays[test] = survival(fit(ledger.iloc[train]), unseen, np.zeros(len(test)), stays.shape[1])
        found.append(concordance(months[test], left[test], -stays[test].mean(axis=1)))
    at = {month: stays[:, month - 1] for month in options.months}
    calibration = calibrate(months, left, at, options.groups)
    judged = {each.month for each in calibration}
    return SurvivalScores(
        model=name,
        concordance=corrected_t(np.array(found), 1 / options.folds),
        calibration=calibration,
        not_observed=tuple(month for month in options.months if month not in judged),
    )

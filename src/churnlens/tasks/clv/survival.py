"""Who is still a customer in how many months: Kaplan-Meier, Cox, and a discrete hazard.

All three count customers from the month in which they were first watched on. Past the longest time
seen, the hazard of the last year goes on: a survival that stayed flat would promise customers who
never leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
import pandas as pd

from churnlens.options import SurvivalOptions
from churnlens.schema import Column, Frozen
from churnlens.tasks.clv.encoding import Encoding, fit_encoding
from churnlens.tasks.clv.readers import TransactionError

_LAST: Final = 12  # months whose mean hazard goes on
_BENDS: Final = (3.0, 12.0, 36.0)  # months at which the log odds of leaving may bend


class SurvivalModel(Protocol):
    """What every model can say."""

    def hazards(self, table: pd.DataFrame, start: np.ndarray, months: int) -> np.ndarray:
        """Return P(leaves in month start + k, given that he is there), shape (n, months)."""


class Curve(Frozen):
    """One survival curve for all customers alike: the floor of the other two.

    Attributes:
        survival: at the end of month 0, 1, …; the first is 1.
    """

    survival: tuple[float, ...]

    def hazards(self, table: pd.DataFrame, start: np.ndarray, months: int) -> np.ndarray:
        """Return P(leaves in month start + k, given that he is there), shape (n, months)."""
        share = np.asarray(self.survival)
        known = 1 - share[1:] / np.where(share[:-1] > 0, share[:-1], 1)
        return _along(np.append(known, known[-_LAST:].mean()), start, months)


class Cox(Frozen):
    """Proportional hazards with Breslow's baseline.

    Attributes:
        increments: of the baseline's cumulative hazard in month 1, 2, …
    """

    encoding: Encoding
    coefficients: tuple[float, ...]
    increments: tuple[float, ...]

    def risk(self, table: pd.DataFrame) -> np.ndarray:
        """Return the log hazard ratio of each customer, shape (n_customers,)."""
        return self.encoding.matrix(table) @ np.array(self.coefficients)

    def hazards(self, table: pd.DataFrame, start: np.ndarray, months: int) -> np.ndarray:
        """Return P(leaves in month start + k, given that he is there), shape (n, months)."""
        known = np.asarray(self.increments)
        baseline = _along(np.append(known, known[-_LAST:].mean()), start, months)
        return -np.expm1(-baseline * np.exp(self.risk(table))[:, None])


class DiscreteHazard(Frozen):
    """A logistic model of leaving in each period: log odds bend with time, columns add to them.

    Inside a period of several months the hazard is the same in each.

    Attributes:
        time: coefficients of the terms of time.
        longest: month from which on time stands still.
        period: its length in months.
        covariance: of coefficients, time and intercept, in this order (Laplace's approximation).
    """

    encoding: Encoding
    coefficients: tuple[float, ...]
    time: tuple[float, ...]
    intercept: float
    longest: int
    period: int
    covariance: tuple[tuple[float, ...], ...]

    def drawn(self, draws: int, rng: np.random.Generator) -> Iterator[DiscreteHazard]:
        """Yield models as uncertain as this one: its coefficients drawn anew."""
        mean = np.array([*self.coefficients, *self.time, self.intercept])
        own = len(self.coefficients)
        for row in rng.multivariate_normal(mean, np.array(self.covariance), size=draws):
            yield self.model_copy(
                update={
                    "coefficients": tuple(row[:own]),
                    "time": tuple(row[own:-1]),
                    "intercept": float(row[-1]),
                }
            )

    def hazards(self, table: pd.DataFrame, start: np.ndarray, months: int) -> np.ndarray:
        """Return P(leaves in month start + k, given that he is there), shape (n, months)."""
        own = self.encoding.matrix(table) @ np.array(self.coefficients) + self.intercept
        known = _time_terms(np.arange(1, self.longest + 1)) @ np.array(self.time)
        begun = np.floor(start).astype(int)[:, None] + self.period * (
            np.arange(months) // self.period
        )
        odds = own[:, None] + known[np.minimum(begun, self.longest - 1)]
        return -np.expm1(-np.logaddexp(0, odds) / self.period)


def _along(known: np.ndarray, start: np.ndarray, months: int) -> np.ndarray:
    """Return the values of months start + 1 … start + months; the last of `known` goes on."""
    steps = np.floor(start).astype(int)[:, None] + np.arange(months)
    return known[np.minimum(steps, len(known) - 1)]


def survival(
    model: SurvivalModel, table: pd.DataFrame, start: np.ndarray, months: int
) -> np.ndarray:
    """Return P(still a customer after 1 … `months` more months), shape (n_customers, months).

    Args:
        model: fitted.
        table: columns that predict.
        start: months that each has been a customer, shape (n_customers,).
        months: how far.
    """
    return np.cumprod(1 - model.hazards(table, start, months), axis=1)


def kaplan_meier(ledger: pd.DataFrame) -> Curve:
    """Return the product-limit curve of `entry`, `months` and `left`; times are whole months."""
    from statsmodels.duration.survfunc import SurvfuncRight

    rows = _seen(ledger)
    found = SurvfuncRight(rows["months"], rows["left"].astype(float), entry=rows["entry"])
    grid = np.arange(int(rows["months"].max()) + 1)
    place = np.searchsorted(found.surv_times, grid, side="right")
    return Curve(survival=tuple(map(float, np.append(1.0, found.surv_prob)[place])))


def fit_cox(
    ledger: pd.DataFrame, columns: tuple[Column, ...], weights: np.ndarray | None = None
) -> Cox:
    """Fit Cox's model by partial likelihood (Breslow's ties).

    Args:
        ledger: see `contract_ledger`.
        columns: those that predict.
        weights: how often each customer counts, whole numbers; bootstraps use it.
    """
    from statsmodels.duration.hazard_regression import PHReg

    rows = _repeated(_seen(ledger), ledger, weights)
    encoding = fit_encoding(rows, columns)
    model = PHReg(
        rows["months"].to_numpy(float),
        encoding.matrix(rows),
        status=rows["left"].to_numpy(int),
        entry=rows["entry"].to_numpy(float),
    )
    found = np.asarray(model.fit(disp=0).params)
    increments = _breslow(rows, np.exp(encoding.matrix(rows) @ found))
    return Cox(encoding=encoding, coefficients=tuple(found), increments=tuple(increments))


def _breslow(rows: pd.DataFrame, ratio: np.ndarray) -> np.ndarray:
    """Return leavers of each month over the hazard ratios of all who were at risk in it."""
    end, first = rows["months"].to_numpy(int), rows["entry"].to_numpy(int)
    longest = int(end.max())
    gone = np.bincount(end, weights=rows["left"].to_numpy(float), minlength=longest + 1)
    there = np.bincount(first + 1, weights=ratio, minlength=longest + 2)[: longest + 2]
    there = np.cumsum(there - np.bincount(end + 1, weights=ratio, minlength=longest + 2))
    return gone[1:] / np.maximum(there[1 : longest + 1], 1e-12)


def fit_hazard(
    ledger: pd.DataFrame,
    columns: tuple[Column, ...],
    options: SurvivalOptions,
    weights: np.ndarray | None = None,
) -> DiscreteHazard:
    """Fit a logistic model to one row for each customer and period watched.

    A period that ended before it was whole counts only if the customer left in it.

    Args:
        ledger: see `contract_ledger`.
        columns: those that predict.
        options: ridge penalty, and the months of a period.
        weights: how often each customer counts; bootstraps use it.

    Raises:
        TransactionError: when nobody left or nobody stayed.
    """
    from sklearn.linear_model import LogisticRegression

    rows = _seen(ledger)
    if rows["left"].nunique() < 2:
        raise TransactionError(
            f"got {int(rows['left'].sum())} of {len(rows)} contracts that ended, expected some and "
            "not all; next: give a longer time, or other grace_days in the trade"
        )
    encoding = fit_encoding(rows, columns)
    owner, month, left = _periods(rows, options.period)
    x = np.column_stack([encoding.matrix(rows)[owner], _time_terms(month)])
    counts = None if weights is None else weights[rows["row"].to_numpy()][owner]
    model = LogisticRegression(C=1 / options.penalty, solver="newton-cholesky")
    model.fit(x, left, sample_weight=counts)
    own = len(encoding.terms)
    return DiscreteHazard(
        encoding=encoding,
        coefficients=tuple(model.coef_[0][:own]),
        time=tuple(model.coef_[0][own:]),
        intercept=float(model.intercept_[0]),
        longest=int(rows["months"].max()),
        period=options.period,
        covariance=_covariance(x, model.predict_proba(x)[:, 1], counts, options.penalty),
    )


def _periods(rows: pd.DataFrame, period: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return customer, first month and whether he left in it, of each period watched."""
    watched = (rows["months"] - rows["entry"]).to_numpy(int)
    left = rows["left"].to_numpy(bool)
    counts = np.where(left, -(-watched // period), watched // period)
    owner = np.repeat(np.arange(len(rows)), counts)
    number = np.concatenate([np.arange(n) for n in counts])
    month = rows["entry"].to_numpy(int)[owner] + number * period + 1
    return owner, month, left[owner] & (number == counts[owner] - 1)


def _covariance(
    x: np.ndarray, share: np.ndarray, counts: np.ndarray | None, penalty: float
) -> tuple[tuple[float, ...], ...]:
    """Return the inverse of the penalised information at the fit; the intercept comes last."""
    whole = np.column_stack([x, np.ones(len(x))])
    weight = share * (1 - share) * (1 if counts is None else counts)
    ridge = np.diag([penalty] * x.shape[1] + [1e-9])
    inverse = np.linalg.inv(whole.T @ (whole * weight[:, None]) + ridge)
    return tuple(map(tuple, inverse.tolist()))


def _time_terms(month: np.ndarray) -> np.ndarray:
    """Return time, log time and its bends, of about unit size, shape (n, 2 + len(_BENDS))."""
    logs = np.log(np.maximum(month, 1).astype(float))
    bends = [np.maximum(logs - np.log(bend), 0) for bend in _BENDS]
    return np.column_stack([month / 24, logs, *bends])


def _seen(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the rows watched for a month or more; who left at once left in his first month."""
    rows = ledger.assign(row=np.arange(len(ledger)))
    least = rows["entry"] + rows["left"].astype(float)
    rows = rows.assign(months=np.maximum(rows["months"], least))
    return rows[rows["months"] > rows["entry"]]


def _repeated(rows: pd.DataFrame, ledger: pd.DataFrame, weights: np.ndarray | None) -> pd.DataFrame:
    if weights is None:
        return rows
    if weights.shape != (len(ledger),):
        raise ValueError(f"got weights of shape {weights.shape}, expected ({len(ledger)},)")
    return rows.loc[rows.index.repeat(weights[rows["row"].to_numpy()].astype(int))]

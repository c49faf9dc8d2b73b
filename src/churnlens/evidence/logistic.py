"""Logistic regression and the linear algebra of dependent columns, in plain numpy.

Small on purpose: one cohort is a few thousand rows by some thirty columns and is fitted while
somebody waits, which a general library with formulas and summaries is too slow for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

EVENTS_PER_COLUMN = 10  # below this Firth's penalty replaces plain likelihood
DEPENDENT = 1e-8  # share of a column's variation that must be its own
NEGLIGIBLE = 1e-6  # largest last Newton step; the error after it is of the order of its square
MAX_STEPS, MAX_PENALISED_STEPS = 12, 100


def independent_columns(gram: Floats) -> Mask:
    """Return which columns are no linear combination of the columns before them.

    Args:
        gram: (p, p) cross products of the columns.
    """
    rest, kept = gram.copy(), np.zeros(len(gram), dtype=bool)
    for place in range(len(gram)):
        if rest[place, place] > DEPENDENT * gram[place, place]:
            kept[place] = True
            rest -= np.outer(rest[:, place], rest[place]) / rest[place, place]
    return kept


def variance_inflation(gram: Floats, owner: NDArray[np.int64]) -> dict[int, float]:
    """Return how much the other attributes inflate each attribute's variance.

    Generalised variance inflation (Fox and Monette 1992) taken to the power 1/df, so that for
    an attribute with one column it is the plain VIF.

    Args:
        gram: (p, p) cross products of independent columns, the intercept first.
        owner: (p,) owner of each column.
    """
    covariance = (gram - np.outer(gram[0], gram[0]) / gram[0, 0])[1:, 1:]
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    inverse, owners = np.linalg.inv(correlation), owner[1:]
    found = dict(zip(owners.tolist(), np.diag(inverse).tolist(), strict=True))
    several, sizes = np.unique(owners, return_counts=True)
    for attribute, size in zip(several[sizes > 1], sizes[sizes > 1], strict=True):
        own = np.ix_(owners == attribute, owners == attribute)
        inflation = np.linalg.det(correlation[own]) * np.linalg.det(inverse[own])
        found[int(attribute)] = float(inflation ** (1 / size))
    return found


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """A fitted logistic regression.

    Attributes:
        coefficients: (p,) log odds; covariance: (p, p) inverse information.
        penalised: whether Firth's penalty was used.
        converged: whether the last step was negligible.
    """

    coefficients: Floats
    covariance: Floats
    penalised: bool
    converged: bool


def _newton(x: Floats, event: Floats, start: Floats, penalised: bool) -> LogisticFit:
    beta, converged = start, False
    covariance: Floats = np.eye(x.shape[1])
    for _ in range(MAX_PENALISED_STEPS if penalised else MAX_STEPS):
        fitted = 1 / (1 + np.exp(-(x @ beta)))
        weight = fitted * (1 - fitted)
        weighted = x * weight[:, None]
        try:
            covariance = np.asarray(np.linalg.inv(x.T @ weighted), dtype=np.float64)
        except np.linalg.LinAlgError:
            break
        residual = event - fitted
        if penalised:
            leverage = np.einsum("ij,ij->i", weighted @ covariance, x)
            residual = residual + leverage * (0.5 - fitted)
        step = covariance @ (x.T @ residual)
        beta = beta + step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-12))
        converged = bool(np.abs(step).max() < NEGLIGIBLE)
        if converged:
            break
    return LogisticFit(beta, covariance, penalised, converged)


def fit_logistic(
    x: Floats, event: NDArray[np.bool_], start: Floats | None = None, penalised: bool | None = None
) -> LogisticFit:
    """Fit a logistic regression by Newton's method.

    Maximum likelihood with at least 10 events (and non-events) per column; below that, and where
    the data separate so that likelihood has no maximum, Firth's penalised likelihood (1993),
    which is always finite and less biased in small samples.

    Args:
        x: (n_rows, p) independent columns with an intercept.
        event: (n_rows,) outcome.
        start: (p,) coefficients to start from; zeros when None.
        penalised: forces Firth's penalty on or off; None decides as above.
    """
    outcome, zeros = event.astype(float), np.zeros(x.shape[1])
    rarer = min(outcome.sum(), len(outcome) - outcome.sum())
    few = rarer < EVENTS_PER_COLUMN * x.shape[1] if penalised is None else penalised
    fit = _newton(x, outcome, zeros if start is None else start, few)
    if not fit.converged and start is not None:
        fit = _newton(x, outcome, zeros, few)
    if not fit.converged and penalised is None:
        fit = _newton(x, outcome, zeros, penalised=True)
    return fit

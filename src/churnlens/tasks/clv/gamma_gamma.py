"""Gamma-Gamma: what a customer spends in a purchase, given the mean of those observed.

Amounts of a customer are Gamma(p, ν) with ν ~ Gamma(q, v), apart from how often he buys. Fader and
Hardie, "The Gamma-Gamma Model of Monetary Value" (2013). The population's mean p·v/(q − 1) exists
only for q > 1, and below q = 2 a few amounts decide it: there it is pinned to the mean of the data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from churnlens.schema import Frozen
from churnlens.tasks.clv.readers import TransactionError

_LEAST_TAIL: Final = 2.0  # q from which amounts have a variance, so that their mean is firm
_MOST: Final = 1e6  # p and q of amounts that hardly vary
_SAME: Final = 1e-6  # relative spread below which amounts do not vary


class GammaGamma(Frozen):
    """The three parameters; v has the unit of the amounts."""

    p: float
    q: float
    v: float

    def spend(self, x: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Return the expected amount of a purchase, shape (n_customers,).

        Args:
            x: purchases that `mean` was taken over; 0 gives the population's mean.
            mean: mean amount of them.
        """
        return self.p * (self.v + x * mean) / (self.p * x + self.q - 1)


def fit_gamma_gamma(
    x: np.ndarray, mean: np.ndarray, weights: np.ndarray | None = None
) -> GammaGamma:
    """Fit the parameters by maximum likelihood to customers with x > 0 and mean > 0.

    Args:
        x: purchases, shape (n_customers,).
        mean: mean amount of them.
        weights: how often each customer counts; bootstraps use it.

    Raises:
        TransactionError: when fewer than two customers have spent anything, or the search does
            not end.
    """
    used = (x > 0) & (mean > 0)
    if used.sum() < 2:
        raise TransactionError(
            f"got {int(used.sum())} customers with a positive mean amount, expected at least 2"
        )
    share = np.ones(len(x)) if weights is None else weights
    share = share[used] / share[used].sum()
    scale = float(share @ mean[used])
    n, z = x[used], mean[used] / scale
    if np.sqrt(share @ (z - 1) ** 2) < _SAME:
        return GammaGamma(p=_MOST, q=_MOST, v=scale * (_MOST - 1) / _MOST)

    def loss(p: float, q: float, v: float) -> float:
        return -float(share @ _log_likelihood((p, q, v), n, z))

    p, q, v = np.exp(_least(lambda logs: loss(*np.exp(logs)), np.ones(3)))
    if q < _LEAST_TAIL:
        p, tail = np.exp(_least(lambda logs: loss(*_pinned(*np.exp(logs))), np.zeros(2)))
        p, q, v = _pinned(p, tail)
    return GammaGamma(p=p, q=q, v=v * scale)


def _pinned(p: float, tail: float) -> tuple[float, float, float]:
    """Return p, q = 1 + `tail`, and the v that makes the population's mean 1."""
    return p, 1 + tail, tail / p


def _log_likelihood(
    parameters: tuple[float, float, float], n: np.ndarray, z: np.ndarray
) -> np.ndarray:
    from scipy.special import gammaln

    p, q, v = parameters
    each = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(v)
    return each + (p * n - 1) * np.log(z) + p * n * np.log(n) - (p * n + q) * np.log(n * z + v)


def _least(loss: Callable[[np.ndarray], float], start: np.ndarray) -> np.ndarray:
    """Return where the loss is least, every number between 1 / `_MOST` and `_MOST` in logarithms.

    Raises:
        TransactionError: when the search does not end.
    """
    from scipy.optimize import minimize

    bounds = [(-np.log(_MOST), np.log(_MOST))] * len(start)
    options = {"fatol": 1e-6, "maxiter": 2000}
    found = minimize(loss, start, method="Nelder-Mead", bounds=bounds, options=options)
    if not found.success:
        raise TransactionError(
            f"Gamma-Gamma did not converge ({found.message}); expected amounts that tell customers "
            "apart; next: check which column holds the amount, or choose a later cut"
        )
    finer = minimize(loss, found.x, method="BFGS", options={"gtol": 1e-9})
    inside = np.all(np.abs(finer.x) <= np.log(_MOST))
    return np.asarray(finer.x if inside and finer.fun <= found.fun else found.x)

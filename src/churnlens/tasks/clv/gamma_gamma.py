"""Gamma-Gamma: what a customer spends in a purchase, given the mean of those observed.

Amounts of a customer are Gamma(p, ν) with ν ~ Gamma(q, v), apart from how often he buys. Fader and
Hardie, "The Gamma-Gamma Model of Monetary Value" (2013).
"""

from __future__ import annotations

import numpy as np

from churnlens.schema import Frozen


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
        ValueError: when fewer than two customers have spent anything.
    """
    from scipy.optimize import minimize
    from scipy.special import gammaln

    used = (x > 0) & (mean > 0)
    if used.sum() < 2:
        raise ValueError(
            f"got {int(used.sum())} customers with a positive mean amount, expected at least 2"
        )
    share = np.ones(len(x)) if weights is None else weights
    share = share[used] / share[used].sum()
    scale = float(share @ mean[used])
    n, z = x[used], mean[used] / scale

    def loss(logs: np.ndarray) -> float:
        p, q, v = np.exp(logs)
        each = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(v)
        each += (p * n - 1) * np.log(z) + p * n * np.log(n) - (p * n + q) * np.log(n * z + v)
        return -float(share @ each)

    found = minimize(loss, np.ones(3), method="Nelder-Mead", options={"fatol": 1e-6})
    found = minimize(loss, found.x, method="BFGS", options={"gtol": 1e-9})
    p, q, v = np.exp(found.x)
    return GammaGamma(p=p, q=q, v=v * scale)

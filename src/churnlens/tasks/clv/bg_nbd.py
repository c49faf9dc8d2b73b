"""BG/NBD: how often a customer without a contract buys, and when he silently stops.

A customer buys at rate λ ~ Gamma(r, α) and after each purchase stops with probability
p ~ Beta(a, b); the first purchase is what made him a customer and is not counted. Fader, Hardie
and Lee, `Marketing Science` 24 (2005) 275-284; likelihood, P(alive) and E[Y(t)] are theirs.
"""

from __future__ import annotations

import numpy as np

from churnlens.schema import Frozen
from churnlens.tasks.clv.readers import TransactionError


class BgNbd(Frozen):
    """The four parameters; times are in the unit of the data that they were fitted to."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
        """Return P(still a customer), shape (n_customers,); 1 before any repeat purchase.

        Args:
            x: repeat purchases.
            t_x: time of the last one since the first purchase, 0 where there is none.
            T: time observed since the first purchase.
        """
        ratio = (self.r + x) * np.log((self.alpha + T) / (self.alpha + t_x))
        odds = self.a / (self.b + np.maximum(x, 1) - 1) * np.exp(np.minimum(ratio, 700))
        return np.where(x > 0, 1 / (1 + odds), 1.0)

    def purchases(self, t: float, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
        """Return the purchases expected in the next `t`, shape (n_customers,)."""
        from scipy.special import hyp2f1

        z = t / (self.alpha + T + t)
        shrunk = ((self.alpha + T) / (self.alpha + T + t)) ** (self.r + x)
        series = hyp2f1(self.r + x, self.b + x, self.a + self.b + x - 1, z)
        expected = (self.a + self.b + x - 1) / (self.a - 1) * (1 - shrunk * series)
        return expected * self.alive(x, t_x, T)


def log_likelihood(
    log_parameters: np.ndarray, x: np.ndarray, t_x: np.ndarray, T: np.ndarray
) -> np.ndarray:
    """Return each customer's log-likelihood under exp(`log_parameters`) = r, α, a, b."""
    from scipy.special import betaln, gammaln

    r, alpha, a, b = np.exp(log_parameters)
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    stays = -(r + x) * np.log(alpha + T)
    stopped = np.log(a / (b + np.maximum(x, 1) - 1)) - (r + x) * np.log(alpha + t_x)
    return common + np.where(x > 0, np.logaddexp(stays, stopped), stays)


def fit_bg_nbd(
    x: np.ndarray, t_x: np.ndarray, T: np.ndarray, weights: np.ndarray | None = None
) -> BgNbd:
    """Fit the parameters by maximum likelihood.

    Args:
        x: repeat purchases, shape (n_customers,).
        t_x: time of the last one, 0 ≤ t_x ≤ T.
        T: time observed.
        weights: how often each customer counts; bootstraps use it.

    Raises:
        TransactionError: for impossible times, or when nobody came back: nothing is identified.
    """
    from scipy.optimize import minimize

    if np.any((t_x > T) | (t_x < 0) | (x < 0)) or not np.any(x > 0):
        raise TransactionError(
            "got times outside 0 <= t_x <= T, or no repeat purchase at all; expected customers who "
            "came back; next: check the dates, or choose a later cut"
        )
    scale = float(np.mean(T))  # a fit in units of the mean is well conditioned in any unit of time
    share = np.ones(len(x)) if weights is None else weights
    share = share / share.sum()

    def loss(logs: np.ndarray) -> float:
        return -float(share @ log_likelihood(logs, x, t_x / scale, T / scale))

    start = np.zeros(4)
    found = minimize(loss, start, method="Nelder-Mead", options={"fatol": 1e-6})
    found = minimize(loss, found.x, method="BFGS", options={"gtol": 1e-9})
    r, alpha, a, b = np.exp(found.x)
    return BgNbd(r=r, alpha=alpha * scale, a=a, b=b)

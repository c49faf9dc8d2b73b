"""Repeat purchase without a contract: BG/NBD for how often, Gamma-Gamma for how much.

Not for contracts, where leaving is seen: see `contracts`. Futures are drawn exactly. Whoever is
alive has λ ~ Gamma(r + x, α + T) and p ~ Beta(a, b + x); the purchases to come are the smaller of a
Poisson count and of the purchase after which he stops. Gaps in his own parameters are in the draws,
those of the whole population's are not: thousands of customers leave little of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final

import numpy as np
import pandas as pd

from churnlens.options import ValueOptions
from churnlens.schema import Frozen
from churnlens.tasks.clv.bg_nbd import BgNbd, fit_bg_nbd
from churnlens.tasks.clv.features import TIMES, WEEK
from churnlens.tasks.clv.gamma_gamma import GammaGamma, fit_gamma_gamma
from churnlens.tasks.clv.value import discounts

YEAR: Final = 12
MONTH_WEEKS: Final = 365.25 / 12 / WEEK
_CELLS: Final = 4_000_000  # draws that are held at once


class RepeatModel(Frozen):
    """The two submodels; times in weeks, amounts in the table's currency."""

    arm: ClassVar[str] = "bg_nbd"
    purchases: BgNbd
    amounts: GammaGamma

    def alive(self, rows: pd.DataFrame) -> np.ndarray:
        """Return P(still a customer), shape (n_customers,)."""
        return self.purchases.alive(*_times(rows))

    def amount(self, rows: pd.DataFrame) -> np.ndarray:
        """Return the expected amount of a purchase, shape (n_customers,)."""
        return self.amounts.spend(_column(rows, "frequency"), _column(rows, "repeat_mean"))

    def spend(self, rows: pd.DataFrame, days: float) -> np.ndarray:
        """Return the spend expected in the days from the cut on, shape (n_customers,)."""
        return self.purchases.purchases(days / WEEK, *_times(rows)) * self.amount(rows)

    def futures(
        self, rows: pd.DataFrame, days: float, draws: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Return drawn spends in the days from the cut on, shape (n_customers, draws)."""
        steps = np.array([days / WEEK])
        parts = _parts(rows, draws)
        return np.concatenate([draw_spend(self, p, steps, draws, rng)[..., 0] for p in parts])

    def monthly_spend(self, rows: pd.DataFrame, months: int) -> np.ndarray:
        """Return the spend expected in each month, shape (n_customers, months): no sums so far."""
        steps = np.arange(1, months + 1) * MONTH_WEEKS
        counts = [self.purchases.purchases(float(t), *_times(rows)) for t in steps]
        bought = np.diff(np.column_stack([np.zeros(len(rows)), *counts]), axis=1)
        return bought * self.amount(rows)[:, None]

    def unstopped_spend(self, rows: pd.DataFrame, months: int) -> np.ndarray:
        """Return the spend expected in each month of who is there and does not stop in a year.

        After the year he is who he was at the cut: still there, and stopping as before.

        Returns:
            Shape (n_customers, months).
        """
        m, (x, _, age) = self.purchases, _times(rows)
        steady = MONTH_WEEKS * (m.r + x) / (m.alpha + age) * self.amount(rows)
        later = self.monthly_spend(rows, max(1, months - YEAR)) / self.alive(rows)[:, None]
        return np.column_stack([*[steady] * YEAR, later])[:, :months]


def fit_repeat(rows: pd.DataFrame, weights: np.ndarray | None = None) -> RepeatModel:
    """Fit both submodels to the features of a cut; no target is needed.

    Args:
        rows: see `features_at`.
        weights: how often each customer counts.
    """
    x, mean = _column(rows, "frequency"), _column(rows, "repeat_mean")
    return RepeatModel(
        purchases=fit_bg_nbd(*_times(rows), weights), amounts=fit_gamma_gamma(x, mean, weights)
    )


def spend_amount_correlation(rows: pd.DataFrame) -> float:
    """Return the correlation of frequency and mean repeat amount: Gamma-Gamma wants none."""
    back = rows[rows["frequency"] > 0]
    return float(np.corrcoef(back["frequency"], back["repeat_mean"])[0, 1])


def draw_spend(
    model: RepeatModel,
    rows: pd.DataFrame,
    steps: np.ndarray,
    draws: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw futures of each customer.

    Args:
        model: fitted.
        rows: features of the customers.
        steps: rising times in weeks from the cut on, shape (n_steps,).
        draws: number of futures.
        rng: source of randomness.

    Returns:
        Spend between one step and the next, shape (n_customers, draws, n_steps).
    """
    m, size = model.purchases, (len(rows), draws)
    x, _, age = (values[:, None] for values in _times(rows))
    alive = rng.random(size) < model.alive(rows)[:, None]
    rate = rng.gamma(m.r + x, 1 / (m.alpha + age), size=size)
    last = rng.geometric(np.maximum(rng.beta(m.a, m.b + x, size=size), 1e-9))
    spans = np.diff(np.concatenate([[0.0], steps]))
    bought = np.cumsum(rng.poisson(rate[..., None] * spans), axis=-1)
    bought = np.minimum(bought, last[..., None]) * alive[..., None]
    counts = np.diff(bought, axis=-1, prepend=0)
    g, mean = model.amounts, _column(rows, "repeat_mean")[:, None]
    inverse = rng.gamma(g.q + g.p * x, 1 / (g.v + x * mean), size=size)
    return rng.gamma(g.p * counts) / inverse[..., None]


def value_intervals(
    model: RepeatModel,
    rows: pd.DataFrame,
    options: ValueOptions,
    level: float,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Return equal-tailed intervals of the discounted margin, shape (n_customers, 2)."""
    steps = np.arange(1, options.horizon_months + 1) * MONTH_WEEKS
    weights = options.margin * discounts(options)
    return _quantiles(model, rows, steps, weights, (level, draws, seed))


def _quantiles(
    model: RepeatModel,
    rows: pd.DataFrame,
    steps: np.ndarray,
    weights: np.ndarray,
    drawn: tuple[float, int, int],
) -> np.ndarray:
    level, draws, seed = drawn
    rng, tails = np.random.default_rng(seed), [(1 - level) / 2, (1 + level) / 2]
    parts = [
        np.quantile(draw_spend(model, part, steps, draws, rng) @ weights, tails, axis=1).T
        for part in _parts(rows, draws * len(steps))
    ]
    return np.concatenate(parts)


def _parts(rows: pd.DataFrame, cells: int) -> Iterator[pd.DataFrame]:
    size = max(1, _CELLS // cells)
    for start in range(0, len(rows), size):
        yield rows.iloc[start : start + size]


def _column(rows: pd.DataFrame, name: str) -> np.ndarray:
    return rows[name].to_numpy(float)


def _times(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, t_x, age = (_column(rows, name) for name in TIMES)
    return x, t_x, age

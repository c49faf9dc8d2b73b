"""Survival as a model of spend: bills of the months to come, while the customer stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import pandas as pd

from churnlens.options import SurvivalOptions
from churnlens.schema import Column, Frozen
from churnlens.tasks.clv.contract_rows import as_ledger
from churnlens.tasks.clv.survival import DiscreteHazard, fit_hazard, survival

MONTH_DAYS = 365.25 / 12
_KNOWN = 1e6  # degrees of freedom of a spread that is not in doubt


class ContractModel(Frozen):
    """The hazard of leaving; what is paid each month is the mean bill of the customer."""

    arm: ClassVar[str] = "survival"
    hazard: DiscreteHazard

    def alive(self, rows: pd.DataFrame) -> np.ndarray:
        """Return 1 for who is still there and 0 for who has left, shape (n_customers,)."""
        return 1.0 - rows["left"].to_numpy(float)

    def spend(self, rows: pd.DataFrame, days: float) -> np.ndarray:
        """Return the bills expected in the days from the cut on, shape (n_customers,)."""
        return self._stays(rows, days).sum(axis=1) * rows["charge"].to_numpy(float)

    def futures(
        self, rows: pd.DataFrame, days: float, draws: int, rng: np.random.Generator
    ) -> np.ndarray:
        """Return drawn bills in the days from the cut on, shape (n_customers, draws).

        Mean and spread of a customer's bills are known from few of them, which widens what is
        drawn: the sum of k new ones has Student's t with n - 1 degrees of freedom around k times
        the mean, scaled by spread √(k + k²/n). One bill alone takes the spread of others, as known.
        Bills that were all equal, if only two, have spread 0: what is drawn then differs only by
        how long the customer stays, which is too sure of customers with few bills.
        """
        charge, spread, bills = (
            rows[name].to_numpy(float)[:, None] for name in ("charge", "charge_spread", "bills")
        )
        size = (len(rows), draws)
        luck = rng.random(size)
        paid = sum((month[:, None] > luck).astype(float) for month in self._stays(rows, days).T)
        noise = rng.standard_t(np.broadcast_to(np.where(bills > 1, bills - 1, _KNOWN), size))
        return np.maximum(charge * paid + spread * np.sqrt(paid + paid**2 / bills) * noise, 0)

    def _stays(self, rows: pd.DataFrame, days: float) -> np.ndarray:
        months = max(1, round(days / MONTH_DAYS))
        stays = survival(self.hazard, rows, rows["months"].to_numpy(float), months)
        return stays * self.alive(rows)[:, None]


def contract_fit(
    columns: tuple[Column, ...], options: SurvivalOptions
) -> Callable[[pd.DataFrame], ContractModel]:
    """Return what fits a monthly hazard to the rows of one cut, see `contract_rows`."""
    monthly = options.model_copy(update={"period": 1})

    def fit(rows: pd.DataFrame) -> ContractModel:
        return ContractModel(hazard=fit_hazard(as_ledger(rows, columns), columns, monthly))

    return fit

"""Options of customer lifetime value: what is read, what value means, how models are fitted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from churnlens.options.base import Options


class TransactionOptions(Options):
    """Which rows of a transactions table count.

    Attributes:
        currency: ISO 4217 code of all amounts; rows that name another one are left out.
        end: last day that was observed; later rows are in the future. Without it: today, each time
            that it is asked, so that a run does not go stale over night.
        duplicates: what becomes of a row that repeats another one in every cell.
        longest_gap_days: a customer with a longer pause between two purchases is left out: an id
            that was given twice, or a mistyped year.
        most_excluded: share of rows left out above which the table is refused.
        least_customers: fewest customers that a model is fitted to.
    """

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    end: date | None = None
    duplicates: Literal["exclude", "keep"] = "exclude"
    longest_gap_days: int = Field(default=3650, ge=1)
    most_excluded: float = Field(default=0.5, ge=0, le=1)
    least_customers: int = Field(default=50, ge=2)

    @property
    def last_day(self) -> date:
        """Return `end`, or today in UTC."""
        return self.end or datetime.now(UTC).date()


class SplitOptions(Options):
    """Days at which features end and a target begins.

    Attributes:
        train: cuts of the training rows, rising; the last one also serves for choosing.
        test: cut of the test rows.
        days: length of the target, counted from the day of the cut.
    """

    train: tuple[date, ...] = Field(min_length=2)
    test: date
    days: int = Field(default=90, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        window = timedelta(days=self.days)
        for earlier, later in pairwise((*self.train, self.test)):
            if earlier + window > later:
                raise ValueError(
                    f"the target of cut {earlier} ends after {later}; expected cuts at least "
                    f"{self.days} days apart"
                )
        return self


class ValueOptions(Options):
    """What lifetime value means; every report names these.

    Attributes:
        horizon_months: months that are summed.
        discount_year: rate a year; a month's is (1 + rate)^(1/12) - 1.
        first: number of the first month: 1 pays at the end of a month, 0 at its beginning.
        margin: share of revenue that is left after costs that rise with it.
        monthly_cost: further cost of serving a customer for a month, while he stays.
        currency: ISO 4217 code. The cost of winning the customer is never part of the value.
    """

    horizon_months: int = Field(default=36, ge=1, le=600)
    discount_year: float = Field(default=0.1, ge=0, lt=10)
    first: Literal[0, 1] = 1
    margin: float = Field(default=1.0, gt=0, le=1)
    monthly_cost: float = Field(default=0.0, ge=0)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")


class ClvModelOptions(Options):
    """How the models of repeat purchase are fitted.

    Attributes:
        rounds: trees of the boosting models; `leaves` of each; `rate` their learning rate.
        tweedie_power: between 1 (Poisson) and 2 (Gamma).
        coverage: of the intervals.
        draws: simulated futures of each customer.
        trials: settings that are tried inside the training window; 0 keeps the ones given.
        resamples, seed: of bootstraps and everything drawn.
    """

    rounds: int = Field(default=600, ge=1)
    leaves: int = Field(default=3, ge=2)
    rate: float = Field(default=0.013, gt=0, le=1)
    tweedie_power: float = Field(default=1.3, gt=1, lt=2)
    coverage: float = Field(default=0.9, gt=0, lt=1)
    draws: int = Field(default=2000, ge=100)
    trials: int = Field(default=0, ge=0, le=30)
    resamples: int = Field(default=1000, ge=100)
    seed: int = 7


class SurvivalOptions(Options):
    """How survival of contracts is estimated.

    Attributes:
        penalty: ridge penalty of the discrete hazard's coefficients.
        period: months of a period of the discrete hazard; 12 for a table that says who left in a
            year, 1 for one that says in which month.
        folds: of the cross-validation.
        months: at which calibration is judged.
        groups: equal groups of customers by predicted survival in which it is judged.
        draws: models as uncertain as the fitted one, for intervals.
        seed: of folds and draws.
    """

    penalty: float = Field(default=1.0, gt=0)
    period: int = Field(default=1, ge=1, le=12)
    folds: int = Field(default=5, ge=2)
    months: tuple[int, ...] = (12, 24, 36)
    groups: int = Field(default=5, ge=1)
    draws: int = Field(default=200, ge=20)
    seed: int = 7


class SegmentOptions(Options):
    """Borders between segments.

    Attributes:
        high, low: shares of customers, from the most valuable on, that are of high value, and from
            the least valuable on, that are of low value.
        at_risk: probability of leaving from which a customer is at risk.
        lost: probability of having stopped from which a customer without contract counts as lost.
    """

    high: float = Field(default=0.2, gt=0, lt=1)
    low: float = Field(default=0.4, gt=0, lt=1)
    at_risk: float = Field(default=0.25, gt=0, lt=1)
    lost: float = Field(default=0.9, gt=0, le=1)

    @model_validator(mode="after")
    def _leaves_a_middle(self) -> Self:
        if self.high + self.low >= 1:
            raise ValueError(f"high {self.high:g} and low {self.low:g} leave no middle")
        return self


class RetentionOptions(Options):
    """How the list of whom to keep is made.

    Attributes:
        share: of customers, from the first of the list on, whose worth is judged.
        resamples, seed: of the bootstrap.
    """

    share: float = Field(default=0.1, gt=0, le=1)
    resamples: int = Field(default=2000, ge=100)
    seed: int = 7

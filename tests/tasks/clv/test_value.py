import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.options import ValueOptions
from churnlens.tasks.clv.value import (
    contribution,
    definition,
    discounts,
    lifetime_value,
    monthly_rate,
)

YEARLY = st.floats(min_value=0.001, max_value=2)
MONTHS = st.integers(min_value=1, max_value=240)


def value(months, year, first=1, survival=1.0, cash=7.0):
    options = ValueOptions(horizon_months=months, discount_year=year, first=first)
    stays = np.full((1, months), survival)
    return lifetime_value(stays, np.array(cash), np.array(0.0), options)[0]


@given(MONTHS, YEARLY, st.sampled_from([0, 1]))
def test_a_customer_who_never_leaves_is_an_annuity(months, year, first):
    d = (1 + year) ** (1 / 12) - 1
    closed = 7 * (1 - (1 + d) ** -months) / d * (1 + d) ** (1 - first)
    assert value(months, year, first) == pytest.approx(closed, rel=1e-9)


def test_a_year_of_months_is_the_rate_of_a_year():
    assert (1 + monthly_rate(0.1)) ** 12 == pytest.approx(1.1, rel=1e-12)
    assert monthly_rate(0.1) == pytest.approx(0.0079741, abs=1e-7)


def test_a_yearly_rate_taken_for_a_monthly_one_would_cost_two_thirds():
    wrong = sum(1.1**-t for t in range(1, 37))
    assert value(36, 0.1, cash=1.0) / wrong == pytest.approx(3.22, abs=0.01)


@given(MONTHS, YEARLY, st.floats(min_value=0.001, max_value=1))
def test_value_falls_with_the_rate_and_rises_with_the_horizon(months, year, more):
    assert value(months, year + more) < value(months, year)
    assert value(months + 1, year) > value(months, year)


@given(MONTHS, MONTHS, YEARLY, st.integers(min_value=0, max_value=99))
def test_horizons_add_up(one, two, year, seed):
    stays = np.cumprod(np.random.default_rng(seed).uniform(0.8, 1, (3, one + two)), axis=1)
    whole, first = (ValueOptions(horizon_months=n, discount_year=year) for n in (one + two, one))
    rest = stays[:, one:] @ discounts(whole)[one:]
    total = lifetime_value(stays, np.array(1.0), np.array(0.0), whole)
    parts = lifetime_value(stays[:, :one], np.array(1.0), np.array(0.0), first) + rest
    assert np.abs(total - parts).max() < 1e-9


def test_money_of_the_first_month_is_not_discounted_from_zero():
    assert value(1, 0.5, first=0) == 7
    assert value(1, 0.5, first=1) == pytest.approx(7 / 1.5 ** (1 / 12))


def test_costs_are_a_share_of_revenue_and_a_fixed_part():
    options = ValueOptions(margin=0.4, monthly_cost=3)
    revenue, cost = contribution(np.array([10.0]), options)
    assert (revenue - cost).tolist() == [1.0]


@pytest.mark.parametrize(
    "stays", [np.full((2, 3), 1.0), np.full((2, 36), 1.1), np.full((2, 36), np.nan)]
)
def test_a_survival_that_is_none_is_refused(stays):
    with pytest.raises(ValueError, match="expected"):
        lifetime_value(stays, np.array(1.0), np.array(0.0), ValueOptions())


def test_the_definition_names_all_of_it():
    text = definition(ValueOptions(horizon_months=24, margin=0.3, first=0, currency="EUR"))
    for part in ("24 months", "EUR", "10 % a year", "0.7974 %", "beginning", "30 %", "winning"):
        assert part in text.en
    for part in ("24 个月", "EUR", "年利率 10%", "0.7974%", "月初", "30%", "获客成本"):
        assert part in text.zh
    by_costs = definition(ValueOptions(), 0.25)
    assert "25.0 %" in by_costs.en and "25.0%" in by_costs.zh

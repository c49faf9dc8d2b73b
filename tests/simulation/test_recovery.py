"""An analyst who fits the right model to the simulated table must find what was planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from churnlens.simulation.churn import ODDS_RATIOS, ODDS_RATIOS_PER_UNIT, draw_customers

SEEDS = range(40)
ROWS = 50_000
PLANTED = {**ODDS_RATIOS, "tenure": ODDS_RATIOS_PER_UNIT["tenure"]}


def _table(seed: int) -> pd.DataFrame:
    table, _, _ = draw_customers(ROWS, *map(np.random.default_rng, ([seed, 1], [seed, 2])))
    return table


def _fit(table: pd.DataFrame, *more: str):
    """Adjusted logistic regression on all attributes: dummies, and numbers as they are."""
    columns = {}
    for key in ODDS_RATIOS:
        name, value = key.split("=")
        columns[key] = (table[name] == value).astype(float)
    for name in ("tenure", *more):
        columns[name] = table[name].astype(float)
    design = sm.add_constant(pd.DataFrame(columns))
    return sm.Logit((table.Churn == "Yes").astype(float), design).fit(disp=0)


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    """(estimate - planted) / standard error: one row a seed, one column a term."""
    truth = np.log(pd.Series(PLANTED))
    fits = [_fit(_table(seed)) for seed in SEEDS]
    return pd.DataFrame([(fit.params[truth.index] - truth) / fit.bse[truth.index] for fit in fits])


@pytest.mark.slow
def test_intervals_cover_the_planted_odds_ratios(scores):
    covered = (scores.abs() < 1.959964).to_numpy()
    assert 0.92 <= covered.mean() <= 0.98


@pytest.mark.slow
def test_no_term_is_biased(scores):
    standard_error = 1 / np.sqrt(len(scores))
    assert (scores.mean().abs() < 3.5 * standard_error).all(), scores.mean()
    assert scores.to_numpy().std() == pytest.approx(1.0, abs=0.08)


def test_one_large_table_gives_every_driver_its_size():
    fit = _fit(pd.concat([_table(seed) for seed in (100, 101)]))
    for key, ratio in PLANTED.items():
        assert np.exp(fit.params[key]) == pytest.approx(ratio, rel=0.15), key


def test_price_has_no_effect_of_its_own_and_leaves_fiber_alone():
    """Crude, price goes with churn; given the services it must not."""
    tables = pd.concat([_table(seed) for seed in (200, 201, 202, 203)])
    churn = (tables.Churn == "Yes").astype(float)
    crude = sm.Logit(churn, sm.add_constant(tables[["MonthlyCharges"]])).fit(disp=0)
    assert crude.params["MonthlyCharges"] / crude.bse["MonthlyCharges"] > 20
    adjusted = _fit(tables, "MonthlyCharges")
    assert abs(adjusted.params["MonthlyCharges"] / adjusted.bse["MonthlyCharges"]) < 3
    low, high = np.exp(adjusted.conf_int(0.01).loc["InternetService=Fiber optic"])
    assert low < ODDS_RATIOS["InternetService=Fiber optic"] < high
    assert high / low < 2.5, "the price-adjusted odds ratio is identified"


def test_gender_is_null_even_crude():
    table = _table(300)
    rates = (table.Churn == "Yes").groupby(table.gender).mean()
    assert abs(rates["Male"] - rates["Female"]) < 4 * np.sqrt(0.195 * 4 / ROWS)

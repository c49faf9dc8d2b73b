"""The acceptance bars on the demo telco table: 200 cohorts with known truth, 200 shuffled ones."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlens.evidence.drivers import build_panel, find_drivers
from churnlens.evidence.query import select
from churnlens.schema import Condition, read_schema
from churnlens.simulation.churn import ODDS_RATIOS, ODDS_RATIOS_PER_UNIT, draw_customers
from churnlens.tasks.churn.truth import judge_drivers, summarize_drivers

SCHEMA = read_schema(Path(__file__).parents[2] / "conf" / "base" / "schemas" / "telco.yml")


def _is(column, value, op="eq"):
    return Condition(column=column, op=op, value=value)


FIBER, MONTHLY = _is("InternetService", "Fiber optic"), _is("Contract", "Month-to-month")
COHORTS = (
    (),
    (FIBER,),
    (MONTHLY,),
    (FIBER, MONTHLY),
    (_is("InternetService", "DSL"),),
    (_is("PaymentMethod", "Electronic check"),),
    (_is("tenure", 12, "le"),),
    (_is("tenure", 48, "ge"),),
    (_is("SeniorCitizen", "1"), FIBER),
    (_is("gender", "Female"), _is("Dependents", "Yes")),
)
CHARGES = "MonthlyCharges"  # no confounder, so its effect is not that of the declared model


def demo_table(seed):
    """Return 7,043 simulated customers as a validated table."""
    streams = (np.random.default_rng([seed, stream]) for stream in (1, 2))
    table, _, _ = draw_customers(7043, *streams)
    types = {
        column.name: float if column.kind == "number" else str for column in SCHEMA.attributes()
    }
    keys = [f"{seed}-{row}" for row in range(len(table))]
    return table.astype(types).assign(customerID=keys)


TRUTH = {"odds_ratios": ODDS_RATIOS, "odds_ratios_per_unit": ODDS_RATIOS_PER_UNIT}


@pytest.fixture(scope="module")
def found():
    """One table a cohort, 200 of them: every candidate with its verdict, truth and estimate."""
    judged = []
    for seed, cohort in itertools.product(range(20), range(len(COHORTS))):
        if cohort == 0:
            table = demo_table(seed)
            panel = build_panel(table, SCHEMA)
        mask = select(COHORTS[cohort], table)
        inside = table[mask].reset_index(drop=True)
        fixed = [condition.column for condition in COHORTS[cohort]]
        drivers = find_drivers(panel, mask, defined_by=fixed)
        units = [driver.per_unit for driver in drivers]
        judged.append(
            judge_drivers(drivers, inside, SCHEMA, TRUTH).assign(
                unit_low=[unit.low if unit else np.nan for unit in units],
                unit_high=[unit.high if unit else np.nan for unit in units],
            )
        )
    return judged


@pytest.mark.slow
def test_planted_drivers(found):
    figures = summarize_drivers(found, SCHEMA)
    assert figures.cohorts == 200
    assert figures.precision.n >= 0.9 * 3 * 200, "nearly every cohort has three to name"
    assert figures.precision.value >= 0.95
    assert figures.sign.value >= 0.95
    assert 0.93 <= figures.coverage.value <= 0.97
    rows = pd.concat(found)
    assert (rows[rows.reported].planted > 0).mean() >= 0.93, "and beyond the first three"
    assert "gender" not in set(rows[rows.reported & (rows["rank"] < 3)].column)


@pytest.mark.slow
def test_interval_coverage_of_clear_effects_and_of_units(found):
    rows = pd.concat(found)
    clear = rows[(rows.column != CHARGES) & (rows.planted.abs() > np.log(1.2))].dropna(
        subset=["value"]
    )
    assert 0.93 <= clear.planted.between(clear.low, clear.high).mean() <= 0.97
    units = pd.concat(
        each[(each.column == "tenure") & each.unit_low.notna()].iloc[:1] for each in found
    )
    per_month = ODDS_RATIOS_PER_UNIT["tenure"]
    assert 0.92 <= ((units.unit_low <= per_month) & (per_month <= units.unit_high)).mean() <= 0.985


@pytest.mark.slow
def test_shuffled_churn_has_no_drivers():
    table, rng = demo_table(seed=99), np.random.default_rng(1)
    cohorts = [select(COHORTS[place], table) for place in (0, 3)]
    reported = []
    for _ in range(100):
        shuffled = table.assign(Churn=rng.permutation(table.Churn.to_numpy(object)))
        panel = build_panel(shuffled, SCHEMA)
        reported += [any(d.reported for d in find_drivers(panel, mask)) for mask in cohorts]
    assert np.mean(reported) <= 0.02

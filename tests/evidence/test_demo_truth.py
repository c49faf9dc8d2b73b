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
from evidence.planted import true_effect

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


def planted_parts(table):
    """Return column → its part of the true linear predictor."""
    parts = {"tenure": np.log(ODDS_RATIOS_PER_UNIT["tenure"]) * table.tenure.to_numpy()}
    for key, odds in ODDS_RATIOS.items():
        column, value = key.split("=", 1)
        part = np.log(odds) * (table[column] == value).to_numpy(float)
        parts[column] = parts.get(column, 0.0) + part
    return parts


@pytest.fixture(scope="module")
def found():
    """One row a candidate of 200 cohorts: rank, verdict, estimate and truth (log odds)."""
    rows = []
    for seed, cohort in itertools.product(range(20), range(len(COHORTS))):
        if cohort == 0:
            table = demo_table(seed)
            panel = build_panel(table, SCHEMA)
        mask = select(COHORTS[cohort], table)
        inside = table[mask].reset_index(drop=True)
        parts = planted_parts(inside)
        fixed = [condition.column for condition in COHORTS[cohort]]
        for rank, driver in enumerate(find_drivers(panel, mask, defined_by=fixed)):
            members = select(driver.candidate.conditions, inside)
            column, adjusted = driver.candidate.column, driver.adjusted
            rows.append(
                {
                    "cohort": f"{seed}-{cohort}",
                    "rank": rank,
                    "reported": driver.reported,
                    "column": column,
                    "truth": true_effect(inside, SCHEMA, members, column, parts),
                    "value": np.log(adjusted.value) if adjusted else np.nan,
                    "low": np.log(adjusted.low) if adjusted else np.nan,
                    "high": np.log(adjusted.high) if adjusted else np.nan,
                    "unit_low": driver.per_unit.low if driver.per_unit else np.nan,
                    "unit_high": driver.per_unit.high if driver.per_unit else np.nan,
                }
            )
    return pd.DataFrame(rows)


@pytest.mark.slow
def test_planted_drivers(found):
    first = found[found.reported & (found["rank"] < 3)]
    assert found.cohort.nunique() == 200
    assert len(first) >= 0.9 * 3 * 200, "nearly every cohort has three to name"
    assert (first.truth > 0).mean() >= 0.95
    assert (found[found.reported].truth > 0).mean() >= 0.93, "and beyond the first three"
    assert "gender" not in set(first.column)


@pytest.mark.slow
def test_signs_and_interval_coverage(found):
    known = found[(found.column != CHARGES) & found.value.notna() & found.truth.notna()]
    covered = (known.low <= known.truth) & (known.truth <= known.high)
    effects = known[known.truth.abs() > np.log(1.2)]
    assert 0.93 <= covered.mean() <= 0.97
    assert 0.93 <= covered[effects.index].mean() <= 0.97
    assert (np.sign(effects.value) == np.sign(effects.truth)).mean() >= 0.95
    units = found[(found.column == "tenure") & found.unit_low.notna()].groupby("cohort").first()
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

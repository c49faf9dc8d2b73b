"""Known facts of the public telco table, with the models that give them."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlens.evidence.cohort import gate, summarize_cohort
from churnlens.evidence.drivers import build_panel, find_drivers, membership_effect
from churnlens.evidence.logistic import fit_logistic
from churnlens.evidence.query import select
from churnlens.schema import Condition, read_schema

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", ROOT.parent / "shared" / "data"))
FILE = REAL / "telco_feedback" / "telco_churn_with_feedback.csv"
SCHEMA = read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")


def _is(column, value, op="eq"):
    return Condition(column=column, op=op, value=value)


FIBER = (_is("InternetService", "Fiber optic"),)
MONTHLY = (_is("Contract", "Month-to-month"),)
CHECK = (_is("PaymentMethod", "Electronic check"),)
FIRST_YEAR = (_is("tenure", 1, "ge"), _is("tenure", 12, "le"))
COHORTS = {
    "all": (),
    "fiber": FIBER,
    "monthly": MONTHLY,
    "check": CHECK,
    "first year": FIRST_YEAR,
    "fiber monthly": FIBER + MONTHLY,
    "seniors": (_is("SeniorCitizen", "1"),),
    "long tenure": (_is("tenure", 48, "ge"),),
    "two year": (_is("Contract", "Two year"),),
    "dsl": (_is("InternetService", "DSL"),),
    "no internet": (_is("InternetService", "No"),),
}


@pytest.fixture(scope="module")
def table():
    if not FILE.exists():
        pytest.skip(f"no real telco table in {REAL}; set CHURNLENS_REAL_DATA to run this test")
    raw = pd.read_csv(FILE, dtype=str, keep_default_na=False)
    numbers = [column.name for column in SCHEMA.columns if column.kind == "number"]
    return raw.assign(
        **{name: pd.to_numeric(raw[name].str.strip().replace("", "0")) * 1.0 for name in numbers}
    )


@pytest.fixture(scope="module")
def panel(table):
    return build_panel(table, SCHEMA)


def reported(panel, table, filters, outcome="left"):
    fixed = [condition.column for condition in filters]
    drivers = find_drivers(panel, select(filters, table), outcome, defined_by=fixed)
    return {driver.candidate.name: driver for driver in drivers if driver.reported}


@pytest.mark.parametrize(
    ("filters", "size", "rate"),
    [(FIBER, 3096, 0.419), (MONTHLY, 3875, 0.427), (CHECK, 2365, 0.453), (FIRST_YEAR, 2175, 0.477)],
)
def test_known_rates(panel, table, filters, size, rate):
    figures = summarize_cohort(select(filters, table), panel.left)
    assert figures.size == size
    assert figures.rate.value == pytest.approx(rate, abs=0.0005)
    assert gate(figures) == ""


def test_the_first_year_depends_on_its_definition(panel, table):
    """47.7 % leaves out the 11 customers of tenure 0; with them it is 47.4 %."""
    rates = [
        panel.left[mask].mean()
        for mask in (table.tenure.between(1, 12), table.tenure <= 12, table.tenure < 12)
    ]
    assert np.round(rates, 3).tolist() == [0.477, 0.474, 0.483]


@pytest.mark.parametrize("outcome", ["left", "stayed"])
@pytest.mark.parametrize("cohort", COHORTS)
def test_gender_is_never_a_driver(panel, table, cohort, outcome):
    assert not [n for n in reported(panel, table, COHORTS[cohort], outcome) if "gender" in n]


def test_drivers_of_the_whole_table(panel, table):
    names = list(reported(panel, table, ()))
    assert set(names[:3]) == {"Contract=Month-to-month", "tenure<12", "InternetService=Fiber optic"}
    assert {"OnlineSecurity=No", "TechSupport=No", "PaymentMethod=Electronic check"} <= set(names)
    assert not [name for name in names if name.startswith("PhoneService")]


def test_fiber_stands_beside_its_adjusted_and_price_adjusted_odds_ratio(panel, table):
    """Price explains a good part of the fiber effect, and both figures stand side by side.

    Twelve plain flags give 2.72 and, at an equal charge, 1.60 [1.13, 2.26]; here every level and
    the bends of the numbers are held equal too. With all services among the confounders, charge
    and fiber cannot be told apart: 5.6 [1.2, 27].
    """
    found = membership_effect(panel, select(FIBER, table), defined_by=["InternetService"])
    assert found.odds_ratio.value == pytest.approx(4.25, abs=0.01)
    assert found.adjusted.value == pytest.approx(2.81, abs=0.01)
    money = found.money_adjusted
    assert (money.value, money.low, money.high) == pytest.approx((1.86, 1.27, 2.74), abs=0.01)
    assert found.money_vif > 5
    assert found.collinear


def test_phone_service_changes_its_sign_and_is_not_reported(panel, table):
    drivers = find_drivers(panel, np.ones(len(table), dtype=bool))
    phone = next(d for d in drivers if d.candidate.name == "PhoneService=Yes")
    assert phone.odds_ratio.value > 1 > phone.adjusted.value
    assert phone.sign_change
    assert not phone.reported


def test_published_odds_ratios_come_from_twelve_flags(table):
    """Fiber 2.72 and, with the charge, 1.60 [1.13, 2.26]: yes/no flags, line of tenure.

    The model has twelve attributes: no multiple lines, backup, protection or movies. The charge
    then stands for those left out, which is why it takes so much from fiber; with all attributes
    it does not (see above). The 11 customers of tenure 0 are left out.
    """
    rows = table[table.tenure > 0]
    flags = {
        "InternetService": "Fiber optic",
        "Contract": "Month-to-month",
        "PaymentMethod": "Electronic check",
        "OnlineSecurity": "No",
        "TechSupport": "No",
        "gender": "Female",
        "PhoneService": "Yes",
        "SeniorCitizen": "1",
        "PaperlessBilling": "Yes",
        "StreamingTV": "Yes",
    }
    x = [np.ones(len(rows)), *(rows[name] == value for name, value in flags.items())]
    x += [rows.InternetService == "No", rows.tenure / 12]
    left = (rows.Churn == "Yes").to_numpy()
    plain = fit_logistic(np.column_stack(x).astype(float), left)
    priced = fit_logistic(np.column_stack([*x, rows.MonthlyCharges]).astype(float), left)
    assert np.exp(plain.coefficients[1]) == pytest.approx(2.72, abs=0.005)
    half = 1.96 * np.sqrt(np.diag(priced.covariance))
    fiber, monthly, check = (
        np.exp([priced.coefficients[i] + side * half[i] for side in (0, -1, 1)]) for i in (1, 2, 3)
    )
    assert fiber == pytest.approx([1.60, 1.13, 2.26], abs=0.006)
    assert monthly == pytest.approx([2.35, 1.93, 2.87], abs=0.006)
    assert check == pytest.approx([1.44, 1.26, 1.65], abs=0.006)
    assert np.exp(priced.coefficients[7]) == pytest.approx(0.44, abs=0.006), "phone service"


def test_shuffled_churn_has_no_drivers(table):
    rng, found = np.random.default_rng(3), []
    for _ in range(30):
        shuffled = table.assign(Churn=rng.permutation(table.Churn.to_numpy(object)))
        found.append(bool(reported(build_panel(shuffled, SCHEMA), shuffled, ())))
    assert np.mean(found) <= 0.05

from datetime import date

import numpy as np
import pandas as pd
import pytest

from churnlens.options import SurvivalOptions, TransactionOptions, ValueOptions
from churnlens.tasks.clv.contract_value import contract_values, score_survival
from churnlens.tasks.clv.contracts import (
    contract_ledger,
    ledger_of_bills,
    ledger_of_invoices,
    ledger_predictors,
)
from churnlens.tasks.clv.presets import load_preset
from churnlens.tasks.clv.readers import TransactionError, take_columns
from churnlens.tasks.clv.survival import fit_hazard
from churnlens.tasks.clv.transactions import check_transactions

YEARLY = SurvivalOptions(period=12)


def test_a_ledger_of_the_customer_table(demo, schema):
    ledger = contract_ledger(demo.table, schema)
    assert ledger["months"].tolist() == demo.table["tenure"].tolist()
    assert ledger["left"].sum() == (demo.table["Churn"] == "Yes").sum()
    assert not ledger["entry"].any()


def test_sums_of_past_charges_never_predict_even_if_offered(demo, schema):
    offered = schema.model_copy(
        update={
            "columns": tuple(
                c.model_copy(update={"driver": True}) if c.name == "TotalCharges" else c
                for c in schema.columns
            )
        }
    )
    names = [column.name for column in ledger_predictors(demo.table, offered)]
    assert "TotalCharges" not in names and "tenure" not in names and "MonthlyCharges" in names


def test_a_schema_without_time_or_nobody_who_left_is_refused(demo, schema):
    with pytest.raises(TransactionError, match="names no time or no money"):
        contract_ledger(demo.table, schema.model_copy(update={"time": ""}))
    with pytest.raises(TransactionError, match="got 0 customers who left"):
        contract_ledger(demo.table.assign(Churn="No"), schema)
    with pytest.raises(TransactionError, match="first watched after"):
        contract_ledger(demo.table, schema, demo.table["tenure"].to_numpy() + 1)


def test_a_ledger_of_bills(demo):
    ledger, bills = demo.ledger, demo.year.bills
    paid = bills.groupby("customer_id").size().reindex(ledger["customer_id"], fill_value=0)
    watched = ledger["months"] - ledger["entry"]
    assert (watched == paid.to_numpy() + ledger["left"]).all()
    assert (watched[~ledger["left"]] == 12).all()
    assert ledger["charge"].notna().all() and ledger["margin"].between(0, 1).all()
    assert (ledger["margin_error"] > 0).all()


def test_bills_of_strangers_are_refused(demo, schema):
    bills = demo.year.bills.assign(customer_id="nobody")
    with pytest.raises(TransactionError, match="bills of 1 customers who are not in the table"):
        ledger_of_bills(demo.table, bills, schema)


@pytest.fixture(scope="module")
def hazard(demo):
    return fit_hazard(demo.ledger, demo.columns, YEARLY)


@pytest.fixture(scope="module")
def values(demo, hazard):
    return contract_values(hazard, demo.ledger, ValueOptions(), draws=60)


def test_the_planted_value_is_recovered(demo, values):
    truth = demo.year.truth_rows
    assert values["customer_id"].tolist() == truth["customer_id"].tolist()
    here = ~truth["left"].to_numpy()
    found, true = values["clv"][here], truth["clv"][here]
    assert (np.abs(found - true) / true).mean() <= 0.15
    assert found.corr(true, method="spearman") >= 0.90
    inside = (values["clv_low"] <= truth["clv"]) & (truth["clv"] <= values["clv_high"])
    assert 0.84 <= inside[here].mean() <= 0.96
    assert (values["p_leave"] - truth["p_leave"])[here].abs().mean() < 0.04
    at_risk = (truth["clv_kept"] - truth["clv"])[here]
    assert values["value_at_risk"][here].corr(at_risk, method="spearman") > 0.95


def test_a_payment_at_the_beginning_of_the_first_month_is_certain(demo, hazard):
    ledger = demo.ledger[~demo.ledger["left"]].head(50)
    once = ValueOptions(horizon_months=1, first=0)
    found = contract_values(hazard, ledger, once, draws=20)
    assert found["clv"].to_numpy() == pytest.approx(
        (ledger["charge"] * ledger["margin"]).to_numpy()
    )
    two, one = (
        contract_values(hazard, ledger, ValueOptions(horizon_months=n, first=f), draws=20)["clv"]
        for n, f in ((2, 0), (1, 1))
    )
    assert two.to_numpy() == pytest.approx((found["clv"] + one).to_numpy())


def test_the_same_money_in_two_bills_a_month_is_the_same_ledger(demo, schema):
    bills = demo.year.bills
    halves = bills.loc[bills.index.repeat(2)]
    halves = halves.assign(amount=halves["amount"] / 2, cost=halves["cost"] / 2)
    once, twice = (ledger_of_bills(demo.table, each, schema) for each in (bills, halves))
    pd.testing.assert_frame_equal(once, twice)


def test_a_customer_who_breaks_even_has_an_error_and_spoils_no_others(demo, schema):
    bills = demo.year.bills
    one = bills["customer_id"].value_counts().index[0]
    mine = bills["customer_id"] == one
    cost = np.where(np.arange(mine.sum()) % 2, 60.0, 40.0)
    even = bills.assign(amount=bills["amount"].mask(mine, 50.0))
    even.loc[mine, "cost"] = cost
    ledger = ledger_of_bills(demo.table, even, schema).set_index("customer_id")
    assert ledger.loc[one, "margin"] == pytest.approx(0)
    assert ledger.loc[one, "margin_error"] == pytest.approx(cost.std(ddof=1) / 50 / np.sqrt(12))
    assert np.isfinite(ledger["margin_error"]).all() and ledger["margin_error"].max() < 1


def test_a_month_that_is_free_leaves_errors_finite(demo, schema):
    bills = demo.year.bills
    one = bills["customer_id"].value_counts().index[0]
    free = bills.assign(amount=bills["amount"].mask(bills["customer_id"] == one, 0.0))
    ledger = ledger_of_bills(demo.table, free, schema)
    assert np.isfinite(ledger[["margin", "margin_error"]]).all(axis=None)


def test_an_interval_rests_on_nobody_else_and_on_no_order(demo, hazard):
    whole = contract_values(hazard, demo.ledger, ValueOptions(), draws=40).set_index("customer_id")
    mixed = demo.ledger[~demo.ledger["left"]].sample(60, random_state=3)
    some = contract_values(hazard, mixed, ValueOptions(), draws=40).set_index("customer_id")
    pd.testing.assert_frame_equal(some, whole.loc[some.index])


def test_who_has_left_is_worth_nothing(demo, values):
    gone = values[demo.ledger["left"].to_numpy()]
    assert not gone[["clv", "clv_low", "clv_high", "value_at_risk", "p_stay"]].to_numpy().any()
    assert (gone["p_leave"] == 1).all()


def test_models_are_scored_on_customers_that_they_have_not_seen(demo, schema):
    ledger = contract_ledger(demo.table, schema)
    floor, cox, hazard = score_survival(ledger, demo.columns, SurvivalOptions(folds=2))
    assert floor.concordance.difference.value == 0.5
    assert min(cox.concordance.difference.value, hazard.concordance.difference.value) > 0.75
    assert {each.month for each in cox.calibration} == {12, 24, 36}
    assert max(cox.largest_gap, hazard.largest_gap) < 12


def test_the_real_table_is_ranked_and_calibrated(real_table, schema):
    from churnlens.datasets import RawTableDataset
    from churnlens.pipelines.data_processing.validation import find_faults

    table, faults = find_faults(RawTableDataset(filepath=str(real_table)).load(), schema)
    assert not faults
    ledger = contract_ledger(table, schema)
    _, cox, hazard = score_survival(
        ledger, ledger_predictors(table, schema), SurvivalOptions(folds=2)
    )
    for scores in (cox, hazard):
        assert scores.concordance.difference.value >= 0.86
        assert scores.largest_gap <= 5


def subscriptions(accounts=600, months=30, hazard=0.04, seed=6):
    """Monthly invoices of accounts that leave at a constant hazard."""
    rng, rows = np.random.default_rng(seed), []
    for number in range(accounts):
        start = rng.integers(0, 12)
        for month in range(start, min(months, start + rng.geometric(hazard))):
            day = pd.Timestamp("2022-01-05") + pd.DateOffset(months=int(month))
            rows.append((f"A{number}", day.date().isoformat(), "99.5", "USD", f"{number}-{month}"))
    names = ["account_id", "invoice_date", "amount", "currency", "invoice_id"]
    return pd.DataFrame(rows, columns=names)


def test_software_by_subscription_from_invoices_to_value(project):
    preset = load_preset(project / "conf/base/clv/saas.yml")
    end = date(2024, 6, 30)
    taken = take_columns(subscriptions(), preset.columns)
    transactions, report = check_transactions(taken, TransactionOptions(end=end))
    assert not any(report.excluded.values())
    ledger = ledger_of_invoices(transactions, end, preset.grace_days)
    model = fit_hazard(ledger, (), SurvivalOptions())
    found = contract_values(model, ledger, preset.value, draws=40)
    here = found[~ledger["left"].to_numpy()]
    d, stay = 1.1 ** (1 / 12), 0.96
    true = 99.5 * 0.8 * sum((stay / d) ** t for t in range(1, 37))
    assert here["clv"].mean() == pytest.approx(true, rel=0.12)
    assert ((here["clv_low"] <= true) & (true <= here["clv_high"])).mean() > 0.5


@pytest.mark.parametrize("name", ["retail", "saas", "finance", "telecom"])
def test_every_preset_is_read(project, name):
    preset = load_preset(project / f"conf/base/clv/{name}.yml")
    assert preset.name == name and preset.kind in ("repeat", "contract")

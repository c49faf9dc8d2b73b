"""Contracts at cuts in time: rows, survival as a model of spend, and values of a file."""

from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from churnlens.datasets.shards import ShardStore
from churnlens.options import (
    ClvFinetuningOptions,
    ClvModelOptions,
    SegmentOptions,
    SurvivalOptions,
    TransactionOptions,
)
from churnlens.tasks.clv.arms import arms, coverage, predict_arms, spend_intervals
from churnlens.tasks.clv.contract_arm import ContractModel, contract_fit
from churnlens.tasks.clv.contract_rows import columns_in, contract_rows, read_columns
from churnlens.tasks.clv.contract_value import score_survival
from churnlens.tasks.clv.customer_values import (
    VALUE_COLUMNS,
    ValueRows,
    fit_values,
    value_customers,
)
from churnlens.tasks.clv.features import target_at
from churnlens.tasks.clv.many import value_in_shards
from churnlens.tasks.clv.predict import (
    PREDICTED,
    name_rows,
    not_valued,
    read_transactions,
    value_purchases,
)
from churnlens.tasks.clv.presets import Preset
from churnlens.tasks.clv.readers import TransactionError
from churnlens.tasks.clv.survival import fit_hazard
from churnlens.tasks.clv.transactions import check_transactions
from tasks.clv.clv_support import raw

CUTS = (date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1))
OPTIONS = ClvFinetuningOptions(
    models=ClvModelOptions(rounds=30, draws=100),
    survival=SurvivalOptions(draws=20),
    segments=SegmentOptions(),
)
TELECOM = Preset(name="telecom", noun={"en": "c", "zh": "客"}, kind="contract", table=True)


@pytest.fixture(scope="module")
def purchases(demo):
    bills = demo.year.bills.astype(str)
    return check_transactions(bills, TransactionOptions())[0]


@pytest.fixture(scope="module")
def columns(demo, schema):
    return columns_in(demo.ledger, schema)


@pytest.fixture(scope="module")
def at(demo, purchases, columns):
    def rows(cut):
        found = contract_rows(purchases, cut, 45, demo.ledger, columns)
        target = target_at(purchases, found["customer_id"], cut, 90)
        return found.assign(target=target, cut=cut.isoformat())

    return {cut: rows(cut) for cut in CUTS}


@pytest.fixture(scope="module")
def model(demo, at, purchases, columns):
    train = pd.concat([at[cut] for cut in CUTS[:2]], ignore_index=True)
    current = contract_rows(purchases, date(2026, 1, 1), 45, demo.ledger, columns)
    rows = ValueRows(train, current, 90, demo.ledger, columns)
    return fit_values(rows, TELECOM, OPTIONS), current


def test_a_quarter_has_three_bills_at_every_cut(at):
    for rows in at.values():
        here = rows[~rows["left"] & (rows["frequency"] >= 2)]
        assert set(here["purchases_90d"]) == {3.0}


def test_who_left_before_the_cut_is_known_and_pays_nothing_after_it(at, demo):
    rows = at[CUTS[2]]
    assert rows["left"].any() and not rows.loc[rows["left"], "target"].any()
    stayed = set(demo.ledger.loc[~demo.ledger["left"], "customer_id"])
    assert not stayed & set(rows.loc[rows["left"], "customer_id"])


def test_months_count_from_the_first_day_and_nothing_later_is_known(at, demo, purchases):
    rows = at[CUTS[0]].set_index("customer_id")
    tenure = demo.table.set_index(demo.table["customerID"].astype(str))["tenure"]
    here = rows[~rows["left"]]
    assert (here["months"] == tenure[here.index] + 3).all()
    early = purchases[purchases["date"] < pd.Timestamp(CUTS[0])]
    again = contract_rows(early, CUTS[0], 45, demo.ledger, columns_of(at))
    assert again.set_index("customer_id")["bills"].between(1, 3).all()
    names = [name for name in again if name != "customer_id"]
    pd.testing.assert_frame_equal(again.set_index("customer_id")[names], rows[names])


def columns_of(at):
    from churnlens.schema import read_schema
    from conftest import ROOT

    schema = read_schema(ROOT / "conf/base/schemas/telco.yml")
    return columns_in(at[CUTS[0]].drop(columns="tenure", errors="ignore"), schema)


def test_the_mean_of_drawn_bills_is_what_survival_expects(at, columns):
    rows = at[CUTS[1]]
    fitted = contract_fit(columns, SurvivalOptions())(rows)
    drawn = fitted.futures(rows, 90, 400, np.random.default_rng(1))
    assert drawn.mean() == pytest.approx(fitted.spend(rows, 90).mean(), rel=0.01)
    assert not fitted.spend(rows, 90)[rows["left"].to_numpy()].any()
    assert fitted.spend(rows, 90).sum() == pytest.approx(rows["target"].sum(), rel=0.05)


@pytest.mark.parametrize(("bills", "law"), [(1, stats.norm()), (3, stats.t(2)), (9, stats.t(8))])
def test_drawn_bills_are_as_wide_as_the_few_known_ones_leave_in_doubt(monkeypatch, bills, law):
    monkeypatch.setattr(ContractModel, "_stays", lambda *_: np.ones((1, 3)))
    rows = pd.DataFrame({"charge": [1000.0], "charge_spread": [10.0], "bills": [float(bills)]})
    model = ContractModel.model_construct()
    drawn = model.futures(rows, 90, 200_000, np.random.default_rng(1))[0]
    scale = 10 * np.sqrt(3 + 9 / bills)
    for share in (0.05, 0.5, 0.95):
        expected = 3000 + scale * law.ppf(share)
        assert np.quantile(drawn, share) == pytest.approx(expected, abs=0.02 * scale)


def test_intervals_of_the_level_that_was_needed_hold_as_much_with_more_bills_known(monkeypatch):
    monkeypatch.setattr(ContractModel, "_stays", lambda _, rows, __: np.ones((len(rows), 3)))
    rng, model, held = np.random.default_rng(2), ContractModel.model_construct(), {}
    for known in (3, 9):
        paid = 100 * (1 + 0.03 * rng.standard_normal((4000, known + 3)))
        past, actual = paid[:, :known], paid[:, known:].sum(axis=1)
        spread = past.std(axis=1, ddof=1)
        facts = {"charge": past.mean(axis=1), "charge_spread": spread, "bills": float(known)}
        bounds = spend_intervals(model, pd.DataFrame(facts), 90, 0.9, 400, 1)
        held[known] = coverage(actual, bounds)
    assert held == {3: pytest.approx(0.9, abs=0.015), 9: pytest.approx(0.9, abs=0.015)}


def test_all_models_run_on_contracts_and_survival_beats_the_floors(model, at, columns):
    fitted, rows = model[0].arms, at[CUTS[2]]
    said = predict_arms(fitted, rows, contract_fit(columns, SurvivalOptions())(rows))
    assert set(said) == set(arms("survival")) and fitted.arm == "survival"
    errors = {name: np.abs(each - rows["target"]).mean() for name, each in said.items()}
    assert errors["survival"] < min(errors["last_period"], errors["mean_rate"], errors["zero"])


def test_attributes_are_read_as_numbers(at):
    read = read_columns(at[CUTS[0]])
    assert "at Contract=Two year" in read and "at MonthlyCharges" in read
    assert not {"target", "cut", "customer_id", "entry", "at Churn=Yes"} & set(read)


def test_values_come_by_rank_with_segments_and_factors(model, demo):
    found = value_customers(*model, demo.ledger)
    assert tuple(found) == VALUE_COLUMNS and found["rank"].tolist() == list(range(1, 3001))
    assert (found.loc[found["segment"] == "lost", "clv"] == 0).all()
    assert found["factors"].head(20).str.contains(r"[+-]\d").all()
    again = value_customers(*model, demo.ledger.sample(frac=1, random_state=1))
    assert again["customer_id"].tolist() == found["customer_id"].tolist()


def test_shards_give_the_bytes_of_one_go_also_where_all_have_left(
    model, demo, purchases, columns, tmp_path
):
    gone = demo.ledger.loc[demo.ledger["left"], "customer_id"]
    for name, file in (
        ("all", purchases),
        ("left", purchases[purchases["customer_id"].isin(gone) & (purchases["date"] < "2025-06")]),
    ):
        store = ShardStore(tmp_path / name)
        given = (file, model[0], demo.ledger, columns)
        found = value_purchases(*given, partial(value_in_shards, store=store, size=150))
        shards = list((tmp_path / name).iterdir())
        assert len(shards) == -(-file["customer_id"].nunique() // 150) > 1
        pd.testing.assert_frame_equal(found, value_purchases(*given))


def test_a_file_of_the_runs_customers_gets_the_runs_values(model, demo, purchases, columns):
    run = value_customers(*model, demo.ledger).set_index("customer_id")
    found = value_purchases(purchases, model[0], demo.ledger, columns).set_index("customer_id")
    assert found["clv"].to_numpy() == pytest.approx(
        run.loc[found.index, "clv"].to_numpy(), rel=0.02
    )


def test_a_file_of_the_last_bills_gives_the_same_tenure(model, demo, purchases, columns):
    whole = value_purchases(purchases, model[0], demo.ledger, columns).set_index("customer_id")
    late = purchases[purchases["date"] >= "2025-11-01"]
    rows = contract_rows(late, date(2026, 1, 1), 45, demo.ledger, columns)
    months = demo.ledger.set_index("customer_id")["months"]
    here = rows[~rows["left"]].set_index("customer_id")
    assert (here["months"] == months[here.index]).all()
    found = value_purchases(late, model[0], demo.ledger, columns).set_index("customer_id")
    ratio = (found["clv"] / whole["clv"])[here.index]
    assert ratio.median() == pytest.approx(1, abs=0.02)  # what is left is the charge of two months
    risk = (found["p_leave"] - whole["p_leave"])[here.index]
    assert risk.abs().max() < 1e-9


def test_whoever_has_a_new_bill_has_come_back(model, demo, purchases, columns):
    gone = demo.ledger[demo.ledger["left"]].dropna(subset="last_bill")["customer_id"].iloc[0]
    bill = purchases[purchases["customer_id"] == gone].tail(1)
    again = pd.concat([purchases, bill.assign(date=pd.Timestamp("2025-12-15"))])
    found, then = (
        value_purchases(each, model[0], demo.ledger, columns).set_index("customer_id")
        for each in (again, purchases)
    )
    assert then.loc[gone, "segment"] == "lost" and then.loc[gone, "clv"] == 0
    assert found.loc[gone, "segment"] != "lost" and found.loc[gone, "clv"] > 0


def test_invoices_alone_count_months_from_the_runs_first(purchases):
    from churnlens.tasks.clv.contracts import ledger_of_invoices

    ledger = ledger_of_invoices(purchases, date(2025, 12, 31), 45)
    late = purchases[purchases["date"] >= "2025-11-01"]
    rows = contract_rows(late, date(2026, 1, 1), 45, ledger)
    months = ledger.set_index("customer_id")["months"]
    here = rows[~rows["left"]].set_index("customer_id")
    assert (here["months"] == months[here.index]).all()


def test_strangers_are_valued_by_their_bills_alone(model, demo, purchases, columns):
    mine = purchases[purchases["customer_id"].isin(purchases["customer_id"].unique()[:40])]
    renamed = mine.assign(customer_id="new " + mine["customer_id"])
    found = value_purchases(renamed, model[0], demo.ledger, columns)
    assert len(found) == 40 and np.isfinite(found["clv"]).all() and (found["clv"] > 0).any()
    assert {*PREDICTED} <= set(found)


def test_rows_that_cannot_count_are_named(model):
    table = raw(
        ("a", "2024-01-01", "5"),
        ("a", "01/02/2024", "5"),
        ("b", "2024-01-01", "-5"),
        ("", "2024-01-01", "5"),
        ("b", "20240201", "7"),
        ("b", "20240202", "1,5"),
    )
    kept, reasons = read_transactions(table, TELECOM, TransactionOptions(most_excluded=1.0))
    assert len(kept) == 2
    assert name_rows(reasons) == (
        "4 of 6 rows left out: bad_date 1 (row 2): date, expected a day, year first, for example "
        "2024-03-01; negative_amount 1 (row 3): amount, expected 0 or more: refunds are no "
        "purchases, for example 12.50; no_customer 1 (row 4): customer_id, expected a key, for "
        "example C-1001; bad_amount 1 (row 6): amount, expected a plain number, for example 1234.50"
    )
    assert name_rows(reasons[reasons == ""]) == ""


def test_personal_keys_are_hashed():
    table = raw(("kim@example.com", "2024-01-01", "5"), ("C1", "2024-01-01", "5"))
    kept, _ = read_transactions(table, TELECOM, TransactionOptions())
    assert set(kept["customer_id"].str[:4]) == {"key_", "C1"}


def test_a_customer_with_nothing_but_bad_rows_is_named_without_figures():
    table = raw(("a", "2024-01-01", "5"), ("b", "01/02/2024", "5"), (" ", "2024-01-01", "5"))
    values = pd.DataFrame({"customer_id": ["a"]})
    found = not_valued(table, TELECOM, values)
    assert tuple(found) == PREDICTED and found["customer_id"].tolist() == ["b"]
    assert found["segment"].tolist() == ["not_valued"]
    assert found.drop(columns=["customer_id", "segment"]).isna().all(axis=None)


def test_contracts_none_of_which_ended_are_refused(demo, columns):
    stays = demo.ledger[~demo.ledger["left"]]
    with pytest.raises(TransactionError, match=r"got 0 of \d+ contracts that ended"):
        fit_hazard(stays, columns, SurvivalOptions())


def test_survival_is_not_scored_on_a_handful_who_left(demo):
    few = pd.concat([demo.ledger[~demo.ledger["left"]], demo.ledger[demo.ledger["left"]].head(3)])
    assert score_survival(few, (), SurvivalOptions()) == ()

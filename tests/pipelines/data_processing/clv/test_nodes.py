"""Bad transactions: a clear error, or a named exclusion with its count."""

import pandas as pd
import pytest
import yaml
from kedro.io.core import DatasetError

from churnlens.options import ClvDataOptions, SplitOptions, TransactionOptions
from churnlens.pipelines.data_processing.clv.nodes import (
    divide_in_time,
    keep_contracts,
    prepare_transactions,
)
from churnlens.pipelines.data_processing.validation import TableError
from churnlens.simulation import simulate_customers, simulate_ledger
from tasks.clv.clv_support import raw, shop

OPTIONS = ClvDataOptions(transactions=TransactionOptions(end="2025-12-31"))


@pytest.fixture(scope="module")
def trades(project):
    folder = project / "conf" / "base" / "clv"
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in folder.glob("*.yml")}


@pytest.fixture(scope="module")
def telco(project):
    return yaml.safe_load((project / "conf/base/schemas/telco.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def purchases():
    frame = shop(120)
    days = frame["date"].dt.strftime("%Y-%m-%d")
    return frame.assign(date=days, amount=frame["amount"].map("{:.2f}".format)).astype(str)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("C0001", "2024-03-01", "-5", "USD"), "negative_amount"),
        (("C0001", "2031-03-01", "5", "USD"), "future_date"),
        (("C0001", "2024-03-01", "5", "EUR"), "other_currency"),
        (("C0001", "01/03/2024", "5", "USD"), "bad_date"),
        (("C0001", "", "5", "USD"), "undated"),
        (("C0001", "2024-03-01", "five", "USD"), "bad_amount"),
        (("", "2024-03-01", "5", "USD"), "no_customer"),
    ],
)
def test_a_bad_row_is_left_out_under_its_name(purchases, trades, row, reason):
    bad = raw(row, columns=("customer_id", "date", "amount", "currency"))
    table = pd.concat([purchases.assign(currency="USD"), bad], ignore_index=True)
    kept, report = prepare_transactions(table, trades["retail"], OPTIONS)
    assert {name: n for name, n in report["excluded"].items() if n} == {reason: 1}
    assert len(kept) == len(purchases)


def test_the_same_row_twice_and_a_pause_of_ten_years_are_named(purchases, trades):
    late = raw(("Z", "2010-01-01", "5"), ("Z", "2024-01-01", "5"))
    table = pd.concat([purchases, purchases.head(3), late], ignore_index=True)
    _, report = prepare_transactions(table, trades["retail"], OPTIONS)
    assert report["excluded"]["duplicate_row"] == 3 and report["excluded"]["long_gap"] == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t[t["customer_id"] == t["customer_id"][0]], "got 1 customer"),
        (lambda t: t.assign(amount="0"), "every amount is 0"),
        (lambda t: t.assign(amount="-1"), "would be left out"),
        (lambda t: t.rename(columns={"amount": "sum"}), "no column"),
        (lambda t: t[t["date"] < "2024-06-01"], "expected at least 315 days"),
    ],
)
def test_what_nothing_can_be_fitted_to_is_refused(purchases, trades, change, words):
    with pytest.raises(DatasetError, match=words):
        prepare_transactions(change(purchases), trades["retail"], OPTIONS)


def test_named_cuts_beyond_the_data_are_refused(purchases, trades):
    late = SplitOptions(train=("2025-01-01", "2026-01-01"), test="2027-01-01", days=90)
    with pytest.raises(DatasetError, match="expected cuts after the first transaction"):
        prepare_transactions(
            purchases, trades["retail"], OPTIONS.model_copy(update={"split": late})
        )


def test_purchases_make_rows_at_cuts_and_no_ledger(purchases, trades, telco):
    kept, report = prepare_transactions(purchases, trades["retail"], OPTIONS)
    ledger, schema = keep_contracts(kept, report, None, trades["retail"], telco)
    assert len(ledger) == 0 and schema == {}
    train, test, now = divide_in_time(kept, report, ledger, schema, trades["retail"])
    assert train["cut"].nunique() == 2 and test["cut"].unique().tolist() == [
        report["split"]["test"]
    ]
    assert "target" not in now and len(now) >= len(test)


def test_invoices_alone_make_contracts(trades, telco):
    people = simulate_customers(120, seed=2)
    bills = simulate_ledger(people, seed=2).bills
    names = {"customer_id": "account_id", "date": "invoice_date"}
    saas = bills.drop(columns="cost").rename(columns=names).astype(str)
    kept, report = prepare_transactions(saas, trades["saas"], OPTIONS)
    ledger, schema = keep_contracts(kept, report, people.customers, trades["saas"], telco)
    assert schema == {} and 0 < ledger["left"].sum() < len(ledger)
    train, *_ = divide_in_time(kept, report, ledger, schema, trades["saas"])
    assert not [name for name in train if name.startswith("at ")]


def test_a_faulty_or_foreign_customer_table_is_told(trades, telco):
    people = simulate_customers(120, seed=2)
    bills = simulate_ledger(people, seed=2).bills.astype(str)
    kept, report = prepare_transactions(bills, trades["telecom"], OPTIONS)
    broken = people.customers.assign(Contract="forever")
    with pytest.raises(TableError, match="customers"):
        keep_contracts(kept, report, broken, trades["telecom"], telco)
    with pytest.raises(DatasetError, match=r"bills of \d+ customers who are not in the table"):
        keep_contracts(kept, report, people.customers.head(60), trades["telecom"], telco)
    alone, schema = keep_contracts(kept, report, None, trades["telecom"], telco)
    assert schema == {} and len(alone) == report["customers"]

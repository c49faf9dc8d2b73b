from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.options import TransactionOptions
from churnlens.tasks.clv.readers import TransactionError
from churnlens.tasks.clv.transactions import (
    EXPECTED,
    REASONS,
    check_cohort,
    check_transactions,
    parse_amounts,
    parse_dates,
)
from tasks.clv.clv_support import raw

OPTIONS = TransactionOptions(end=date(2024, 12, 31), most_excluded=0.9)
GOOD = ("a", "2024-01-05", "10")


def report(*rows, columns=("customer_id", "date", "amount"), options=OPTIONS):
    return check_transactions(raw(*rows, columns=columns), options)[1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((" ", "2024-01-05", "10"), "no_customer"),
        (("a", "", "10"), "undated"),
        (("a", "05/01/2024", "10"), "bad_date"),
        (("a", "2024-02-30", "10"), "bad_date"),
        (("a", "2024-01-05", "ten"), "bad_amount"),
        (("a", "2024-01-05", "1,5"), "bad_amount"),
        (("a", "2024-01-05", "$3"), "bad_amount"),
        (("a", "2024-01-05", "nan"), "bad_amount"),
        (("a", "2024-01-05", "-1"), "negative_amount"),
        (("a", "2025-01-01", "10"), "future_date"),
        (GOOD, "duplicate_row"),
    ],
)
def test_a_bad_row_is_left_out_under_its_name_and_counted(row, reason):
    found = report(GOOD, row)
    assert found.excluded == {name: int(name == reason) for name in REASONS}
    assert (found.rows, found.kept) == (2, 1)


def test_other_currencies_are_left_out_and_counted():
    rows = [(*GOOD, "usd"), ("b", "2024-01-05", "10", "EUR"), ("c", "2024-01-05", "10", "")]
    found = report(*rows, columns=("customer_id", "date", "amount", "currency"))
    assert (found.excluded["other_currency"], found.kept) == (1, 2)


def test_a_pause_of_more_than_ten_years_takes_the_whole_customer_out():
    rows = [("a", "2004-01-01", "1"), ("a", "2024-01-01", "1"), ("a", "2024-02-01", "1")]
    found = report(*rows, ("b", "2014-01-03", "1"), ("b", "2023-12-30", "1"))
    assert (found.excluded["long_gap"], found.customers) == (3, 1)


def test_repeats_stay_where_the_options_say_so_or_orders_differ():
    kept = OPTIONS.model_copy(update={"duplicates": "keep"})
    assert report(GOOD, GOOD, options=kept).kept == 2
    orders = [(*GOOD, "1"), (*GOOD, "2"), (*GOOD, "2")]
    found = report(*orders, columns=("customer_id", "date", "amount", "order_id"))
    assert found.excluded["duplicate_row"] == 1


def test_the_same_row_written_otherwise_is_a_repeat_and_another_hour_is_none():
    first = ("a", "2024-01-01", "5")
    assert report(first, ("a ", "20240101", "5.0")).excluded["duplicate_row"] == 1
    assert report(first, ("a", "2024-01-01 09:00", "5")).excluded["duplicate_row"] == 0
    hours = [("a", f"2024-01-01T0{hour}:00", "5") for hour in (8, 9, 9)]
    assert report(*hours).excluded["duplicate_row"] == 1


def test_every_reason_says_what_is_expected():
    assert set(EXPECTED) == set(REASONS)


def test_a_free_item_is_a_purchase():
    found = report(GOOD, ("b", "2024-03-01", "0"))
    assert (found.kept, found.zero_amounts, found.last) == (2, 1, "2024-03-01")


def test_kept_rows_are_typed_and_sorted():
    rows = raw(("b", "20240301", "2"), ("a", "2024/3/2 10:00", "1e1"), ("a", "2024.01.02", ".5"))
    table, _ = check_transactions(rows, OPTIONS)
    assert table["customer_id"].tolist() == ["a", "a", "b"]
    assert table["amount"].tolist() == [0.5, 10.0, 2.0]
    assert table["date"].dt.strftime("%m%d").tolist() == ["0102", "0302", "0301"]


def test_nothing_left_or_too_little_is_refused_with_the_counts():
    with pytest.raises(
        TransactionError,
        match=r"1 of 1 rows would be left out \(bad_amount 1: amount, expected a plain",
    ):
        report(("a", "2024-01-01", "x"))
    strict = OPTIONS.model_copy(update={"most_excluded": 0.4})
    with pytest.raises(TransactionError, match="at most a share of 0.4"):
        report(GOOD, ("a", "", "1"), options=strict)
    with pytest.raises(TransactionError, match="0 of 0"):
        report()


def test_one_customer_and_no_spend_are_refused():
    one, _ = check_transactions(raw(GOOD), OPTIONS)
    with pytest.raises(TransactionError, match=r"got 1 customer\(s\), expected at least 50"):
        check_cohort(one, OPTIONS)
    free = pd.DataFrame({"customer_id": [str(n) for n in range(60)], "amount": np.zeros(60)})
    with pytest.raises(TransactionError, match="every amount is 0"):
        check_cohort(free, OPTIONS)
    check_cohort(free.assign(amount=1.0), OPTIONS)


def test_the_default_end_is_today():
    assert abs(TransactionOptions().last_day - date.today()) <= timedelta(days=1)


def test_parameters_are_the_same_on_another_day():
    assert TransactionOptions().model_dump()["end"] is None


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1)), st.sampled_from("-/."))
def test_any_day_is_read_in_any_form(day, mark):
    forms = [
        day.strftime(f"%Y{mark}%m{mark}%d"),
        day.strftime("%Y%m%d"),
        f"{day.isoformat()}T01:02",
    ]
    assert (parse_dates(pd.Series(forms)) == pd.Timestamp(day)).all()


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_any_cells_become_days_and_numbers_or_nothing(cells):
    days, numbers = parse_dates(pd.Series(cells)), parse_amounts(pd.Series(cells))
    assert len(days) == len(numbers) == len(cells)
    assert np.isfinite(numbers.dropna()).all()


@given(st.floats(min_value=0, max_value=1e9))
def test_any_plain_number_is_read_exactly(number):
    assert parse_amounts(pd.Series([repr(number)]))[0] == number

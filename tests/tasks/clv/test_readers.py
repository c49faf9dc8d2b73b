import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.tasks.clv.readers import (
    TransactionColumns,
    TransactionError,
    read_cdnow,
    take_columns,
)
from tasks.clv.clv_support import raw


def test_the_public_form_is_read_by_the_sample_id():
    table = read_cdnow(" 00004 0001 19970101  2   29.33\n\n 00021 0002 19970102  3   63.34\n")
    assert table.to_dict("list") == {
        "customer_id": ["0001", "0002"],
        "date": ["19970101", "19970102"],
        "amount": ["29.33", "63.34"],
    }


def test_a_line_of_another_form_is_named_without_its_content():
    with pytest.raises(TransactionError, match="line 2: got 4 fields, expected 5") as caught:
        read_cdnow("1 2 19970101 1 2.0\n1 2 19970101 77.77\n")
    assert "77.77" not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_by_name(text):
    try:
        assert list(read_cdnow(text)) == ["customer_id", "date", "amount"]
    except TransactionError as error:
        assert len(str(error)) < 300


def test_columns_are_taken_under_the_names_of_the_task():
    table = raw(("a", "b", "c", "d"), columns=("account_id", "day", "sum", "currency"))
    columns = TransactionColumns(customer="account_id", date="day", amount="sum")
    assert list(take_columns(table, columns)) == ["customer_id", "date", "amount", "currency"]


def test_missing_columns_are_named_beside_those_there():
    with pytest.raises(TransactionError, match=r"no column \['amount'\]; the table has"):
        take_columns(raw(("a", "b"), columns=("customer_id", "date")), TransactionColumns())

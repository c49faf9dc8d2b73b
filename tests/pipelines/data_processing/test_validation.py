import re
from pathlib import Path

import pandas as pd
import pytest

from churnlens.pipelines.data_processing.validation import (
    CustomerTable,
    TableError,
    coerce,
    explain,
    find_faults,
)
from churnlens.schema import parse_schema

SCHEMA_PATH = Path(__file__).parents[3] / "conf" / "base" / "schemas" / "telco.yml"
RAW = {
    "name": "shop",
    "noun": {"en": "customers", "zh": "客户"},
    "key": "id",
    "outcome": {
        "column": "gone",
        "left": "Yes",
        "stayed": "No",
        "left_words": {},
        "stayed_words": {},
    },
    "columns": [
        {"name": "id", "kind": "key", "label": {"en": "customer", "zh": "客户"}},
        {
            "name": "gone",
            "kind": "category",
            "label": {"en": "gone", "zh": "流失"},
            "values": [{"value": v, "label": {"en": v, "zh": v}} for v in ("Yes", "No")],
        },
        {
            "name": "months",
            "kind": "number",
            "label": {"en": "months", "zh": "月"},
            "unit": "month",
            "minimum": 0,
            "integer": True,
        },
        {
            "name": "total",
            "kind": "number",
            "label": {"en": "total", "zh": "总额"},
            "blank": {"column": "months", "equals": 0, "means": 0},
        },
        {
            "name": "person",
            "kind": "text",
            "label": {"en": "name", "zh": "姓名"},
            "required": False,
            "personal": True,
        },
    ],
}
SCHEMA = parse_schema(RAW)
GOOD = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "gone": ["Yes", "no", " No "],
        "months": ["0", "12", "3"],
        "total": ["", "120.5", "30"],
        "person": ["Ann Lee", "", "王伟"],
    }
)
FILLED = GOOD.assign(total=["0", "120.5", "30"])


def with_cell(column: str, row: int, value: str) -> pd.DataFrame:
    frame = FILLED.copy()
    frame.loc[row, column] = value
    return frame


def only_fault(frame: pd.DataFrame) -> str:
    _, faults = find_faults(frame, SCHEMA)
    assert len(faults) == 1, faults
    return str(faults[0])


def test_a_good_table_comes_back_typed():
    table, faults = find_faults(GOOD, SCHEMA)
    assert not faults
    assert table["gone"].tolist() == ["Yes", "No", "No"]
    assert table["total"].tolist() == [0.0, 120.5, 30.0]
    assert table["months"].dtype == float


def test_columns_outside_the_schema_are_left_out_and_nothing_is_changed_in_place():
    frame = GOOD.assign(CLTV="9")
    before = frame.copy()
    assert "CLTV" not in coerce(frame, SCHEMA)
    pd.testing.assert_frame_equal(frame, before)


def test_an_optional_column_may_be_absent():
    assert not find_faults(GOOD.drop(columns="person"), SCHEMA)[1]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            with_cell("months", 1, "twelve"),
            r"row 2, column months: got 'twelve', expected a number",
        ),
        (
            with_cell("months", 1, "1.5"),
            r"row 2, column months: got '1.5', expected a whole number",
        ),
        (with_cell("months", 2, "-1"), r"row 3, column months: got '-1', expected at least 0"),
        (
            with_cell("gone", 0, "maybe"),
            r"row 1, column gone: got 'maybe', expected one of Yes, No",
        ),
        (
            with_cell("gone", 0, "Yess"),
            r"row 1, column gone: got 'Yess', expected one of Yes, No",
        ),
        (with_cell("total", 1, "$12"), r"row 2, column total: got '\$12', expected a number"),
        (
            with_cell("gone", 0, ""),
            r"row 1, column gone: got an empty cell, expected one of Yes, No",
        ),
        (with_cell("total", 1, ""), r"row 2, column total: got an empty cell, expected a number"),
        (FILLED.drop(columns="months"), r"column months: got no such column, expected the column"),
        (FILLED.rename(columns={"months": "month"}), r"the file has 'month': rename it"),
    ],
)
def test_a_fault_names_row_column_got_and_expected(frame, message):
    assert re.search(message, only_fault(frame))


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999", "nan"])
def test_a_number_is_finite(cell):
    table, faults = find_faults(with_cell("total", 1, cell), SCHEMA)
    assert (
        str(faults[0]) == f"row 2, column total: got {cell!r}, expected a number, for example 29.85"
    )
    assert table["total"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize("column", ["gone", "months"])
def test_swapped_headers_print_no_name(column):
    people = [f"Person{n} Quackenbush" for n in range(40)]
    people[:2] = people[2:4]  # namesakes
    size = len(people)
    frame = pd.DataFrame(
        {"id": map(str, range(size)), "gone": "No", "months": "3", "total": "1", "person": people}
    )
    swapped = frame.rename(columns={column: "person", "person": column})
    _, faults = find_faults(swapped, SCHEMA)
    assert len(faults) == size
    assert {fault.got for fault in faults} == {"a value that is not shown"}


def test_a_code_that_fills_many_rows_is_shown():
    frame = pd.DataFrame(
        {"id": map(str, range(40)), "gone": ["perhaps"] * 3 + ["No"] * 37, "months": "3"}
    )
    _, faults = find_faults(frame.assign(total="1"), SCHEMA)
    assert [fault.got for fault in faults] == ["'perhaps'"] * 3


def test_a_duplicate_key_is_found_on_both_rows_and_never_printed():
    _, faults = find_faults(with_cell("id", 1, "a"), SCHEMA)
    assert [fault.row for fault in faults] == [1, 2]
    assert "a key that no other row has" in str(faults[0])
    assert "got a value that is not shown" in str(faults[0])


def test_a_telephone_in_a_number_column_is_not_printed():
    assert "13800138000" not in only_fault(with_cell("months", 0, "call 13800138000"))


def test_all_faults_are_counted_and_the_first_five_shown():
    frame = pd.concat([GOOD.assign(id=[f"{n}a", f"{n}b", f"{n}c"]) for n in range(9)])
    frame["gone"] = "perhaps"
    _, faults = find_faults(frame, SCHEMA)
    text = explain(faults, "customers.csv")
    assert "customers.csv: 27 fault(s)" in text
    assert text.count("column gone") == 5
    assert "and 22 more" in text
    assert "docs/data.md" in text


def test_unlike_faults_are_shown_before_those_that_repeat_them():
    frame = pd.concat([GOOD.assign(id=[f"{n}a", f"{n}b", f"{n}c"]) for n in range(9)])
    frame = frame.reset_index(drop=True).assign(gone="perhaps")
    frame.loc[20, "total"] = "809,10"
    text = explain(find_faults(frame, SCHEMA)[1], "customers.csv")
    assert "row 21, column total: got '809,10'" in text
    assert "with a point" in text


def test_one_bad_row_in_ten_thousand_is_found_by_its_number():
    size = 10_000
    frame = pd.DataFrame(
        {"id": [str(n) for n in range(size)], "gone": "No", "months": "3", "total": "1"}
    )
    frame.loc[7_776, "months"] = "3 months"
    assert only_fault(frame).startswith("row 7777, column months")


def test_the_catalog_validator_types_or_refuses():
    raw = pd.DataFrame({"customerID": ["1"], "Churn": ["Yes"]})
    with pytest.raises(TableError, match=r"demo\.csv: \d+ fault"):
        CustomerTable(schema=str(SCHEMA_PATH), source="demo.csv").validate(raw)

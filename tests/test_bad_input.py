"""Tables that are wrong: one clear message, no personal value, and nothing written."""

import re

import pandas as pd
import pytest

from churnlens.datasets import RawTableDataset
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.schema import read_schema
from churnlens.simulation import simulate_customers
from commands import command, contents, invoke, parameters

SIZE = 60
NAMED = 6  # data row whose customer says and is called the following
NAME, WORDS = "Zebulon Quackenbush", "the pelican on my roof chews the cable"
FEW = ["customerID", "CustomerName", "MonthlyCharges", "CustomerFeedback"]
MEND = "Mend the file, or describe it in a schema file of its own"


def customers() -> pd.DataFrame:
    frame = simulate_customers(SIZE, seed=2).customers.astype(str)
    frame.loc[NAMED - 1, ["CustomerName", "CustomerFeedback"]] = [NAME, WORDS]
    return frame


def plain(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()


def with_cell(row: int, column: str, value: str) -> bytes:
    frame = customers()
    frame.loc[row - 1, column] = value
    return plain(frame)


def with_line(number: int, change) -> bytes:
    lines = plain(customers()).split(b"\n")
    lines[number] = change(lines[number])
    return b"\n".join(lines)


def one_in_ten_thousand() -> bytes:
    frame = pd.concat([customers()] * (10_000 // SIZE + 1), ignore_index=True)[:10_000]
    frame["customerID"] = [f"{n:05}-XYZ" for n in range(len(frame))]
    frame.loc[7_775, "MonthlyCharges"] = "cheap"
    return plain(frame)


BAD = {
    "missing column": (
        lambda: plain(customers().drop(columns="Contract")),
        r"column Contract: got no such column, expected the column",
        MEND,
    ),
    "misspelt column": (
        lambda: plain(customers().rename(columns={"Contract": "Contracts"})),
        r"column Contract: got no such column.*the file has 'Contracts'",
        "rename it",
    ),
    "wrong type": (
        lambda: with_cell(3, "MonthlyCharges", "cheap"),
        r"row 3, column MonthlyCharges: got 'cheap', expected a number",
        MEND,
    ),
    "out of bounds": (
        lambda: with_cell(3, "tenure", "-4"),
        r"row 3, column tenure: got '-4', expected at least 0",
        MEND,
    ),
    "unknown value": (
        lambda: with_cell(9, "Contract", "Weekly"),
        r"row 9, column Contract: got 'Weekly', expected one of Month-to-month",
        MEND,
    ),
    "misspelt value": (
        lambda: with_cell(9, "Contract", "Month to month"),
        r"row 9, column Contract: got 'Month to month', expected one of Month-to-month, One year",
        MEND,
    ),
    "not finite": (
        lambda: with_cell(3, "TotalCharges", "inf"),
        r"row 3, column TotalCharges: got 'inf', expected a number",
        MEND,
    ),
    "swapped headers": (
        lambda: plain(
            customers().rename(columns={"CustomerName": "gender", "gender": "CustomerName"})
        ),
        rf"{SIZE} fault\(s\)[\s\S]*row 1, column gender: got a value that is not shown",
        MEND,
    ),
    "western letters read as Chinese": (
        lambda: b"customerID,CustomerName\n1,Jos\xe9e Garc\xeda\n",
        r"gb18030.*line 2",
        "save it as utf-8",
    ),
    "empty cell": (
        lambda: with_cell(9, "Churn", ""),
        r"row 9, column Churn: got an empty cell, expected one of",
        MEND,
    ),
    "duplicate id": (
        lambda: with_cell(5, "customerID", customers()["customerID"][1]),
        r"row 2, column customerID: got a value that is not shown, "
        r"expected a key that no other row has[\s\S]*row 5, column customerID",
        MEND,
    ),
    "empty id": (
        lambda: with_cell(4, "customerID", " "),
        r"row 4, column customerID: got an empty cell, expected a key that is not empty",
        MEND,
    ),
    "one row in ten thousand": (
        one_in_ten_thousand,
        r"1 fault\(s\)[\s\S]*row 7776, column MonthlyCharges: got 'cheap'",
        MEND,
    ),
    "empty file": (lambda: b"", r"the file is empty; expected a header line", "one row a customer"),
    "header only": (
        lambda: plain(customers()[:0]),
        r"has a header and no rows",
        "expected one row a customer",
    ),
    "no header": (
        lambda: customers()[NAMED - 1 :][FEW].to_csv(index=False, header=False).encode(),
        r"column customerID: got no such column.*is there a header",
        MEND,
    ),
    "column twice": (
        lambda: plain(customers().rename(columns={"Partner": "Contract"})),
        r"the first line gives column \d+ the name of an earlier one",
        "rename or remove it",
    ),
    "wrong encoding": (
        lambda: with_line(8, lambda line: line + b" \xff\xff\xff"),
        r"the encoding is none of utf-8, utf-8-sig, gbk, gb18030, utf-16.*fails at line 9",
        "save it as utf-8",
    ),
    "cut in the middle of a character": (
        lambda: plain(customers()).decode().encode("utf-16")[:-1],
        r"not whole as utf-16",
        "save it as utf-8",
    ),
    "a cell too many": (
        lambda: with_line(NAMED, lambda line: line + b",x"),
        r"row 6 .*has 24 cells, expected 23 as in the header",
        "mend the row",
    ),
    "a cell too few": (
        lambda: with_line(12, lambda line: line.rsplit(b",", 1)[0]),
        r"row 12 .*has 22 cells, expected 23 as in the header",
        "mend the row",
    ),
    "a cell too many in every row": (
        lambda: plain(customers()).replace(b"\n", b",\n").replace(b",\n", b"\n", 1),
        r"row 1 .*has 24 cells, expected 23",
        "mend the row",
    ),
    "open quote": (
        lambda: with_line(SIZE, lambda line: line.replace(b",", b',"', 1)),
        r"has 2 cells, expected 23",
        "quote cells",
    ),
    "a name in the wrong column": (
        lambda: with_cell(NAMED, "Contract", f"as agreed with {NAME}"),
        r"row 6, column Contract: got 'as agreed with \[name\]', expected one of Month-to-month",
        MEND,
    ),
}


def assert_clear(message: str, path, pattern: str, step: str):
    assert path.name in message
    assert re.search(pattern, message), message
    assert step in message
    assert len(message) < 2500
    assert "Traceback" not in message
    frame = customers()
    hidden = {*frame["CustomerName"], *frame["CustomerFeedback"], *frame["customerID"]}
    assert not [value for value in hidden if len(value) > 3 and value in message]
    assert not re.search("Quackenbush|pelican", message)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_table_is_told_by_file_place_got_expected_and_next_step(project, tmp_path, kind):
    make, pattern, step = BAD[kind]
    path = tmp_path / f"{kind}.csv"
    path.write_bytes(make())
    done = invoke(project, "check-data", path)
    assert done.exit_code == 1
    assert not done.stdout
    assert_clear(done.stderr, path, pattern, step)
    assert list(tmp_path.iterdir()) == [path]


def test_the_table_that_was_made_bad_is_good(project, tmp_path):
    (tmp_path / "good.csv").write_bytes(plain(customers()))
    done = invoke(project, "check-data", tmp_path / "good.csv")
    assert done.exit_code == 0
    assert f"{SIZE} rows fit schema telco" in done.stdout


@pytest.mark.parametrize("kind", ["duplicate id", "a cell too few"])
def test_a_run_refuses_it_and_leaves_what_an_earlier_run_made(project, finished, tmp_path, kind):
    make, pattern, step = BAD[kind]
    path = tmp_path / "bad.csv"
    path.write_bytes(make())
    schema = tmp_path / "schema.yml"  # another one, which must not replace that of the index
    telco = (project / "conf" / "base" / "schemas" / "telco.yml").read_text(encoding="utf-8")
    schema.write_text(telco.replace("name: telco", "name: another"), encoding="utf-8")
    before, listing = contents(finished), sorted(finished.rglob("*"))
    done = command(project, "run", *parameters(finished, path, schema=schema), check=False)
    assert done.returncode == 1
    assert_clear(done.stdout + done.stderr, path, pattern, step)
    assert contents(finished) == before
    assert sorted(finished.rglob("*")) == listing


def test_every_accepted_encoding_gives_the_same_table(project, tmp_path):
    schema = read_schema(project / "conf" / "base" / "schemas" / "telco.yml")
    tables = {}
    for encoding in ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(customers().to_csv(index=False).encode(encoding))
        tables[encoding], faults = find_faults(RawTableDataset(filepath=str(path)).load(), schema)
        assert not faults
    assert tables["utf-8"]["CustomerFeedback"].str.contains("[一-龥]").any()
    for table in tables.values():
        pd.testing.assert_frame_equal(table, tables["utf-8"])

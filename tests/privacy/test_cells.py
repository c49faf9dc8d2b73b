import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.privacy.cells import safe_cell

FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "=HYPERLINK(\"http://x\",\"y\")", "+1+1", "+SUM(A1:A2)", "-2+3",
    "-cmd|'/C calc'!A0",
    "@SUM(1+1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)",
    "=1+1;", "|calc", "\x00=1",
    "\ufeff=1", "=WEBSERVICE(\"http://x\")", "-1-2", "-", "=",
]  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_become_text(formula):
    safe = safe_cell(formula)
    assert safe == "'" + formula
    assert safe_cell(safe) == safe


@pytest.mark.parametrize("value", [3, -2.5, 0, True, None, np.float64(-1.5), np.int64(-7)])
def test_numbers_stay_numbers(value):
    assert safe_cell(value) is value


@pytest.mark.parametrize(
    "text",
    [
        "-12.5",
        "+3",
        "-1e-05",
        "-1,234.50",
        "-3.2%",
        "56.15",
        "a=b",
        "网速慢",
        "",
        "3-5 days",
        "x@y",
        "'=1",
    ],
)
def test_text_that_no_spreadsheet_runs_stays(text):
    assert safe_cell(text) == text


def test_nan_stays():
    assert math.isnan(safe_cell(math.nan))


@given(st.text())
def test_no_cell_starts_a_formula_and_the_text_is_kept(text):
    safe = safe_cell(text)
    assert safe in {text, "'" + text}
    stripped = safe.lstrip()
    numeric = stripped[1:2].isdigit()
    assert not stripped.startswith(("=", "+", "-", "@")) or numeric
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([safe, "end"])
    assert buffer.getvalue()

"""The list as CSV for a spreadsheet: no cell can be read as a formula.

A spreadsheet runs text that begins with =, +, -, @, a tab or a line break. Such a cell gets an
apostrophe before it, as OWASP advises; numbers are numbers and stay.
"""

from __future__ import annotations

import csv
import re
from typing import Any, Final

import pandas as pd

# the wide forms are what an East Asian keyboard gives and some spreadsheets read alike
_FORMULA: Final = re.compile("[\\s\ufeff]*[=+@\uff1d\uff0b\uff0d\uff20-]|[\t\r\n]")


def neutralised(cell: Any) -> Any:
    """Return a cell that no spreadsheet runs: text that could start a formula is quoted."""
    if isinstance(cell, list | tuple):
        cell = ";".join(map(str, cell))
    if isinstance(cell, str) and _FORMULA.match(cell):
        return "'" + cell
    return cell


def export_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every text neutralised, headers too; lists are joined by `;`."""
    cells = {neutralised(str(name)): [neutralised(c) for c in table[name]] for name in table}
    return pd.DataFrame(cells)


def export_csv(table: pd.DataFrame) -> str:
    """Return the table as CSV: every text in quotes, numbers with four decimals at most."""
    rounded = export_rows(table).map(lambda cell: round(cell, 4) if type(cell) is float else cell)
    return rounded.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)

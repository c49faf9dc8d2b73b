"""The list as CSV for a spreadsheet: no cell can be read as a formula.

A spreadsheet runs text that begins with =, +, -, @, a tab or a line break, whatever cannot be seen
before it. Such a cell gets an apostrophe before it, as OWASP advises; numbers are numbers and stay.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from typing import Any, Final

import pandas as pd

# the wide forms are what an East Asian keyboard gives and some spreadsheets read alike
_FORMULA: Final = re.compile("[=+@\uff1d\uff0b\uff0d\uff20-]")
_UNSEEN: Final = ("Z", "C")  # spaces; control and format characters, and those without a meaning


def neutralised(cell: Any) -> Any:
    """Return a cell that no spreadsheet runs: text that could start a formula is quoted."""
    if isinstance(cell, list | tuple):
        cell = ";".join(map(str, cell))
    if isinstance(cell, str) and (cell[:1] in {"\t", "\r", "\n"} or _FORMULA.match(_seen(cell))):
        return "'" + cell
    return cell


def _seen(text: str) -> str:
    """Return the text from its first character on that can be seen."""
    places = (n for n, c in enumerate(text) if not unicodedata.category(c).startswith(_UNSEEN))
    return text[next(places, len(text)) :]


def export_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every text neutralised, headers too; lists are joined by `;`."""
    cells = {neutralised(str(name)): [neutralised(c) for c in table[name]] for name in table}
    return pd.DataFrame(cells)


def neutralised_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with texts neutralised and lists as they are, for Parquet."""
    return table.map(lambda cell: neutralised(cell) if isinstance(cell, str) else cell)


def export_csv(table: pd.DataFrame) -> str:
    """Return the table as CSV: every text in quotes, numbers with four decimals at most."""
    rounded = export_rows(table).map(lambda cell: round(cell, 4) if type(cell) is float else cell)
    return rounded.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)

"""Cells that a spreadsheet would run as formulas, made plain text."""

from __future__ import annotations

import re
from typing import Any, Final

_FORMULA: Final = re.compile(r"[\s\x00-\x1f\ufeff\u200b]*[=+\-@＝＋－＠|]|[\t\r\n]")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?\s?%?")


def safe_cell(value: Any) -> Any:
    """Return a value for CSV or XLSX that no spreadsheet takes for a formula.

    A string that starts (after blanks) with = + - @ or |, in full width too, or with a tab or a
    line break, gets an apostrophe before it. Numbers stay numbers, and so do strings that are
    one ("-12.5"); doing it twice changes nothing more.
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value) or not _FORMULA.match(value):
        return value
    return f"'{value}"

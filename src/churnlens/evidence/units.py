"""Numbers with their unit, in both languages: "12 months", 12个月, "89.80 USD", 89.8美元."""

from __future__ import annotations

import numpy as np

from churnlens.schema import Text

_CHINESE = {
    "day": "天", "week": "周", "month": "个月", "year": "年", "USD": "美元", "CNY": "元",
    "EUR": "欧元", "GBP": "英镑", "%": "%", "percent": "%",
}  # fmt: skip

_COUNTED = ("day", "week", "month", "year")


def plain_number(value: float) -> str:
    """Return the shortest digits that mean the number, never with an exponent."""
    return np.format_float_positional(value, trim="-")


def with_unit(number: str, unit: str, glue: str = "") -> Text:
    """Return a number with its unit; an unknown unit is printed as it is.

    Args:
        number: the digits. Of a currency (a unit in capitals) English prints two decimals or none.
        unit: the unit of a column, such as `month` or `USD`; those of time take a plural.
        glue: what stands between number and unit in Chinese.
    """
    plural = "s" if unit in _COUNTED and number != "1" else ""
    tenths = unit.isupper() and "." in number and len(number.partition(".")[2]) == 1
    english = f"{number}{'0' if tenths else ''} {unit}{plural}".rstrip()
    chinese = _CHINESE.get(unit)
    return Text(
        en=english, zh=f"{number}{glue}{chinese}" if chinese else f"{number} {unit}".rstrip()
    )

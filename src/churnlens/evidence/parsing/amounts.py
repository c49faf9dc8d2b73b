"""Amounts: a number with its unit, in either language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from churnlens.evidence.parsing.items import Item, item_at, skip

Average = Literal["mean", "median"]
ARTICLES = ("a", "an")
_ONE_MONTH = ("a month", "一个月")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit.

    Attributes:
        value: the number, or which average of a column is meant.
        unit: year, quarter, month, week, day, date (a day or month of the calendar), money,
            percent, age, or nothing.
    """

    value: float | Average
    unit: str = ""


def read_unit(items: list[Item], at: int) -> tuple[str, int]:
    """Read a unit, with the classifier that Chinese puts before it; nothing is an empty unit."""
    following = item_at(items, at + 1)
    if item_at(items, at).has("unit.measure"):
        if following.suffix("post"):
            return "", at + 1
        if following.suffix("unit"):
            at += 1
    unit = item_at(items, at).suffix("unit")
    return (unit, at + 1) if unit and unit != "measure" else ("", at)


def _half(items: list[Item], at: int) -> tuple[float, int]:
    """Read "and a half" or 半 behind a number or a unit."""
    return (0.5, at + 1) if item_at(items, at).has("and_half") else (0.0, at)


def _and_months(items: list[Item], at: int) -> tuple[float, int]:
    """Read the months of 一年零三个月."""
    start = at + (item_at(items, at).text in ("零", "又"))
    number = item_at(items, start).number
    unit, end = read_unit(items, start + 1)
    return (number, end) if number is not None and unit == "month" else (0.0, at)


def _numbered(items: list[Item], at: int, money: bool) -> tuple[Amount, int]:
    value = float(items[at].number or 0)
    half, at = _half(items, at + 1)
    if item_at(items, at).has("currency"):
        money, at = True, at + 1
    more = item_at(items, at).has("post.gt")  # 80 多元
    unit, end = read_unit(items, at + more)
    at = end if unit or not more else at
    late, at = _half(items, at) if unit in ("year", "month") else (0.0, at)
    value += half + late
    if unit == "year":
        months, at = _and_months(items, at)
        value, unit = (value * 12 + months, "month") if months else (value, unit)
    money = money or item_at(items, at).has("per")  # "more than 70 a month"
    return Amount(value, unit or ("money" if money else "")), skip(items, at, "per")


def read_single(items: list[Item], at: int) -> tuple[Amount, int] | None:
    """Read "a year", "a year and a half", "a month" as one."""
    item = item_at(items, at)
    if item.has("per") and item.text in _ONE_MONTH:
        return Amount(1.0, "month"), at + 1
    if item.text not in ARTICLES:
        return None
    unit, end = read_unit(items, at + 1)
    half, end = _half(items, end) if unit else (0.0, end)
    return (Amount(1.0 + half, unit), end) if unit else None


def read_amount(items: list[Item], at: int) -> tuple[Amount, int] | None:
    """Read the amount that begins at an item.

    Args:
        items: the items of a question.
        at: where it begins, a currency sign included.

    Returns:
        The amount and the place behind it; None when no amount begins there.
    """
    money = item_at(items, at).has("currency")
    item = item_at(items, at + money)
    if half := item.suffix("half_unit"):
        return Amount(0.5, half), at + money + 1
    if average := item.suffix("average"):
        return Amount("mean" if average == "mean" else "median"), at + money + 1
    return _numbered(items, at + money, money) if item.has("number") else None

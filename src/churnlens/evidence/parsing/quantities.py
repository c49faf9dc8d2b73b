"""Numbers with their comparison and unit, in either language: "at least two years", 半年以内."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from churnlens.evidence.parsing.scan import Item

Bound = Literal["ge", "gt", "le", "lt", "eq", "ne"]
Average = Literal["mean", "median"]
_FLIP: dict[str, Bound] = {"ge": "le", "gt": "lt", "le": "ge", "lt": "gt", "eq": "eq", "ne": "ne"}
_ORDINALS = {
    "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit: year, quarter, month, week, day, money, percent, age or nothing."""

    value: float | Average
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One or two bounds on something that is not named here.

    Attributes:
        bounds: comparison and amount.
        compared: whether a comparison was said (otherwise the number stands alone).
        window: "the last six months": a period of the calendar, unless people joined in it.
        quantile: for "the top 10 %": share from which (`ge`) or up to which (`le`) it counts.
    """

    bounds: tuple[tuple[Bound, Amount], ...]
    compared: bool = True
    window: bool = False
    quantile: tuple[Bound, float] | None = None


@dataclass(slots=True)
class QuantityItem(Item):
    """An item that holds a whole quantity."""

    quantity: Quantity = field(default_factory=lambda: Quantity(()))


def _suffix(item: Item, head: str) -> str:
    """Return what follows `head.` in one of the item's roles, or nothing."""
    found = sorted(role for role in item.roles if role.startswith(head + "."))
    return found[0].removeprefix(head + ".") if found else ""


class _Reader:
    """Reads quantities from a list of items; every method returns the end as its last value."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items

    def has(self, at: int, *roles: str) -> bool:
        return 0 <= at < len(self.items) and self.items[at].has(*roles)

    def suffix(self, at: int, head: str) -> str:
        return _suffix(self.items[at], head) if 0 <= at < len(self.items) else ""

    def skip(self, at: int, *roles: str) -> int:
        while self.has(at, *roles):
            at += 1
        return at

    def unit(self, at: int) -> tuple[str, int]:
        """Read a unit, with the classifier that Chinese puts before it."""
        start = at
        if self.has(at, "unit.measure") and (
            self.suffix(at + 1, "unit") or self.suffix(at + 1, "post")
        ):
            if self.suffix(at + 1, "post"):
                return "", at + 1
            at += 1
        unit = self.suffix(at, "unit")
        if not unit or unit == "measure":
            return "", start
        return unit, at + 1

    def amount(self, at: int, single: bool = False) -> tuple[Amount, int] | None:
        """Read an amount; `single` allows "a year" and "a month" to mean one."""
        start, money = at, self.has(at, "currency")
        at += money
        if half := self.suffix(at, "half_unit"):
            return Amount(0.5, half), at + 1
        if average := self.suffix(at, "average"):
            return Amount("mean" if average == "mean" else "median"), at + 1
        if single and self.has(at, "per") and self.items[at].text in ("a month", "一个月"):
            return Amount(1, "month"), at + 1
        if single and self.items[at : at + 1] and self.items[at].text in ("a", "an"):
            unit, end = self.unit(at + 1)
            return (
                (
                    Amount(1.0 + 0.5 * self.has(end, "and_half"), unit),
                    end + self.has(end, "and_half"),
                )
                if unit
                else None
            )
        if not self.has(at, "number"):
            return None
        return self._numbered(start, at, money)

    def _numbered(self, start: int, at: int, money: bool) -> tuple[Amount, int]:
        value = float(self.items[at].number or 0)
        at += 1
        if self.has(at, "and_half"):
            value, at = value + 0.5, at + 1
        if self.has(at, "currency"):
            money, at = True, at + 1
        unit, end = self.unit(at + self.has(at, "post.gt"))
        at = max(end if not self.has(at, "post.gt") or unit else at, at)
        if self.has(at, "and_half") and unit in ("year", "month"):
            value, at = value + 0.5, at + 1
        if unit == "year" and (months := self._and_months(at)):
            value, unit, at = value * 12 + months[0], "month", months[1]
        at = self.skip(at, "per")
        return Amount(value, unit or ("money" if money else "")), at

    def _and_months(self, at: int) -> tuple[float, int] | None:
        """Read the months of 一年零三个月."""
        at += at < len(self.items) and self.items[at].text in ("零", "又")
        if not self.has(at, "number") or self.unit(at + 1)[0] != "month":
            return None
        return float(self.items[at].number or 0), self.unit(at + 1)[1]

    def between(self, at: int) -> tuple[Quantity, int] | None:
        """Read "between 6 and 12 months", "6-12 months", 6到12个月之间."""
        opened = self.has(at, "between")
        first = self.amount(at + opened)
        if not first:
            return None
        joint = first[1]
        if not (self.has(joint, "range") or (opened and self.has(joint, "and"))):
            return None
        second = self.amount(joint + 1)
        if not second:
            return None
        low, high = first[0], second[0]
        low = Amount(low.value, low.unit or high.unit)
        high = Amount(high.value, high.unit or low.unit)
        return Quantity((("ge", low), ("le", high))), self.skip(second[1], "closer")

    def ordinal(self, at: int) -> tuple[int, str, int] | None:
        """Read "first year", "second year", "year two", 第二年: number, unit and end."""
        number, end = 0, at
        if self.has(at, "first"):
            number, end = 1, at + 1
        elif at < len(self.items) and self.items[at].text in _ORDINALS:
            number, end = _ORDINALS[self.items[at].text], at + 1
        elif self.has(at, "ordinal") and self.has(at + 1, "number"):
            number, end = int(self.items[at + 1].number or 0), at + 2
        if number:
            unit, end = self.unit(end)
            return (number, unit, end) if unit in ("year", "month", "quarter", "week") else None
        unit = self.suffix(at, "unit")
        plain = self.has(at + 1, "number") and not self.unit(at + 2)[0]
        if unit in ("year", "month") and plain and not self.items[at].text.endswith("s"):
            return int(self.items[at + 1].number or 0), unit, at + 2
        return None

    def share(self, at: int) -> tuple[Quantity, int] | None:
        """Read "top 10 %", "bottom quarter", 最高的四分之一."""
        high = self.has(at, "top")
        if not (high or self.has(at, "bottom")):
            return None
        part, end = self.suffix(at + 1, "fraction"), at + 2
        if not part:
            percent = self.has(at + 1, "percent")
            found = self.amount(at + 1 + percent)
            if not found or not (percent or found[0].unit == "percent"):
                return None
            part, end = str(float(found[0].value) / 100), found[1]
        bound: tuple[Bound, float] = ("ge", 1 - float(part)) if high else ("le", float(part))
        return Quantity((), quantile=bound), end

    def period(self, at: int) -> tuple[Quantity, int] | None:
        """Read "the first six months", "the second year", "the last three months"."""
        if self.has(at, "first"):
            found = self.amount(self.skip(at + 1, "link"))
            if found and found[0].unit not in ("", "percent", "measure"):
                return Quantity((("le", found[0]),)), self.skip(found[1], "closer")
        if self.has(at, "last"):
            found = self.amount(self.skip(at + 1, "link"), single=True) or (
                (Amount(1, self.unit(at + 1)[0]), self.unit(at + 1)[1])
                if self.unit(at + 1)[0]
                else None
            )
            if found and found[0].unit in ("year", "quarter", "month", "week", "day"):
                return Quantity((("le", found[0]),), window=True), self.skip(found[1], "closer")
        turn = self.ordinal(at)
        if not turn:
            return None
        number, unit, end = turn
        high: tuple[Bound, Amount] = ("le", Amount(number, unit))
        low: tuple[Bound, Amount] = ("gt", Amount(number - 1, unit))
        return Quantity((low, high) if number > 1 else (high,)), self.skip(end, "closer")

    def compared(self, at: int) -> tuple[Quantity, int] | None:
        """Read "more than $80", 不满一年, "after the first year"."""
        sign = self.suffix(at, "cmp")
        if not sign:
            return None
        inside = self.skip(at + 1, "link") if not self._is_single(at + 1) else at + 1
        found = self.amount(inside, single=True)
        if not found:
            return self._compared_period(sign, inside)
        amount, end = found
        if isinstance(amount.value, str) and not self._beside_column(at, end):
            return None
        end, unit = self._after(end)
        return Quantity(((sign, Amount(amount.value, amount.unit or unit)),)), end  # type: ignore[arg-type]

    def _beside_column(self, start: int, end: int) -> bool:
        """Whether a number column is named right before or behind ("above the average charge")."""
        easy = ("link", "neutral", "between")
        while start > 0 and self.has(start - 1, *easy) and not self.has(start - 1, "column"):
            start -= 1
        end = self.skip(end, "link")
        return self.has(start - 1, "column") or self.has(end, "column")

    def _is_single(self, at: int) -> bool:
        return at < len(self.items) and self.items[at].text in ("a", "an")

    def _compared_period(self, sign: str, at: int) -> tuple[Quantity, int] | None:
        found = self.period(at)
        if not found or found[0].window:
            return None
        bounds = found[0].bounds
        if sign in ("gt", "ge"):
            return Quantity((("gt", bounds[-1][1]),)), found[1]
        if sign == "lt":
            low = bounds[0][1] if len(bounds) > 1 else Amount(0, bounds[0][1].unit)
            return Quantity((("le", low),)), found[1]
        return Quantity((bounds[-1],)), found[1]

    def _after(self, at: int) -> tuple[int, str]:
        """Skip a second comparison and the unit behind it ("6 or more months")."""
        unit = ""
        if self.suffix(at, "post"):
            at += 1
            unit, at = self.unit(at)
        return self.skip(at, "closer", "per"), unit

    def plain(self, at: int) -> tuple[Quantity, int] | None:
        """Read "6 months or more", "80+", 六个月以上, or just "12 months"."""
        found = self.amount(at)
        if not found or isinstance(found[0].value, str):
            single = self.amount(at, single=True) if self._is_single(at) else None
            if not single or not self.suffix(single[1], "post"):
                return None
            found = single
        amount, end = found
        sign = self.suffix(end, "post")
        if not sign and self.suffix(end - 2, "post") == "gt" and amount.unit:
            sign = "gt"
        elif sign:
            end, unit = self._after(end)
            amount = Amount(amount.value, amount.unit or unit)
        elif (
            self.suffix(end, "cmp")
            and self.has(end + 1, "column")
            and self.items[end].text[0] in "<>=!"
        ):
            return Quantity(((_FLIP[self.suffix(end, "cmp")], amount),)), end + 1
        return Quantity(((sign or "eq", amount),), compared=bool(sign)), end  # type: ignore[arg-type]

    def read(self, at: int) -> tuple[Quantity, int] | None:
        """Read the quantity that begins at an item, the most specific form first."""
        return (
            self.share(at)
            or self.between(at)
            or self.period(at)
            or self.compared(at)
            or self.plain(at)
        )


_STRICT: dict[str, Bound] = {"ge": "gt", "le": "lt"}
_LINKS = ("and", "or", "comma", "link", "either", "per", "range")


def _split_joints(items: list[Item]) -> list[Item]:
    """Split "or over", "or more" before another number: "under $20 or over $80"."""
    found: list[Item] = []
    for at, item in enumerate(items):
        sign = _suffix(item, "post")
        after = items[at + 1 : at + 3]
        number = any(each.has("number", "currency", "half_unit") for each in after[:1]) or (
            len(after) > 1 and after[0].has("versus", "link") and after[1].has("number", "currency")
        )
        head, _, tail = item.text.partition(" ")
        if sign and tail and number and head in ("or", "and"):
            found.append(Item(frozenset({head}), head))
            found.append(Item(frozenset({f"cmp.{_STRICT[sign]}"}), tail))
        elif not (item.text == "than" and found and _suffix(found[-1], "cmp")):
            found.append(item)
    return found


def _with_unit(quantity: Quantity, unit: str) -> Quantity:
    bounds = tuple((op, Amount(a.value, a.unit or unit)) for op, a in quantity.bounds)
    return Quantity(bounds, quantity.compared, quantity.window, quantity.quantile)


def _share_units(items: list[Item]) -> None:
    """Give "more than one but less than three years" its unit on both sides."""
    places = [at for at, item in enumerate(items) if isinstance(item, QuantityItem)]
    for first, second in zip(places, places[1:], strict=False):
        one, other = items[first], items[second]
        if not isinstance(one, QuantityItem) or not isinstance(other, QuantityItem):
            continue
        if not all(item.has(*_LINKS) for item in items[first + 1 : second]) or second == first + 1:
            continue
        units = [{a.unit for _, a in each.quantity.bounds} - {""} for each in (one, other)]
        if units[0] and not units[1]:
            other.quantity = _with_unit(other.quantity, min(units[0]))
        elif units[1] and not units[0]:
            one.quantity = _with_unit(one.quantity, min(units[1]))


def quantities(items: list[Item]) -> list[Item]:
    """Replace every number with its words of comparison and unit by one item.

    Args:
        items: the items of a question.

    Returns:
        The items, those of a quantity joined into a `QuantityItem` of role `quantity`.
    """
    items = _split_joints(items)
    reader = _Reader(items)
    found: list[Item] = []
    at = 0
    while at < len(items):
        result = reader.read(at)
        if result is None:
            found.append(items[at])
            at += 1
            continue
        quantity, end = result
        text = " ".join(item.text for item in items[at:end])
        found.append(QuantityItem(frozenset({"quantity"}), text, quantity=quantity))
        at = end
    _share_units(found)
    return found

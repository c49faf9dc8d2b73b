"""Numbers with their comparison: "at least two years", "$70-90", 半年以内, "the second year"."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from churnlens.evidence.parsing.amounts import (
    ARTICLES,
    Amount,
    read_amount,
    read_single,
    read_unit,
)
from churnlens.evidence.parsing.items import Item, any_has, item_at, skip

Bound = Literal["ge", "gt", "le", "lt", "eq", "ne"]
Found = tuple["Quantity", int] | None
_FLIP: dict[str, Bound] = {"ge": "le", "gt": "lt", "le": "ge", "lt": "gt", "eq": "eq", "ne": "ne"}
_STRICT: dict[str, Bound] = {"ge": "gt", "le": "lt", "gt": "gt"}
_LOOSENED = {("gt", "ge"): "ge", ("lt", "le"): "le"}  # "after five years or more"
_PERIODS = ("year", "quarter", "month", "week", "day")
_LARGEST_ORDINAL = 100
_LINKS = ("and", "or", "comma", "link", "either", "per", "range")
ORDINALS = {
    "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """One or two bounds on something that is not named here.

    Attributes:
        bounds: comparison and amount.
        compared: whether a comparison was said (otherwise the number stands alone).
        window: "the last six months": a period of the calendar, unless people joined in it.
        quantile: for "the top 10 %": share from which (`ge`) or up to which (`le`) it counts.
        turn: "the first year", "the second year".
    """

    bounds: tuple[tuple[Bound, Amount], ...] = ()
    compared: bool = True
    window: bool = False
    quantile: tuple[Bound, float] | None = None
    turn: bool = False

    def units(self) -> set[str]:
        """Return the units that are said."""
        return {amount.unit for _, amount in self.bounds} - {""}

    def with_unit(self, unit: str) -> Quantity:
        """Return the quantity with a unit where none was said."""
        bounds = tuple((op, Amount(a.value, a.unit or unit)) for op, a in self.bounds)
        return replace(self, bounds=bounds)


@dataclass(slots=True)
class QuantityItem(Item):
    """An item that holds a whole quantity."""

    quantity: Quantity = field(default_factory=Quantity)


def _one(op: str, amount: Amount, compared: bool = True) -> Quantity:
    return Quantity(((op, amount),), compared)  # type: ignore[arg-type]


def _month(items: list[Item], at: int) -> tuple[Amount, int] | None:
    """Read "month 12", "months 7" (to 12)."""
    number = item_at(items, at + 1).number
    named = item_at(items, at).suffix("unit") == "month" and number is not None
    return (Amount(float(number or 0), "month"), at + 2) if named else None


def _between(items: list[Item], at: int) -> Found:
    """Read "between 6 and 12 months", "6-12 months", 6到12个月之间."""
    opened = item_at(items, at).has("between")
    begin = skip(items, at + opened, "ordinal")  # 第七到第十二个月
    first = read_amount(items, begin) or _month(items, begin)
    if not first:
        return None
    joint = item_at(items, first[1])
    if begin > at + opened and (first[0].unit or not joint.has("range")):
        return None
    start = skip(items, first[1] + 1, "ordinal")  # "the 13th to the 24th month"
    open_end = joint.has("range") and item_at(items, start).has("cmp.lt")  # "50 to under 100"
    start += open_end
    second = read_amount(items, start) or _month(items, start)
    if not second or not (joint.has("range") or (opened and joint.has("and"))):
        return None
    low = Amount(first[0].value, first[0].unit or second[0].unit)
    high = Amount(second[0].value, second[0].unit or first[0].unit)
    top: Bound = "lt" if open_end else "le"
    return Quantity((("ge", low), (top, high))), skip(items, second[1], "closer")


def _ordinal(items: list[Item], at: int) -> tuple[int, str, int] | None:
    """Read "first year", "second year", "year two", 第二年: number, unit and end."""
    item, after = item_at(items, at), item_at(items, at + 1)
    number, end = ORDINALS.get(item.text, 1 if item.has("first") else 0), at + 1
    if item.has("ordinal") and after.number is not None:
        number, end = int(after.number), at + 2
    if number:
        unit, end = read_unit(items, end)
        unit = "month" if unit == "date" and items[end - 1].text == "月" else unit
        return (number, unit, end) if unit in _PERIODS else None
    unit = item.suffix("unit")
    counted = after.number is not None and after.number <= _LARGEST_ORDINAL
    if unit in ("year", "month") and counted and not item.text.endswith("s"):
        plain = not read_unit(items, at + 2)[0]
        return (int(after.number or 0), unit, at + 2) if plain else None
    return None


def _share(items: list[Item], at: int) -> Found:
    """Read "top 10 %", "bottom quarter", 最高的四分之一."""
    high = item_at(items, at).has("top")
    if not (high or item_at(items, at).has("bottom")):
        return None
    part, end = item_at(items, at + 1).suffix("fraction"), at + 2
    if not part:
        percent = item_at(items, at + 1).has("percent")
        found = read_amount(items, at + 1 + percent)
        if not found or not (percent or found[0].unit == "percent"):
            return None
        part, end = str(float(found[0].value) / 100), found[1]
    return Quantity(quantile=("ge", 1 - float(part)) if high else ("le", float(part))), end


def _first(items: list[Item], at: int) -> Found:
    """Read "the first six months", 前六个月, 头一年."""
    if not item_at(items, at).has("first"):
        return None
    start = skip(items, at + 1, "link")
    found = read_amount(items, start) or read_single(items, start)
    if not found or found[0].unit not in _PERIODS:
        return None
    turn = found[0].value == 1
    return replace(_one("le", found[0]), turn=turn), skip(items, found[1], "closer")


def _last(items: list[Item], at: int) -> Found:
    """Read "the last three months", 最近三个月, "the past year"."""
    item, before = item_at(items, at), item_at(items, at - 1)
    reached = item.suffix("cmp") and before.has("left", "stayed", "noun", "join")
    if not item.has("last") or reached:  # "those who stayed past two years"
        return None
    start = skip(items, at + 1, "link")
    found = read_amount(items, start) or read_single(items, start)
    unit, end = read_unit(items, at + 1)
    amount, end = found or (Amount(1.0, unit), end)
    if amount.unit not in _PERIODS:
        return None
    return replace(_one("le", amount), window=True), skip(items, end, "closer")


def _turn(items: list[Item], at: int) -> Found:
    """Read "the first year", "the second year", 第二年到第三年."""
    turn = _ordinal(items, at)
    if not turn:
        return None
    number, unit, end = turn
    last = _ordinal(items, end + 1) if item_at(items, end).has("range") else None
    highest, end = (last[0], last[2]) if last and last[1] == unit else (number, end)
    low: tuple[Bound, Amount] = ("gt", Amount(number - 1.0, unit))
    high: tuple[Bound, Amount] = ("le", Amount(float(highest), unit))
    bounds = (low, high) if number > 1 else (high,)
    return Quantity(bounds, turn=True), skip(items, end, "closer")


def _beside_column(items: list[Item], start: int, end: int) -> bool:
    """Whether a column is named right before or behind ("above the average charge")."""
    while start > 0 and items[start - 1].has("link", "neutral", "between"):
        if items[start - 1].mentions("column"):
            break
        start -= 1
    after = item_at(items, skip(items, end, "link"))
    return item_at(items, start - 1).mentions("column") or after.mentions("column")


def _after(items: list[Item], at: int) -> tuple[str, str, int]:
    """Skip a second comparison and the unit behind it ("6 or more months")."""
    unit, sign = "", item_at(items, at).suffix("post")
    if sign:
        unit, at = read_unit(items, at + 1)
    return sign, unit, skip(items, at, "closer", "per")


def _is_adjective(items: list[Item], at: int) -> bool:
    """Whether an amount that ends before a place describes customers: "two-year customers"."""
    return items[at - 1].text in _PERIODS and item_at(items, at).has("noun")


def _postposed(items: list[Item], at: int) -> int:
    """Return the place of a comparison behind one word of linking: "six months in at most"."""
    behind, further = item_at(items, at + 1), item_at(items, at + 2)
    number = further.has("number", "currency", "half_unit")
    linked = item_at(items, at).has("link", "neutral", "per") and not items[at].mention
    return at + 1 if linked and behind.suffix("post") and not number else at


def _compared(items: list[Item], at: int) -> Found:
    """Read "more than $80", 不满一年, "over a year", "after the first year"."""
    sign = item_at(items, at).suffix("cmp")
    if not sign:
        return None
    if sign == "eq" and item_at(items, at + 1).has("cmp.ge"):  # 正好满一年
        at += 1
    single = item_at(items, at + 1).text in ARTICLES
    inside = at + 1 if single else skip(items, at + 1, "link", "with")
    found = read_amount(items, inside) or read_single(items, inside)
    if not found:
        return _compared_period(items, sign, inside)
    amount, end = found
    if isinstance(amount.value, str) and not _beside_column(items, at, end):
        return None
    if items[at].has("versus") and _is_adjective(items, end):
        return None
    second, unit, end = _after(items, end)
    sign = _LOOSENED.get((sign, second), sign)
    return _one(sign, Amount(amount.value, amount.unit or unit)), end


def _compared_period(items: list[Item], sign: str, at: int) -> Found:
    """Read "past the first year", "before the second year", "within the first six months"."""
    found = _first(items, at) or _turn(items, at)
    if not found:
        return None
    (low, high), end = (found[0].bounds[0], found[0].bounds[-1]), found[1]
    if sign in ("gt", "ge"):
        return _one("gt", high[1]), end
    if sign == "lt":
        return _one("le", low[1] if low != high else Amount(0.0, low[1].unit)), end
    return _one(high[0], high[1]), end


def _plain(items: list[Item], at: int) -> Found:
    """Read "6 months or more", "80+", 六个月以上, "12 <=", or just "12 months"."""
    found = read_amount(items, at)
    if not found or isinstance(found[0].value, str):
        found = read_single(items, at)
        if not found or not item_at(items, found[1]).suffix("post"):
            return None
    amount, end = found
    if any_has(items[at:end], "post.gt"):
        return _one("gt", amount), end
    end = _postposed(items, end)
    if sign := item_at(items, end).suffix("post"):
        _, unit, end = _after(items, end)
        return _one(sign, Amount(amount.value, amount.unit or unit)), end
    turned = item_at(items, end).suffix("cmp")
    if turned and item_at(items, end).text[0] in "<>=!" and item_at(items, end + 1).mention:
        return _one(_FLIP[turned], amount), end + 1
    return _one("eq", amount, compared=False), end


def _read(items: list[Item], at: int) -> Found:
    """Read the quantity that begins at an item, the most specific form first."""
    for form in (_share, _between, _first, _last, _turn, _compared, _plain):
        if found := form(items, at):
            return found
    return None


def _split_joints(items: list[Item]) -> list[Item]:
    """Split "or over", "or more than" before another number: "under $20 or over $80"."""
    found: list[Item] = []
    for at, item in enumerate(items):
        sign, (head, _, tail) = item.suffix("post"), item.text.partition(" ")
        after, further = item_at(items, at + 1), item_at(items, at + 2)
        number = after.has("number", "currency", "half_unit") or (
            after.has("versus", "link") and further.has("number", "currency")
        )
        if sign and tail and number and head in ("or", "and"):
            comparison = Item(frozenset({f"cmp.{_STRICT[sign]}"}), tail)
            found += [Item(frozenset({head}), head), comparison]
        elif not (item.text == "than" and found and found[-1].suffix("cmp")):
            found.append(item)
    return found


def _with_shared_units(items: list[Item]) -> list[Item]:
    """Give "more than one but less than three years" its unit on both sides."""
    shared = list(items)
    places = [at for at, item in enumerate(items) if isinstance(item, QuantityItem)]
    for first, second in zip(places, places[1:], strict=False):
        one, other = shared[first], shared[second]
        if first and items[first - 1].mentions("column"):
            continue
        between = items[first + 1 : second]
        if not between or not all(item.has(*_LINKS) for item in between):
            continue
        if isinstance(one, QuantityItem) and isinstance(other, QuantityItem):
            before, after = one.quantity.units(), other.quantity.units()
            if before and not after:
                shared[second] = replace(other, quantity=other.quantity.with_unit(min(before)))
            elif after and not before:
                shared[first] = replace(one, quantity=one.quantity.with_unit(min(after)))
    return shared


def quantities(items: list[Item]) -> list[Item]:
    """Replace every number with its words of comparison and unit by one item.

    Args:
        items: the items of a question.

    Returns:
        The items, those of a quantity joined into a `QuantityItem` of role `quantity`.
    """
    items = _split_joints(items)
    found: list[Item] = []
    at = 0
    while at < len(items):
        result = _read(items, at)
        if result is None:
            found.append(items[at])
            at += 1
            continue
        quantity, end = result
        text = " ".join(item.text for item in items[at:end])
        found.append(QuantityItem(frozenset({"quantity"}), text, quantity=quantity))
        at = end
    return _with_shared_units(found)

"""Which column a number is about."""

from __future__ import annotations

from churnlens.evidence.parsing.amounts import Amount
from churnlens.evidence.parsing.items import END, Item, any_has, item_at
from churnlens.evidence.parsing.numerals import read_number
from churnlens.evidence.parsing.quantities import Bound, Quantity, QuantityItem
from churnlens.evidence.parsing.text import tokens
from churnlens.evidence.parsing.thresholds import Thresholds
from churnlens.schema import Column, Condition, Schema

MONTHS = {"year": 12.0, "quarter": 3.0, "month": 1.0, "week": 7 / 30, "day": 1 / 30}
_CURRENCIES = frozenset({"usd", "eur", "gbp", "cny", "rmb", "jpy", "hkd", "chf", "aud", "cad"})
_LONGEST_YEARS = 150  # "2023 年" is a date, not a duration
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_REACH = 4  # words between a number and the name of its column
_REGULAR = ("month", "月")  # "monthly charges above $3,000" says itself which column is meant
_SINGULAR = ("year", "month", "yr")


class Unclear(ValueError):
    """A number that no value answers to; the message is `problem key: words`."""


def _is_money(column: Column) -> bool:
    return column.unit.lower() in _CURRENCIES


def _in_months(amount: Amount) -> float:
    value = 0.0 if isinstance(amount.value, str) else float(amount.value)
    return value * MONTHS.get(amount.unit, 0.0)


def _duration(text: str) -> float:
    """Return the months that a value such as "Two year" names, 0 if it names none."""
    words = tokens(text)
    for at in range(len(words) - 1):
        number = read_number(words, at)
        if number and number[1] < len(words) and words[number[1]].lemma in MONTHS:
            return number[0] * MONTHS[words[number[1]].lemma]
    return 0.0


def durations(column: Column) -> dict[str, float]:
    """Return value → months for a category of durations (0 where none is named), else nothing."""
    found = {value.value: _duration(value.value) for value in column.values}
    return found if any(found.values()) else {}


def _named_near(items: list[Item], at: int, step: int) -> str:
    """Return the column that is named right before (-1) or behind (+1) an item, or nothing."""
    for position in range(at + step, at + step * (_REACH + 2), step):
        item = item_at(items, position)
        if item.mention:
            return item.mention.column if item.mentions("column") else item.mention.also
        if item.text in ".?!;\n" or item.has("and", "or", "noun", "versus", "left", "stayed"):
            return ""
        easy = item.has("link", "with", "per", "unit.measure", "between")
        if not easy and not (step < 0 and item.has("neutral", "cmp.eq", "stop")):
            return ""
    return ""


def _is_adjective(item: QuantityItem) -> bool:
    """Whether a duration is written like "two-year", unlike "two years"."""
    return item.text.endswith(_SINGULAR) and item.quantity.bounds[0][1].value != 1


def _listed(items: list[Item], column: Column) -> bool:
    """Whether a value of the column follows with nothing but "or", "and", "versus" between."""
    linked = False
    for item in items:
        if isinstance(item, QuantityItem) and linked and not item.quantity.compared:
            if _is_adjective(item):
                return True
            continue
        if item.mention or isinstance(item, QuantityItem):
            return linked and item.mention is not None and item.mention.column == column.name
        if item.has("with", "stop", "join"):
            return False
        linked = linked or item.has("or", "and", "versus", "comma")
    return False


def _mirrors(first: Quantity, second: Quantity) -> bool:
    """Whether two quantities are opposite bounds at one amount of money."""
    if not (len(first.bounds) == len(second.bounds) == 1 and first.units() == {"money"}):
        return False
    (one, amount), (other, same) = first.bounds[0], second.bounds[0]
    return one[0] != other[0] and amount == same  # above and below


class Attacher:
    """Gives every number of a question its column.

    Attributes:
        schema: the table.
        thresholds: its quantiles and averages.
        items: the items of the question.
    """

    def __init__(self, schema: Schema, thresholds: Thresholds, items: list[Item]) -> None:
        self.schema, self.thresholds, self.items = schema, thresholds, items

    def named(self, at: int) -> Column | None:
        """Return the column that the words beside a number name, or beside the number before.

        The longer mention wins; "a balance over 80 but under 100" names the column once.
        """
        before, after = (_named_near(self.items, at, step) for step in (-1, 1))
        name = before or after
        if before and after and before != after:
            sides = reversed(self.items[:at]), self.items[at + 1 :]
            texts = [next(item.text for item in side if item.mention) for side in sides]
            name = after if len(texts[1].split()) > len(texts[0].split()) else before
        return self.schema.column(name) if name else self._named_before(at)

    def _named_before(self, at: int) -> Column | None:
        for position in range(at - 1, -1, -1):
            item = self.items[position]
            if isinstance(item, QuantityItem):
                between = self.items[position + 1 : at]
                linked = any_has(between, "and", "or", "with", "versus")
                adjacent = all(each.text == "、" for each in between)  # 不低于七十不高于九十
                return self.named(position) if linked or adjacent else None
            compares = any_has(self.items, "compare") and item.has("noun", "with", "versus")
            beside = item.has("why", "more", "versus")
            beside = beside and any_has(self.items[position:at], "versus")
            easy = compares or beside or item.has("and", "or", "comma", "link", "neutral")
            if item.mention or not easy:
                return None
        return None

    def column(self, at: int, quantity: Quantity) -> Column | None:
        """Return the column of the quantity at a place, by its unit and the words beside it."""
        named = self.named(at)
        unit = min(quantity.units() - {"measure"}, default="")
        several = quantity.compared or len(quantity.bounds) > 1
        if unit in MONTHS or (unit == "date" and several):
            if named and (named.unit in MONTHS or durations(named)):
                return named
            length = self._length(at, quantity)
            return length or (self.schema.column(self.schema.time) if self.schema.time else None)
        if unit == "money":
            own = named if named and _is_money(named) else None
            known = None if own else self._counterpart(at, quantity)
            return known or self._beyond(at, quantity) or own or self._money()
        if unit == "age":
            return self._age()
        if unit == "percent":
            return named if named and named.unit in ("%", "percent") else None
        return self._unitless(at, quantity, named)

    def _counterpart(self, at: int, quantity: Quantity) -> Column | None:
        """Return the column of an earlier bound that this one mirrors: "over $40 … $40 or less"."""
        for position, item in enumerate(self.items[:at]):
            if isinstance(item, QuantityItem) and _mirrors(item.quantity, quantity):
                return self.column(position, item.quantity)
        return None

    def _beyond(self, at: int, quantity: Quantity) -> Column | None:
        """Return the column of an amount that no regular charge of the table reaches."""
        money = self.schema.money
        said = [item.text for item in self.items[max(0, at - _REACH) : at + _REACH]]
        regular = any(unit in text for text in said for unit in _REGULAR)
        values = [a.value for _, a in quantity.bounds if not isinstance(a.value, str)]
        if not (money and values) or regular or max(values) <= self.thresholds.of(money, 1.0):
            return None
        others = [
            column
            for column in self.schema.columns
            if column.kind == "number" and _is_money(column) and column.name != money
        ]
        fit = [c for c in others if self.thresholds.of(c.name, 1.0) >= max(values)]
        return fit[0] if len(fit) == 1 else None

    def _unitless(self, at: int, quantity: Quantity, named: Column | None) -> Column | None:
        if not named and self.items[at].text.startswith(("older than", "younger than")):
            named = self._age()
        if quantity.quantile and not named:
            named = self._ranked(at)
        return named if named and named.kind == "number" else None

    def _ranked(self, at: int) -> Column | None:
        """Return the column of "the top 10 % of customers by balance"."""
        for item in self.items[at + 1 :]:
            if item.mention and item.mention.kind == "column":
                return self.schema.column(item.mention.column)
            if not item.has("noun", "link", "with", "per"):
                return None
        return None

    def _length(self, at: int, quantity: Quantity) -> Column | None:
        """Return the category whose value a plain duration is: "a two-year plan"."""
        item = self.items[at]
        if quantity.compared or len(quantity.bounds) != 1:
            return None
        adjective = item.text.endswith(_SINGULAR)
        alone = isinstance(item, QuantityItem) and _is_adjective(item)
        behind = (item for item in self.items[at + 1 :] if not item.mentions("value"))
        followed = next(behind, END).has("noun", "anchor")
        for column in self.schema.attributes():
            if _in_months(quantity.bounds[0][1]) not in durations(column).values():
                continue
            sides = self.items[:at][::-1], self.items[at + 1 :]
            if alone or (adjective and followed) or any(_listed(side, column) for side in sides):
                return column
        return None

    def _money(self) -> Column | None:
        if self.schema.money:
            return self.schema.column(self.schema.money)
        found = [column for column in self.schema.attributes() if _is_money(column)]
        return found[0] if len(found) == 1 else None

    def _age(self) -> Column | None:
        for column in self.schema.attributes():
            if column.kind == "number" and {"age", "aged"} & {w.lower() for w in column.words.en}:
                return column
        return None

    def _number(self, amount: Amount, column: Column) -> float:
        """Return an amount in the unit of its column."""
        if isinstance(amount.value, str):
            return self.thresholds.of(column.name, amount.value)
        months = MONTHS.get("month" if amount.unit == "date" else amount.unit)
        if months is None or column.unit not in MONTHS:
            return float(amount.value)
        return round(float(amount.value) * months / MONTHS[column.unit], 6)

    def conditions(self, quantity: Quantity, column: Column) -> tuple[Condition, ...]:
        """Return the bounds of a quantity as conditions on a column.

        Raises:
            Unclear: the column is a category of durations and none of them fits.
        """
        if quantity.quantile:
            op, share = quantity.quantile
            threshold = self.thresholds.of(column.name, share)
            return (Condition(column=column.name, op=op, value=threshold),)
        if column.kind == "category":
            return (_of_duration(quantity, column),)
        return tuple(
            Condition(column=column.name, op=op, value=self._number(amount, column))
            for op, amount in quantity.bounds
        )

    def is_date(self, at: int, quantity: Quantity) -> bool:
        """Whether a quantity speaks of the calendar: "the last six months", "in 2023", 3月."""
        if quantity.window or item_at(self.items, at + 1).has("ago"):
            return not any_has(self.items, "join")
        for _, amount in quantity.bounds:
            value = 0.0 if isinstance(amount.value, str) else amount.value
            alone = not quantity.compared and len(quantity.bounds) == 1
            if amount.unit == "year" and value > _LONGEST_YEARS:
                return True
            if alone and amount.unit == "date":
                return True
            if alone and not amount.unit and _FIRST_YEAR <= value <= _LAST_YEAR:
                return self.named(at) is None
        return False


def _of_duration(quantity: Quantity, column: Column) -> Condition:
    """Return the values of a category of durations ("one-year contract") within bounds."""
    tests: dict[Bound, str] = {
        "ge": "__ge__", "gt": "__gt__", "le": "__le__", "lt": "__lt__", "eq": "__eq__",
        "ne": "__ne__",
    }  # fmt: skip
    names = tuple(
        name
        for name, months in durations(column).items()
        if all(getattr(months, tests[op])(_in_months(amount)) for op, amount in quantity.bounds)
    )
    if not names:
        raise Unclear(f"unknown_value: {column.label.en}")
    return Condition(column=column.name, op="in", value=names)

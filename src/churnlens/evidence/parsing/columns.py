"""Which column a number is about, and the thresholds that a table itself gives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlens.evidence.parsing.quantities import Amount, Bound, Quantity, QuantityItem
from churnlens.evidence.parsing.scan import Item, read_number
from churnlens.evidence.parsing.text import tokens
from churnlens.schema import Column, Condition, Schema

MONTHS = {"year": 12.0, "quarter": 3.0, "month": 1.0, "week": 7 / 30, "day": 1 / 30}
_CURRENCIES = frozenset({"usd", "eur", "gbp", "cny", "rmb", "jpy", "hkd", "chf", "aud", "cad"})
_LONGEST_YEARS = 150  # "2023 年" is a date, not a duration
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


class Unclear(ValueError):
    """A number that belongs to no column; the message is `problem key: words`."""


class Thresholds:
    """Quantiles and averages of one table, each computed once."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._columns = {str(name): table[name] for name in table.columns}
        self._known: dict[tuple[str, str | float], float] = {}

    def of(self, column: str, what: str | float) -> float:
        """Return the mean, the median or a quantile (0 to 1) of a column."""
        if (column, what) not in self._known:
            cells = self._columns[column].to_numpy(dtype=float, na_value=np.nan)
            share = 0.5 if what == "median" else what
            value = np.nanmean(cells) if what == "mean" else np.nanquantile(cells, float(share))
            self._known[column, what] = float(value)
        return self._known[column, what]


def is_money(column: Column) -> bool:
    """Whether the unit of a column is a currency."""
    return column.unit.lower() in _CURRENCIES


def duration(text: str) -> float | None:
    """Return the months that a value such as "Two year" names, if it names any."""
    words = tokens(text)
    for at in range(len(words) - 1):
        number = read_number(words, at)
        if number and number[1] < len(words) and words[number[1]].lemma in MONTHS:
            return number[0] * MONTHS[words[number[1]].lemma]
    return None


def durations(column: Column) -> dict[str, float]:
    """Return value → months for a category of durations (0 where none is named), else nothing."""
    if column.kind != "category":
        return {}
    found = {value.value: duration(value.value) for value in column.values}
    return {name: months or 0.0 for name, months in found.items()} if any(found.values()) else {}


def _neighbour(items: list[Item], at: int, step: int) -> Column | str | None:
    """Return the name of the column that is named right before or behind an item."""
    skipped = 0
    position = at + step
    while 0 <= position < len(items) and skipped <= 4:
        item = items[position]
        if item.mention and item.mention.kind == "column":
            return item.mention.column
        if item.mention and item.mention.also:
            return item.mention.also
        easy = item.has("link", "with", "per", "unit.measure", "between")
        if item.mention or not (easy or (step < 0 and item.has("neutral", "cmp.eq", "stop"))):
            return None
        if (
            item.has("and", "or", "comma", "noun", "versus", "left", "stayed")
            or item.text in ".?!;\n"
        ):
            return None
        position, skipped = position + step, skipped + 1
    return None


def _listed(items: list[Item], column: Column) -> bool:
    """Whether a value of the column follows with nothing but "or", "and", "versus" between."""
    linked = False
    for item in items:
        if isinstance(item, QuantityItem) and linked and not item.quantity.compared:
            continue
        if item.mention or isinstance(item, QuantityItem):
            return linked and bool(item.mention) and item.mention.column == column.name
        if item.has("with", "stop", "join", "left", "stayed"):
            return False
        linked = linked or item.has("or", "and", "versus", "comma")
    return False


class Attacher:
    """Gives every number of a question its column.

    Attributes:
        schema: the table.
        thresholds: what its quantiles and averages are.
        items: the items of the question.
    """

    def __init__(self, schema: Schema, thresholds: Thresholds, items: list[Item]) -> None:
        self.schema, self.thresholds, self.items = schema, thresholds, items
        self.joined = any(item.has("join") for item in items)

    def named(self, at: int) -> Column | None:
        """Return the column that the words beside a number name, or beside the number before.

        The longer mention wins; "a balance over 80 but under 100" names the column once.
        """
        return self._beside(at) or self._before(at)

    def _before(self, at: int) -> Column | None:
        linked = False
        for position in range(at - 1, -1, -1):
            item = self.items[position]
            if isinstance(item, QuantityItem):
                return self.named(position) if linked else None
            if item.mention or not item.has("and", "or", "comma", "link", "neutral"):
                return None
            linked = linked or item.has("and", "or")
        return None

    def _beside(self, at: int) -> Column | None:
        before, after = (_neighbour(self.items, at, step) for step in (-1, 1))
        if before and after and before != after:
            quantity = self.items[at]
            specific = after if isinstance(quantity, QuantityItem) and self._longer(at) else before
            return self.schema.column(str(specific))
        name = before or after
        return self.schema.column(str(name)) if name else None

    def _longer(self, at: int) -> bool:
        before = next(item for item in reversed(self.items[:at]) if item.mention)
        after = next(item for item in self.items[at + 1 :] if item.mention)
        return len(after.text.split()) > len(before.text.split())

    def column(self, at: int, quantity: Quantity, unit: str) -> Column | None:
        """Return the column of a quantity by its unit and by the words beside it."""
        named = self.named(at)
        if unit in MONTHS or (unit == "date" and (quantity.compared or len(quantity.bounds) > 1)):
            if named and (named.unit in MONTHS or durations(named)):
                return named
            if length := self._length(at, quantity):
                return length
            return self.schema.column(self.schema.time) if self.schema.time else None
        if unit == "money":
            if named and is_money(named):
                return named
            return self._money()
        if unit == "age":
            return self._age()
        if unit == "percent":
            return named if named and named.unit in ("%", "percent") else None
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
        if quantity.compared or len(quantity.bounds) != 1:
            return None
        singular = self.items[at].text.endswith(("year", "month", "yr"))
        for column in self.schema.attributes():
            known = durations(column)
            amount = quantity.bounds[0][1]
            if self.number_of_months(amount) not in known.values():
                continue
            before, after = self.items[at - 1 :: -1] if at else [], self.items[at + 1 :]
            if singular and after and after[0].has("noun", "anchor"):
                return column
            if any(_listed(side, column) for side in (before, after)):
                return column
        return None

    @staticmethod
    def number_of_months(amount: Amount) -> float:
        """Return a duration in months."""
        value = amount.value if not isinstance(amount.value, str) else 0.0
        return float(value) * MONTHS.get(amount.unit, 0.0)

    def _money(self) -> Column | None:
        if self.schema.money:
            return self.schema.column(self.schema.money)
        found = [column for column in self.schema.attributes() if is_money(column)]
        return found[0] if len(found) == 1 else None

    def _age(self) -> Column | None:
        for column in self.schema.attributes():
            if column.kind == "number" and {"age", "aged"} & {w.lower() for w in column.words.en}:
                return column
        return None

    def number(self, amount: Amount, column: Column) -> float:
        """Return an amount in the unit of its column."""
        if isinstance(amount.value, str):
            return self.thresholds.of(column.name, amount.value)
        months = MONTHS.get("month" if amount.unit == "date" else amount.unit)
        if months is None or column.unit not in MONTHS:
            return float(amount.value)
        return round(float(amount.value) * months / MONTHS[column.unit], 6)

    def conditions(self, at: int, quantity: Quantity, column: Column) -> tuple[Condition, ...]:
        """Return the bounds of a quantity as conditions on a column."""
        if quantity.quantile:
            op, share = quantity.quantile
            return (
                Condition(column=column.name, op=op, value=self.thresholds.of(column.name, share)),
            )
        if months := durations(column):
            return self._of_duration(quantity, column, months)
        return tuple(
            Condition(column=column.name, op=op, value=self.number(amount, column))
            for op, amount in quantity.bounds
        )

    def _of_duration(
        self, quantity: Quantity, column: Column, months: dict[str, float]
    ) -> tuple[Condition, ...]:
        """Return the values of a category of durations ("one-year contract") within bounds."""
        tests = {
            "ge": float.__ge__, "gt": float.__gt__, "le": float.__le__, "lt": float.__lt__,
            "eq": float.__eq__, "ne": float.__ne__,
        }  # fmt: skip
        wanted: list[tuple[Bound, float]] = [
            (op, float(amount.value) * MONTHS.get(amount.unit, 1.0))
            for op, amount in quantity.bounds
            if not isinstance(amount.value, str)
        ]
        names = tuple(n for n, m in months.items() if all(tests[op](m, v) for op, v in wanted))
        if not names:
            raise Unclear(f"unknown_value: {column.label.en}")
        return (Condition(column=column.name, op="in", value=names),)

    def calendar(self, at: int, quantity: Quantity) -> bool:
        """Whether a quantity speaks of the calendar: "the last six months", "in 2023", 3 月."""
        following = self.items[at + 1] if at + 1 < len(self.items) else None
        if quantity.window or (following is not None and following.has("ago")):
            return not self.joined
        for _, amount in quantity.bounds:
            if amount.unit == "date" and not quantity.compared and len(quantity.bounds) == 1:
                return True
            value = amount.value if not isinstance(amount.value, str) else 0
            if amount.unit == "year" and value > _LONGEST_YEARS:
                return True
            if not amount.unit and not quantity.compared and _FIRST_YEAR <= value <= _LAST_YEAR:
                return self.named(at) is None
        return False

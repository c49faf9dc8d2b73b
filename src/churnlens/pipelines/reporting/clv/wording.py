"""What models of value read, and what a customer's value rests on, in words of both languages."""

from __future__ import annotations

import re
from typing import Final

from churnlens.pipelines.reporting.strings import Strings
from churnlens.schema import Schema
from churnlens.tasks.clv.contract_rows import PREFIX

# phrase → the part of `tasks.clv.factors` that it says
_PARTS: Final = {
    "factor_alive": r"still there (?P<percent>\d+) %",
    "factor_purchases": r"purchases (?P<n>[\d.]+) in (?P<days>\d+) days",
    "factor_amount": r"amount (?P<amount>[\d.]+)",
    "factor_charge": r"charge (?P<amount>[\d.]+)",
    "factor_months": r"months (?P<n>\d+)",
}
_ATTRIBUTE: Final = re.compile(r"(?P<name>[^=]+)=(?P<cell>.*) (?P<odds>[+-][\d.]+)")
_LIFT: Final = re.compile(r"(?P<model>\w+) x(?P<by>[\d.]+)")


def say_column(name: str, schema: Schema | None, words: Strings) -> str:
    """Return the name of a column that boosting reads, see `contract_rows.read_columns`."""
    if not name.startswith(PREFIX):
        return words.name("value_columns", name)
    column, _, cell = name.removeprefix(PREFIX).partition("=")
    return _attribute(column, cell, schema, words)


def say_factors(told: str, schema: Schema | None, words: Strings) -> str:
    """Return the factors of one customer; a part that has no words stays as it is.

    Args:
        told: see `factors.repeat_factors` and `factors.contract_factors`; empty for who has left.
        schema: names the attributes; None where only payments are known.
        words: of the page.
    """
    return words.say("separator").join(_part(part, schema, words) for part in told.split("; "))


def _part(part: str, schema: Schema | None, words: Strings) -> str:
    for phrase, pattern in _PARTS.items():
        if found := re.fullmatch(pattern, part):
            return words.say(phrase, **found.groupdict())
    if found := _ATTRIBUTE.fullmatch(part):
        return f"{_attribute(found['name'], found['cell'], schema, words)} {found['odds']}"
    if found := _LIFT.fullmatch(part):
        return f"{words.name('value_models', found['model'])} ×{found['by']}"
    return part


def _attribute(name: str, cell: str, schema: Schema | None, words: Strings) -> str:
    """Return a value of a category in the schema's words; else the column, with its number."""
    columns = {} if schema is None else {each.name: each for each in schema.columns}
    if name not in columns:
        return f"{name}={cell}" if cell else name
    labels = {value.value: value.label for value in columns[name].values}
    label = words.of(columns[name].label)
    if cell in labels:
        return words.of(labels[cell])
    return f"{label} {cell} {columns[name].unit}".strip() if cell else label

"""Shared by the question tests: a small table, and the short notation of expected filters."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from churnlens.evidence.query import AnyOf, Filter
from churnlens.schema import Column, Condition, Schema, read_schema

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TELCO = read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")
BANK = read_schema(HERE.parent / "schemas" / "bank.yml")
_OPS = {"=": "eq", "!=": "ne", ">=": "ge", ">": "gt", "<=": "le", "<": "lt"}


def _cells(column: Column, rows: int, random: np.random.Generator) -> np.ndarray:
    if column.kind == "category":
        return random.choice([value.value for value in column.values], rows)
    if column.kind == "number":
        high = column.maximum if column.maximum is not None else 10_000.0
        cells = random.uniform(column.minimum or 0.0, high, rows)
        return np.floor(cells) if column.integer else np.round(cells, 2)
    return np.array([f"{column.name}-{row}" for row in range(rows)])


def random_table(schema: Schema, rows: int = 600, seed: int = 0) -> pd.DataFrame:
    """Return a table of random cells that fits a schema, attributes that do not apply included."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame({column.name: _cells(column, rows, random) for column in schema.columns})
    for column in schema.attributes():
        for absent in (value for value in column.values if value.absent):
            for parent in schema.attributes():
                for value in parent.values:
                    if value.label == absent.label and not value.absent:
                        here = table[parent.name] == value.value
                        some = next(v.value for v in column.values if not v.absent)
                        cells = table[column.name].where(table[column.name] != absent.value, some)
                        table[column.name] = cells.where(~here, absent.value)
    return table


def _number(text: str, column: str, table: pd.DataFrame) -> float:
    cells = table[column].to_numpy(float)
    if text == "mean":
        return float(f"{np.mean(cells):.8g}")
    quantile = f"{np.quantile(cells, float(text[1:])):.15g}" if text.startswith("q") else text
    return float(quantile)


def _condition(text: str, schema: Schema, table: pd.DataFrame) -> Condition:
    found = re.fullmatch(r"(\w+)(!=|>=|<=|=|>|<)(.+)", text.strip())
    assert found, text
    column, op, value = found.group(1), _OPS[found.group(2)], found.group(3)
    if schema.column(column).kind == "number":
        return Condition(column=column, op=op, value=_number(value, column, table))
    if "|" in value:
        several = {"eq": "in", "ne": "not_in"}[op]
        return Condition(column=column, op=several, value=tuple(value.split("|")))
    return Condition(column=column, op=op, value=value)


def expected(text: str, schema: Schema, table: pd.DataFrame) -> Filter:
    """Read the short notation of a filter."""
    if text == "all":
        return ()
    parts = []
    for part in text.split(" & "):
        either = [_condition(each, schema, table) for each in part.split(" or ")]
        parts.append(either[0] if len(either) == 1 else AnyOf(any_of=tuple(either)))
    return tuple(parts)


def plain(filters: Filter | None, schema: Schema) -> frozenset | None:
    """Return a filter without its order, and with "not B" of the values A, B as A."""
    if filters is None:
        return None
    return frozenset(
        frozenset(_plain(each, schema) for each in part.any_of)
        if isinstance(part, AnyOf)
        else frozenset([_plain(part, schema)])
        for part in filters
    )


def _plain(condition: Condition, schema: Schema) -> tuple[str, str, object]:
    column = schema.column(condition.column)
    if column.kind != "category":
        return (condition.column, condition.op, condition.value)
    several = isinstance(condition.value, tuple)
    named = set(condition.value if several else [condition.value])
    every = {value.value for value in column.values}
    return (
        condition.column,
        "in",
        frozenset(every - named if condition.op in ("ne", "not_in") else named),
    )


def questions(name: str) -> list[dict[str, str]]:
    """Return the questions of a file, each with its group."""
    groups = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return [{"group": group, **each} for group, rows in groups.items() for each in rows]

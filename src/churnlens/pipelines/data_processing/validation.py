"""The customer table against its schema: typed, or refused with every fault named.

Pandera does the checking; this module turns a schema into pandera checks and pandera's findings
into messages that a person can act on and that print no personal value.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from kedro.validation import DataValidationError

from churnlens.privacy.redaction import redact
from churnlens.schema import Column, Schema, read_schema

if TYPE_CHECKING:
    import pandera.pandas as pa

SHOWN = 5
HIDDEN = "a value that is not shown"
FEW = (3, 0.02)  # rows at fault, or their share, up to which a column holds what its name says
ALIKE = 0.8  # share of letters in common by which a value is a misspelt allowed one
COMMON = (3, 0.05)  # rows, and share of all rows, from which on a value is a code and no name
_AMOUNT = re.compile(
    r"[-+]?[$€£¥]?\d[\d.,]*(?:e[-+]?\d+)?\s?[$€£¥%]?|[-+]?inf(?:inity)?|nan", re.IGNORECASE
)
_COMMA = re.compile(r"^'[-+]?\d[\d.]*,\d")  # of a quoted cell


class TableError(DataValidationError):
    """A table that does not fit its schema; the message lists the first faults in full."""

    def __str__(self) -> str:
        """Return the whole message; Kedro's own rendering would cut the faults off."""
        return self.message


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the table. `row` is the data row counted from 1, 0 for the whole."""

    column: str
    expected: str
    row: int = 0
    got: str = ""
    example: str = ""

    def __str__(self) -> str:
        """Return the fault as one line."""
        place = f"row {self.row}, " if self.row else ""
        got = f"got {self.got}, " if self.got else ""
        example = f", for example {self.example}" if self.example else ""
        return f"{place}column {self.column}: {got}expected {self.expected}{example}"


def _canonical(cells: pd.Series, column: Column) -> pd.Series:
    known = {value.value.casefold(): value.value for value in column.values}
    return cells.str.casefold().map(known).fillna(cells)


def _number(cells: pd.Series, column: Column, table: pd.DataFrame) -> pd.Series:
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    if column.blank is None or column.blank.column not in table:
        return numbers
    where = pd.to_numeric(table[column.blank.column], errors="coerce")
    allowed = (cells == "") & (where == column.blank.equals)
    return numbers.mask(allowed, column.blank.means)


def coerce(raw: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the schema's columns in the schema's types; what does not fit becomes NaN.

    Args:
        raw: every cell as text.
        schema: the columns to keep; others are left out.

    Returns:
        Numbers as float64, everything else as trimmed text in the schema's spelling.
    """
    text = raw.apply(lambda cells: cells.astype(str).str.strip())
    columns = {}
    for column in schema.columns:
        if column.name not in text:
            continue
        cells = text[column.name]
        if column.kind == "number":
            columns[column.name] = _number(cells, column, text)
        else:
            columns[column.name] = _canonical(cells, column) if column.values else cells
    return pd.DataFrame(columns, index=raw.index)


def _whole(cells: pd.Series) -> pd.Series:
    return cells == np.floor(cells)


def _checks(column: Column) -> list[pa.Check]:
    import pandera.pandas as pa

    checks = []
    if column.values:
        allowed = [value.value for value in column.values]
        checks.append(pa.Check.isin(allowed, error=f"one of {', '.join(allowed)}"))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum, error=f"at least {column.minimum:g}"))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum, error=f"at most {column.maximum:g}"))
    if column.integer:
        checks.append(pa.Check(_whole, error="a whole number"))
    if column.kind == "key":
        checks.append(pa.Check.str_length(min_value=1, error="a key that is not empty"))
    return checks


def pandera_schema(schema: Schema) -> pa.DataFrameSchema:
    """Return the pandera schema that a coerced table must satisfy."""
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                float if column.kind == "number" else None,
                _checks(column),
                nullable=False,
                required=column.required,
                unique=column.kind == "key",
            )
            for column in schema.columns
        }
    )


def _tellable(cells: pd.Series, column: Column, faulty: int, personal: set[str]) -> set[str]:
    """Return the values of a column that may be printed.

    Where few rows are at fault, that is every value that no personal column holds. Where many are,
    the header may be swapped and any column may hold names: amounts, common codes and misspelt
    allowed values then.
    """
    if faulty <= max(FEW[0], FEW[1] * len(cells)):
        return set(cells) - personal
    counts = cells.value_counts()
    common = counts.index[counts >= max(COMMON[0], COMMON[1] * len(cells))]
    allowed = [value.value.casefold() for value in column.values]
    amount = column.kind == "number"
    return {*common} | {
        cell
        for cell in counts.index
        if (amount and _AMOUNT.fullmatch(cell))
        or difflib.get_close_matches(cell.casefold(), allowed, n=1, cutoff=ALIKE)
    }


def _got(column: Column, cell: str, tellable: set[str], names: list[str]) -> str:
    if not cell:
        return "an empty cell"
    if column.personal or column.kind in ("key", "text") or cell not in tellable:
        return HIDDEN
    return repr(redact(cell, names).text[:40])


def _expected(column: Column, check: str) -> str:
    if check == "not_nullable":
        unit = f" ({column.unit})" if column.unit else ""
        return f"a number{unit}" if column.kind == "number" else "a value"
    return "a key that no other row has" if check == "field_uniqueness" else check


def _example(column: Column) -> str:
    if column.values:
        return column.values[0].value
    if column.kind != "number":
        return ""
    return f"{column.minimum or 0:g}" if column.integer else f"{(column.minimum or 0) + 29.85:g}"


def _cell_faults(cases: pd.DataFrame, raw: pd.DataFrame, schema: Schema) -> Iterator[Fault]:
    people = raw[schema.person].astype(str) if schema.person in raw else None
    cells = {name: raw[name].astype(str).str.strip() for name in cases["column"].unique()}
    faulty = cases.groupby("column")["index"].nunique()
    hidden = [c.name for c in schema.columns if c.personal and c.name in raw]
    personal = {
        *itertools.chain.from_iterable(raw[name].astype(str).str.strip() for name in hidden)
    }
    tellable = {
        name: _tellable(each, schema.column(name), int(faulty[name]), personal)
        for name, each in cells.items()
    }
    for name, check, index in zip(cases["column"], cases["check"], cases["index"], strict=True):
        column, place = schema.column(name), int(index)
        names = [] if people is None else [people.iloc[place]]
        yield Fault(
            column=name,
            row=place + 1,
            got=_got(column, cells[name].iloc[place], tellable[name], names),
            expected=_expected(column, str(check)),
            example=_example(column),
        )


def _missing_faults(names: list[str], raw: pd.DataFrame, schema: Schema) -> Iterator[Fault]:
    headed = any(column.name in raw for column in schema.columns)
    others = f"not among {list(raw)[:30]}" if headed else "no column is known: is there a header?"
    for name in names:
        close = difflib.get_close_matches(name, raw.columns, n=1)
        hint = f"the file has {close[0]!r}: rename it" if close else others
        yield Fault(column=name, got="no such column", expected=f"the column ({hint})")


def find_faults(raw: pd.DataFrame, schema: Schema) -> tuple[pd.DataFrame, list[Fault]]:
    """Check a table of text cells against `schema`.

    Returns:
        The typed table, and every fault: missing columns first, then cells by row. A table with
        faults must not be used.
    """
    import pandera.errors

    raw = raw.reset_index(drop=True)
    typed = coerce(raw, schema)
    try:
        pandera_schema(schema).validate(typed, lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases
        absent = cases["check"] == "column_in_dataframe"
        missing = [str(name) for name in cases.loc[absent, "failure_case"]]
        cells = cases.loc[~absent & cases["index"].notna()].drop_duplicates(["column", "index"])
        cells = cells.sort_values(["index", "column"], kind="stable")
        return typed, [*_missing_faults(missing, raw, schema), *_cell_faults(cells, raw, schema)]
    return typed, []


def _unlike_first(faults: list[Fault]) -> list[Fault]:
    """Return the faults, the first of each kind and column before all that repeat it."""
    seen: set[tuple[str, str]] = set()
    unlike: list[Fault] = []
    repeated: list[Fault] = []
    for fault in faults:
        (repeated if (fault.column, fault.expected) in seen else unlike).append(fault)
        seen.add((fault.column, fault.expected))
    return [*unlike, *repeated]


def explain(faults: list[Fault], source: str) -> str:
    """Return the first faults, unlike ones first, as a message that ends with the next step."""
    shown = _unlike_first(faults)[:SHOWN]
    lines = [f"{source}: {len(faults)} fault(s) against the schema"]
    lines += [f"  - {fault}"[:300] for fault in shown]
    if any(_COMMA.search(fault.got) for fault in shown):
        lines.append("A number is written with a point and without thousands marks: 1234.50.")
    if len(faults) > SHOWN:
        lines.append(f"  … and {len(faults) - SHOWN} more")
    lines.append("Mend the file, or describe it in a schema file of its own (docs/data.md).")
    return "\n".join(lines)


class CustomerTable:
    """The validator of the catalog entry `customers`: text cells in, typed table out."""

    def __init__(self, schema: str, source: str = "customers") -> None:
        """Check against the schema file `schema`; `source` names the table in messages."""
        self._schema_path = schema
        self._source = source

    def validate(self, data: Any) -> pd.DataFrame:
        """Return the typed table; TableError lists what is wrong."""
        table, faults = find_faults(data, read_schema(self._schema_path))
        if faults:
            raise TableError(explain(faults, self._source))
        return table

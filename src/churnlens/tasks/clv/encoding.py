"""Columns of a ledger as numbers, the same way for whoever comes later."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlens.schema import Column, Frozen

_APART = 1e-6  # share of its own variation that a column must add to those before it


class Term(Frozen):
    """A number column (`value` empty), or whether a category has a value; centred and scaled."""

    column: str
    value: str = ""
    mean: float
    spread: float

    def numbers(self, table: pd.DataFrame) -> np.ndarray:
        """Return the term of each row, shape (n_rows,)."""
        return (_raw(table, self.column, self.value) - self.mean) / self.spread


class Encoding(Frozen):
    """The terms of a model."""

    terms: tuple[Term, ...]

    def matrix(self, table: pd.DataFrame) -> np.ndarray:
        """Return shape (n_rows, n_terms)."""
        if not self.terms:
            return np.zeros((len(table), 0))
        return np.column_stack([term.numbers(table) for term in self.terms])


def fit_encoding(table: pd.DataFrame, columns: tuple[Column, ...]) -> Encoding:
    """Return terms that do not restate one another in this table.

    Each category leaves out its first value; a value that means "does not apply" comes last, so
    that it yields where it restates another column.
    """
    wanted = [(c.name, "") for c in columns if c.kind == "number"]
    applying = [(c, [v.value for v in c.values if not v.absent]) for c in columns]
    wanted += [(column.name, value) for column, values in applying for value in values[1:]]
    wanted += [(c.name, v.value) for c in columns for v in c.values if v.absent]
    terms, basis = [], np.zeros((len(table), 0))
    for name, value in wanted:
        numbers = _raw(table, name, value)
        mean, spread = float(numbers.mean()), float(numbers.std())
        if spread == 0:
            continue
        scaled = (numbers - mean) / spread
        rest = scaled - basis @ (basis.T @ scaled)
        if rest @ rest > _APART * len(table):
            basis = np.column_stack([basis, rest / np.sqrt(rest @ rest)])
            terms.append(Term(column=name, value=value, mean=mean, spread=spread))
    return Encoding(terms=tuple(terms))


def _raw(table: pd.DataFrame, name: str, value: str) -> np.ndarray:
    cells = table[name]
    return cells.to_numpy(float) if not value else (cells == value).to_numpy(float)

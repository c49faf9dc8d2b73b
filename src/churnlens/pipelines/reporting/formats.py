"""Figures, filters and facts as they are printed in the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from churnlens.evidence.candidates import list_candidates
from churnlens.evidence.query import AnyOf, Filter
from churnlens.schema import Condition, Language, Schema, Text

Kind = Literal["share", "points", "ratio", "score"]

NOTHING = "–"
DIGITS = {"share": 1, "points": 1, "ratio": 2, "score": 3}
SIGNS = {"eq": "=", "ne": "≠", "in": "∈", "not_in": "∉", "ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def shown(value: float | None, kind: Kind, language: Language, bare: bool = False) -> str:
    """Print a share in percent or percentage points, a ratio or a score.

    `bare` leaves the percent sign out; what is missing or not finite is a dash.
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    mark = {"en": "\u00a0%", "zh": "%"}[language] if kind == "share" and not bare else ""
    scale = 100 if kind in ("share", "points") else 1
    return f"{_minus(f'{scale * value:.{DIGITS[kind]}f}')}{mark}"


def _minus(number: str) -> str:
    """Return a printed number with a true minus sign, and none before a zero."""
    digits = number.removeprefix("-")
    return f"\u2212{digits}" if number != digits and digits.strip("0.") else digits


def interval(bounds: Sequence[float] | Mapping[str, Any], kind: Kind, language: Language) -> str:
    """Print an interval, given as (low, high) or as an estimate; an empty string without one."""
    low, high = (bounds["low"], bounds["high"]) if isinstance(bounds, Mapping) else bounds
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return ""
    first, last = shown(low, kind, language, bare=True), shown(high, kind, language)
    to = {"en": " to ", "zh": " 至 "}[language] if first.startswith("\u2212") else "–"
    return f"{first}{to}{last}"


def whole(estimate: Mapping[str, Any] | None, kind: Kind, language: Language) -> str:
    """Print an estimate with its interval in one phrase: `41.9 % (40.2–43.6 %)`."""
    if estimate is None:
        return NOTHING
    left, right = {"en": (" (", ")"), "zh": ("（", "）")}[language]
    value, bounds = shown(estimate["value"], kind, language), interval(estimate, kind, language)
    return f"{value}{left}{bounds}{right}" if bounds else value


def p_value(value: float) -> str:
    """Print a p-value with three decimals, and never as zero."""
    if not math.isfinite(value):
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def count(value: float) -> str:
    """Print a count with thousands separators."""
    return _minus(f"{value:,.0f}")


def signed(points: int) -> str:
    """Print points with their sign."""
    return f"+{points}" if points > 0 else _minus(str(points))


def _atom(condition: Condition) -> str:
    value = condition.value
    cells = value if isinstance(value, tuple) else (value,)
    texts = [cell if isinstance(cell, str) else f"{cell:g}" for cell in cells]
    said = f"{{{', '.join(texts)}}}" if isinstance(value, tuple) else texts[0]
    return f"{condition.column} {SIGNS[condition.op]} {said}"


def formula(filters: Filter) -> str:
    """Print a filter as it is computed: `Contract = One year ∧ (tenure < 6 ∨ Partner = No)`."""
    return " ∧ ".join(
        f"({' ∨ '.join(map(_atom, part.any_of))})" if isinstance(part, AnyOf) else _atom(part)
        for part in filters
    )


def fact(condition: Condition, schema: Schema) -> Text:
    """Return what a flag of the scorecard (`eq`, `lt`, `ge`) says, completing "customers …"."""
    column = schema.column(condition.column)
    if condition.op == "eq":
        return column.value(str(condition.value)).label
    split = column.model_copy(update={"cuts": (float(str(condition.value)),), "driver": True})
    below, above = list_candidates(schema.model_copy(update={"columns": (split,)}))
    return below.label if condition.op == "lt" else above.label


def filters(language: Language) -> dict[str, Callable[..., str]]:
    """Return the template's filters by name."""
    local = {each.__name__: partial(each, language=language) for each in (shown, interval, whole)}
    return {**local, "p_value": p_value, "count": count, "signed": signed, "formula": formula}

"""A small gym's members with planted odds ratios: the fixture of the driver tests.

Attributes hang together through one hidden taste, so that several harmless ones go with leaving
in the raw counts; only what `ODDS` and `ODDS_PER_MONTH` name acts on the outcome.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from churnlens.schema import Schema, parse_schema

# value → odds ratio of leaving against every other value of its column
ODDS = {
    ("plan", "monthly"): 3.0,
    ("club", "premium"): 2.2,
    ("coach", "no"): 1.8,
    ("payment", "cash"): 1.7,
}
ODDS_PER_MONTH = 0.97
PLANTED = {column for column, _ in ODDS} | {"months"}

_VALUES = {
    "plan": ("monthly", "yearly", "lifetime"),
    "club": ("basic", "premium", "none"),
    "coach": ("yes", "no", "no club"),
    "locker": ("yes", "no", "no club"),
    "payment": ("card", "cash", "transfer", "voucher"),
    "district": ("north", "south", "west"),
    "newsletter": ("yes", "no"),
    "dog": ("yes", "no"),
}


def _text(words: str) -> dict[str, str]:
    return {"en": words, "zh": words}


def _category(name: str, values: tuple[str, ...]) -> dict[str, Any]:
    listed = [
        {"value": value, "label": _text(f"{name} {value}"), "absent": value == "no club"}
        for value in values
    ]
    return {"name": name, "kind": "category", "label": _text(name), "values": listed}


def gym_schema() -> Schema:
    """Return the schema of the gym's table."""
    number = {"kind": "number", "minimum": 0}
    return parse_schema(
        {
            "name": "gym",
            "noun": _text("members"),
            "key": "id",
            "time": "months",
            "money": "fee",
            "outcome": {
                "column": "gone",
                "left": "1",
                "stayed": "0",
                "left_words": {},
                "stayed_words": {},
            },
            "columns": [
                {"name": "id", "kind": "key", "label": _text("id")},
                *(_category(name, values) for name, values in _VALUES.items()),
                number
                | {
                    "name": "months",
                    "label": {"en": "membership", "zh": "入会时长"},
                    "unit": "month",
                    "integer": True,
                    "cuts": [12, 24, 48],
                },
                number | {"name": "age", "label": _text("age"), "unit": "year", "cuts": [30, 50]},
                number
                | {
                    "name": "fee",
                    "label": {"en": "fee", "zh": "会费"},
                    "unit": "USD",
                    "cuts": [30, 50],
                    "adjust": False,
                },
                _category("gone", ("1", "0")) | {"driver": False, "adjust": False},
            ],
        }
    )


def _pick(
    rng: np.random.Generator, names: tuple[str, ...], pulls: tuple[float, ...], taste: np.ndarray
) -> np.ndarray:
    """Draw one name per row; `pulls` say how strongly the taste favours each."""
    scores = np.outer(taste, pulls) + rng.gumbel(size=(len(taste), len(names)))
    return np.array(names, dtype=object)[scores.argmax(axis=1)]


def gym_members(rows: int, seed: int, share: float = 0.27) -> pd.DataFrame:
    """Return members as a validated table (str categories, float numbers).

    Args:
        rows: number of members.
        seed: of the random generator.
        share: wanted share of leavers.
    """
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=rows)
    club = _pick(rng, _VALUES["club"], (0.0, 0.6, -0.8), taste)
    table = {
        "id": np.array([f"G{seed}-{row}" for row in range(rows)], dtype=object),
        "plan": _pick(rng, _VALUES["plan"], (0.8, 0.0, -0.6), taste),
        "club": club,
        "payment": _pick(rng, _VALUES["payment"], (-0.3, 0.6, 0.0, 0.2), taste),
        "district": _pick(rng, _VALUES["district"], (0.6, 0.0, -0.4), taste),
        "newsletter": _pick(rng, _VALUES["newsletter"], (0.5, -0.5), taste),
        "dog": _pick(rng, _VALUES["dog"], (0.0, 0.0), taste),
    }
    for add_on, pull in (("coach", -0.4), ("locker", 0.4)):
        chosen = _pick(rng, ("yes", "no"), (pull, -pull), taste)
        table[add_on] = np.where(club == "none", "no club", chosen)
    months = np.clip(np.round(rng.gamma(1.6, 16.0, rows) * np.exp(-0.25 * taste)), 0, 90)
    age = np.round(np.clip(41 - 4 * taste + rng.normal(scale=12, size=rows), 18, 85))
    fee = 20 + 25 * (club == "premium") + 12 * (club == "basic") + 6 * (table["coach"] == "yes")
    fee = fee + 5 * (table["locker"] == "yes") + rng.normal(scale=1.5, size=rows)
    table |= {"months": months, "age": age, "fee": np.round(np.maximum(fee, 1), 2)}
    logit = months * np.log(ODDS_PER_MONTH)
    for (column, value), odds in ODDS.items():
        logit = logit + np.log(odds) * (table[column] == value)
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        rate = (1 / (1 + np.exp(-logit - middle))).mean()
        low, high = (middle, high) if rate < share else (low, middle)
    gone = rng.random(rows) < 1 / (1 + np.exp(-logit - low))
    table["gone"] = np.where(gone, "1", "0")
    frame = pd.DataFrame(table)
    return frame[[column.name for column in gym_schema().columns]]

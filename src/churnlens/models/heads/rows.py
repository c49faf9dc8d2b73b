"""Texts with their labels as token ids; every fault of every row is found before a model loads.

A row is `{"id", "text", "label"}`. The label is a class from 0 on; or one share a class, such as
what several raters said; or, for regression, a number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from churnlens.models.training.faults import Fault
from churnlens.options import HeadOptions

Rows = Sequence[Mapping[str, Any]]


class HeadRow(TypedDict):
    """A row for training: its `label` is a share for each class, or one number."""

    key: str
    input_ids: list[int]
    label: tuple[float, ...]


def encode_texts(texts: Sequence[str], tokenizer: Any, max_length: int) -> list[list[int]]:
    """Return token ids with the special tokens; of a longer text the end is kept."""
    if not texts:
        return []
    tokenizer.truncation_side = "left"
    whole = [text.encode("utf-8", "replace").decode() for text in texts]  # no half characters
    ids: list[list[int]] = tokenizer(whole, truncation=True, max_length=max_length)["input_ids"]
    return [each or [tokenizer.pad_token_id] for each in ids]  # an empty text, without special ones


def try_encode(
    rows: Rows, tokenizer: Any, options: HeadOptions
) -> tuple[list[HeadRow], list[Fault]]:
    """Encode the rows that can be, and return the faults of the others."""
    faults = [] if rows else [Fault("no rows", "-")]
    kept: list[tuple[str, str, tuple[float, ...]]] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        key, found = f"row {number}", _checked(row, options)
        if isinstance(found, tuple):
            key = str(row["id"])
            kept.append((key, row["text"], found))
        if key in seen:
            faults.append(Fault("the same id twice", key))
        if isinstance(found, str):
            faults.append(Fault(found, key))
        seen.add(key)
    ids = encode_texts([text for _, text, _ in kept], tokenizer, options.max_length)
    encoded = [
        HeadRow(key=key, input_ids=each, label=label)
        for (key, _, label), each in zip(kept, ids, strict=True)
    ]
    return encoded, faults


def shared(training: Sequence[HeadRow], validation: Sequence[HeadRow]) -> list[Fault]:
    """Return a fault for every validation row whose id training has too; texts may be the same."""
    keys = {row["key"] for row in training}
    both = [row["key"] for row in validation if row["key"] in keys]
    return [Fault("in training and in validation", key) for key in both]


def _checked(row: Any, options: HeadOptions) -> tuple[float, ...] | str:
    """Return the label of a row as shares or as one number, or the kind of its fault."""
    label = _numbers(row.get("label")) if _is_named_text(row) else None
    if label is None:
        return "not a row of text and label"
    if options.kind == "regression":
        return label if len(label) == 1 else "not one number as label"
    if len(label) == 1:
        known = label[0].is_integer() and 0 <= label[0] < options.classes
        return _one_hot(int(label[0]), options.classes) if known else "no such class"
    whole = math.isclose(sum(label), 1, abs_tol=1e-6) and min(label) >= 0
    return label if whole and len(label) == options.classes else "shares that are none"


def _is_named_text(row: Any) -> bool:
    named = isinstance(row, Mapping) and isinstance(row.get("id"), str | int) and row["id"] != ""
    return named and isinstance(row.get("text"), str)


def _one_hot(place: int, classes: int) -> tuple[float, ...]:
    return tuple(float(at == place) for at in range(classes))


def _numbers(label: Any) -> tuple[float, ...] | None:
    """Return finite numbers, or None for anything else."""
    if hasattr(label, "tolist"):
        label = label.tolist()
    given = label if isinstance(label, Sequence) and not isinstance(label, str) else [label]
    fine = given and all(isinstance(each, int | float) for each in given)
    return tuple(map(float, given)) if fine and all(map(math.isfinite, given)) else None

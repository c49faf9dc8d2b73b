"""Rows that a run has left in JSON-lines files, read as they are needed and never all kept."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

logger = logging.getLogger(__name__)
PAGE = 50  # rows that one page shows


class Row(BaseModel):
    """Base of what is read: keys that are not known are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


Read = TypeVar("Read", bound=Row)
Item = TypeVar("Item")


def rows_of(path: Path, kind: type[Read]) -> Iterator[Read]:
    """Yield the rows of a file; those that are none are counted in the log and left out."""
    bad = 0
    if not path.is_file():
        return
    with path.open("rb") as stream:
        for line in stream:
            try:
                row = kind.model_validate_json(line)
            except ValidationError:
                bad += 1
            else:
                yield row
    if bad:
        logger.warning("%s: %d lines are no %s rows and are left out", path, bad, kind.__name__)


def found(path: Path, kind: type[Read], key: str, wanted: Iterable[str]) -> dict[str, Read]:
    """Return the first row with each wanted value of a key; a value without one is left out."""
    left, rows = set(wanted), {}
    if not left:
        return {}
    for row in rows_of(path, kind):
        value = getattr(row, key)
        if value in left:
            rows[value] = row
            left.discard(value)
            if not left:
                break
    return rows


def page_of(
    rows: Iterable[Item], page: int, order: Callable[[Item], Any] | None = None
) -> tuple[list[Item], bool]:
    """Return one page of rows, from 0, and whether there is another behind it.

    Args:
        rows: all of them.
        page: number of the page.
        order: what they are sorted by, smallest first; the order of the file without it.
    """
    end = (page + 1) * PAGE + 1
    first = list(islice(rows, end)) if order is None else heapq.nsmallest(end, rows, key=order)
    shown = first[page * PAGE : end - 1]
    return shown, len(first) == end


def page_number(text: str) -> int:
    """Return the page that an address asks for, the first for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0

"""JSON rows out of a text: one object a line, or one array of objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from churnlens.dialogues.form import FaultError
from churnlens.dialogues.words import kind_of


def json_rows(text: str) -> Iterator[tuple[int, Any]]:
    """Yield the number of each row and its object, or a FaultError in its place.

    The number is the line, or the place in an array. A text that begins with `[` is one array.
    """
    whole = text.lstrip()
    if whole.startswith("["):
        yield from _array(whole, text.count("\n", 0, len(text) - len(whole)))
        return
    # Not splitlines(): it would also split at characters that JSON leaves as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, _load(line)


def text_at(row: dict[str, Any], key: str, where: str = "", default: str | None = None) -> str:
    """Return the text under a key; a missing one is the default.

    Raises:
        FaultError: when it is no text, or there is neither it nor a default.
    """
    value = row.get(key)
    value = default if value is None else value
    if not isinstance(value, str):
        raise FaultError(f"{where}{key}", kind_of(value), "a text")
    return value


def id_of(row: dict[str, Any], default: str, key: str = "id") -> str:
    """Return the id of a row as text, a number too; the default where there is none."""
    value = row.get(key)
    if value is None or value == "":
        return default
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise FaultError(key, kind_of(value), "a text or a whole number")
    return str(value)


def list_at(row: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the objects under a key; FaultError when it is no list of objects."""
    value = row.get(key)
    if not isinstance(value, list) or not value:
        raise FaultError(key, kind_of(value) if value else "nothing", "a list of turns")
    if wrong := [n for n, each in enumerate(value, 1) if not isinstance(each, dict)]:
        raise FaultError(f"turn {wrong[0]}, {key}", kind_of(value[wrong[0] - 1]), "an object")
    return value


def _load(line: str) -> Any:
    try:
        return _object(json.loads(line))
    except json.JSONDecodeError as error:
        return FaultError("JSON", f"{error.msg} at column {error.colno}", "one object a line")
    except (ValueError, RecursionError):
        return FaultError("JSON", "a number too long or values too deep", "one object a line")


def _array(text: str, lines_before: int) -> Iterator[tuple[int, Any]]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        line = lines_before + error.lineno
        yield (
            line,
            FaultError("JSON", f"{error.msg} at column {error.colno}", "an array of objects"),
        )
    except (ValueError, RecursionError):
        yield 1, FaultError("JSON", "a number too long or values too deep", "an array of objects")
    else:
        yield from ((place, _object(row)) for place, row in enumerate(rows, 1))


def _object(row: Any) -> Any:
    return row if isinstance(row, dict) else FaultError("row", kind_of(row), "an object")

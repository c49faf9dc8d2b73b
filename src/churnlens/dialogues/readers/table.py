"""A delimited text, one row a turn: dialogue id, speaker, text; rating, customer, time, overall.

A dialogue with a bad row is left out, because the others would be another dialogue. A row without
an id belongs to the dialogue of the row before; one whose quotes do not close, to every dialogue
that its lines begin with.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from churnlens.datasets.raw_table import detect_delimiter
from churnlens.dialogues.form import Dialogue, FaultError, Turn
from churnlens.dialogues.readers.base import Given, Reader, assemble
from churnlens.dialogues.words import ratings_of, speaker_of

_COLUMNS: Final = {
    "dialogue": "dialogue_id dialog_id conversation_id session_id chat_id dialogue conversation"
    " session id 会话id 会话编号 对话id 对话编号 会话",
    "speaker": "speaker role sender from author 说话人 角色 发送方 发言人",
    "text": "text utterance message content body 内容 文本 消息 话语",
    "rating": "rating ratings score satisfaction 评分 满意度",
    "customer": "customer customer_id user_id client_id 客户 客户id 客户编号 用户id 用户编号",
    "time": "time timestamp created_at sent_at datetime 时间 发送时间",
    "overall": "overall csat overall_rating 总体评分 总体满意度 整体满意度",
}
_NEEDED: Final = ("dialogue", "speaker", "text")
_MOMENT: Final = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]*(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?)? ?(Z|[+-]\d{2}:?\d{2})?"
)

Cells = dict[str, str]
Row = tuple[int, Cells | FaultError]


def columns_of(header: list[str]) -> dict[str, int]:
    """Return what a header names → its place; the first of several names of one thing counts."""
    names = [name.strip().casefold().replace(" ", "_") for name in header]
    found: dict[str, int] = {}
    for what, words in _COLUMNS.items():
        places = [names.index(word) for word in words.split() if word in names]
        found |= {what: places[0]} if places else {}
    return found


def is_table(text: str) -> bool:
    """Whether the first line with text is a header that names all that is needed."""
    _, header, _ = next(_rows(text), (0, FaultError("header", "nothing", "a header"), []))
    return isinstance(header, list) and set(_NEEDED) <= set(columns_of(header))


def moment_of(text: str, what: str) -> datetime | None:
    """Return the moment that a cell names, in UTC; None for an empty cell.

    Year first, as in `2024-01-31T09:05:00+08:00` and 2024/1/31 9:05; without a zone it is UTC.

    Raises:
        FaultError: at `what`, for anything else.
    """
    if not text.strip():
        return None
    match = _MOMENT.fullmatch(text.strip())
    try:
        return _moment(match)
    except (ValueError, OverflowError):
        raise FaultError(what, "another text", "a time such as 2024-01-31 09:05") from None


def _moment(match: re.Match[str] | None) -> datetime:
    if match is None:
        raise ValueError
    year, month, day, hour, minute, second, part, zone = (each or "" for each in match.groups())
    clock = f"{int(hour or 0):02}:{minute or '00'}:{second or '00'}{part}{zone or 'Z'}"
    return datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{clock}").astimezone(UTC)


def _rows(text: str) -> Iterator[tuple[int, list[str] | FaultError, list[list[str]]]]:
    """Yield the last line and the cells of each row; a row that is no CSV as its fault.

    Last comes what a fault's lines hold between delimiters, quotes or not.
    """
    lines, delimiter = list(io.StringIO(text, newline="")), detect_delimiter(text)
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    while True:
        start = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            expected = "cells with closed quotes and at most 131072 characters"
            torn = [line.split(delimiter) for line in lines[start : reader.line_num]]
            yield reader.line_num, FaultError("row", "cells that do not end", expected), torn
        else:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row, []


def _cut(text: str) -> Iterator[tuple[int, list[Row] | FaultError]]:
    """Yield the rows of each dialogue, in the order of first rows."""
    rows = _rows(text)
    first = next(rows, (0, [], []))[1]
    header = first if isinstance(first, list) else []
    columns = columns_of(header)
    if missing := [what for what in _NEEDED if what not in columns]:
        yield 1, FaultError("header", f"no column for {', '.join(missing)}", "all three of them")
        return
    groups: dict[str, list[Row]] = {}
    before = ""
    for line, cells, torn in rows:
        found: list[list[str] | FaultError] = [*torn] or [cells]
        keys = {_id(each, columns["dialogue"]) for each in found}
        for key in sorted(keys - {""}) or [before]:
            groups.setdefault(key, []).append((line, _cells(cells, len(header), columns)))
            before = key
    yield from ((group[0][0], group) for group in groups.values())


def _id(cells: list[str] | FaultError, place: int) -> str:
    return cells[place].strip(' "\r\n') if isinstance(cells, list) and len(cells) > place else ""


def _cells(
    cells: list[str] | FaultError, width: int, columns: dict[str, int]
) -> Cells | FaultError:
    if isinstance(cells, FaultError):
        return cells
    if len(cells) != width:
        return FaultError("row", f"{len(cells)} cells", f"{width} as in the header")
    found = {what: cells[place] for what, place in columns.items()}
    if not found["dialogue"].strip():
        return FaultError("dialogue", "nothing", "an id")
    return found


def _parse(rows: list[Row], given: Given) -> Dialogue:
    turns, cells = [], []
    for line, row in rows:
        turns.append(_turn(row, line))
        cells += [row] if isinstance(row, dict) else []
    if all(turn.time for turn in turns):
        turns.sort(key=lambda turn: turn.time or datetime.max.replace(tzinfo=UTC))
    if len({row.get("customer", "").strip() for row in cells} - {""}) > 1:
        raise FaultError("customer", "two in one dialogue", "one", rows[0][0])
    filled = {what: each for row in reversed(cells) for what, each in row.items() if each.strip()}
    return assemble(
        given,
        turns,
        id=filled["dialogue"].strip(),
        customer=filled.get("customer", "").strip() or None,
        overall=ratings_of(filled.get("overall"), "overall"),
    )


def _turn(row: Cells | FaultError, line: int) -> Turn:
    try:
        if isinstance(row, FaultError):
            raise row
        return Turn(
            speaker=speaker_of(row["speaker"], "speaker"),
            text=row["text"],
            ratings=ratings_of(row.get("rating", "").strip(), "rating"),
            time=moment_of(row.get("time", ""), "time"),
        )
    except FaultError as fault:
        raise FaultError(fault.what, fault.got, fault.expected, line) from None


TABLE = Reader(_cut, _parse)

"""User Satisfaction Simulation (Sun et al., SIGIR 2021): TSV, a blank line between dialogues.

A line is role, text, dialogue act, ratings (1 to 5, one a rater, with commas). Each user turn is
rated, and the last line, `USER  OVERALL`, rates the whole. `SYSTEM` is the side that serves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from churnlens.dialogues.form import Dialogue, FaultError, Turn
from churnlens.dialogues.readers.base import Given, Reader, assemble
from churnlens.dialogues.words import ratings_of

_SPEAKERS = {"USER": "customer", "SYSTEM": "agent"}
_OVERALL = "OVERALL"
_BLOCK = re.compile(r"(?:^[^\n]*[^\s][^\n]*(?:\n|\Z))+", re.MULTILINE)

Block = tuple[int, list[str]]


def _cut(text: str) -> Iterator[tuple[int, Block]]:
    line, last = 1, 0
    for match in _BLOCK.finditer(text):
        line += text.count("\n", last, match.start())
        last = match.start()
        yield line, (line, match.group().rstrip("\n").split("\n"))


def _parse(block: Block, given: Given) -> Dialogue:
    first, lines = block
    rows = [_cells(line, first + n) for n, line in enumerate(lines)]
    overall = rows.pop() if rows[-1][1] == _OVERALL else ("", "", "", "")
    turns = [_turn(cells, first + n) for n, cells in enumerate(rows)]
    return assemble(given, turns, overall=ratings_of(overall[3], "overall"))


def _cells(line: str, row: int) -> tuple[str, str, str, str]:
    cells = line.removesuffix("\r").split("\t")
    if len(cells) != 4:
        raise FaultError("line", f"{len(cells)} cells", "role, text, act and ratings", row)
    return cells[0], cells[1], cells[2], cells[3]


def _turn(cells: tuple[str, str, str, str], row: int) -> Turn:
    role, text, act, ratings = cells
    if role not in _SPEAKERS:
        raise FaultError("role", f"another word ({len(role)} characters)", "USER or SYSTEM", row)
    speaker = "customer" if role == "USER" else "agent"
    return Turn(speaker=speaker, text=text, act=act, ratings=_ratings(ratings, row))


def _ratings(cell: str, row: int) -> tuple[float, ...]:
    try:
        return ratings_of(cell, "ratings")
    except FaultError as fault:
        raise FaultError(fault.what, fault.got, fault.expected, row) from None


USS = Reader(_cut, _parse)

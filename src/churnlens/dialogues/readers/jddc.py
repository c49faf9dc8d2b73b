"""JD customer service with satisfaction in three classes (JDDC; labels of USDA, WWW 2022).

A row is `{id, turns: [{user, agent_after, act, sat3}], overall_sat3}`: what the customer said, what
the agent said after it (often nothing), intent, and 0 dissatisfied, 1 neutral or 2 satisfied; the
first turns of a dialogue are context without a label.
"""

from __future__ import annotations

from typing import Any

from churnlens.dialogues.form import Dialogue, Scale, Turn
from churnlens.dialogues.readers.base import Given, Reader, assemble
from churnlens.dialogues.readers.rows import id_of, json_rows, list_at, text_at
from churnlens.dialogues.words import ratings_of


def _parse(row: dict[str, Any], given: Given) -> Dialogue:
    turns: list[Turn] = []
    for place, pair in enumerate(list_at(row, "turns"), 1):
        turns += _turns(pair, f"turn {place}, ")
    return assemble(
        given,
        turns,
        id=id_of(row, given.id),
        overall=ratings_of(row.get("overall_sat3"), "overall_sat3"),
        scale=Scale(low=0, high=2),
    )


def _turns(pair: dict[str, Any], where: str) -> list[Turn]:
    said, answer = text_at(pair, "user", where), text_at(pair, "agent_after", where, "")
    ratings = ratings_of(pair.get("sat3"), f"{where}sat3")
    act = text_at(pair, "act", where, "")
    asked = Turn(speaker="customer", text=said, act=act, ratings=ratings)
    return [asked, Turn(speaker="agent", text=answer)] if answer.strip() else [asked]


JDDC = Reader(json_rows, _parse)

"""Summaries: a table of dialogues with the four fields, and the turns that show them."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from churnlens.tasks.summary.contract import FIELDS, KEYS
from churnlens.web.house import Places, house_of
from churnlens.web.pages.desk_rows import Told
from churnlens.web.pages.rendering import render
from churnlens.web.pages.stored import Row, found, page_number, page_of, rows_of

router = APIRouter(prefix="/summaries", include_in_schema=False)
TASK = "summary"


class Summarised(Row):
    """A summary in its public form, the keys in its own language."""

    id: str
    summary: dict[str, str]
    evidence: dict[str, tuple[int, ...]] = {}
    language: str = "en"
    model: str = ""

    def fields(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Return field → its text and the turns that show it, in the order of the contract."""
        keys = KEYS["zh" if self.language == "zh" else "en"]
        return {
            field: (self.summary.get(keys[field], ""), self.evidence.get(keys[field], ()))
            for field in FIELDS
        }


@router.get("")
async def page(request: Request) -> Response:
    """Show the summaries of a run."""
    places, number = house_of(request).places, page_number(request.query_params.get("page", ""))
    told = await asyncio.to_thread(_listed, places, number)
    return render(request, "summaries.html", page=number, fields=FIELDS, **told)


def _listed(places: Places, number: int) -> dict[str, Any]:
    path = places.outputs / TASK / "summaries.jsonl"
    shown, more = page_of(rows_of(path, Summarised), number)
    dialogues = places.dialogues / TASK / "dialogues.jsonl"
    said = found(dialogues, Told, "id", [row.id for row in shown])
    return {"ready": path.is_file(), "rows": shown, "said": said, "more": more}

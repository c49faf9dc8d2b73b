"""The live desk: dialogues with their trajectory, alerts as they come, and what follows."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from fastapi import APIRouter, Request, Response

from churnlens.web.errors import WebError
from churnlens.web.follow import read_rows
from churnlens.web.handed import newest, waiting
from churnlens.web.house import Places, house_of, is_colleague
from churnlens.web.pages.desk_rows import (
    AlertRow,
    Assessed,
    Decided,
    Explained,
    Similar,
    Told,
)
from churnlens.web.pages.drawing import trajectory
from churnlens.web.pages.rendering import render
from churnlens.web.pages.stored import found, page_number, page_of, rows_of

router = APIRouter(prefix="/desk", include_in_schema=False)
NEWEST = 30  # alerts that are shown
TASK = "satisfaction"


@router.get("")
async def page(request: Request) -> Response:
    """Show the dialogues, those first that need someone most, and the newest alerts."""
    places, number = house_of(request).places, page_number(request.query_params.get("page", ""))
    told = await asyncio.to_thread(_listed, places, number)
    call, handovers, after = house_of(request).history.call, None, 0
    if is_colleague(request):
        after = await call(newest)  # first: what comes now is told again
        handovers = await call(waiting)
    values = told | {"page": number, "handovers": handovers, "after_handover": after}
    return render(request, "desk.html", **values)


@router.get("/alerts")
async def alerts(request: Request) -> Response:
    """Show the newest alerts, as a part of the page."""
    told = await asyncio.to_thread(_newest, house_of(request).places)
    return render(request, "alerts.html", **told)


@router.get("/dialogue")
async def one(request: Request) -> Response:
    """Show one dialogue, which the address names."""
    key = request.query_params.get("id", "")
    told = await asyncio.to_thread(_dialogue, house_of(request).places, key)
    if told is None:
        raise WebError(404, "no such dialogue", "not_found")
    return render(request, "dialogue.html", **told)


def _listed(places: Places, number: int) -> dict[str, Any]:
    path = places.outputs / TASK / "assessments.jsonl"
    shown, more = page_of(rows_of(path, Assessed), number, Assessed.urgency)
    dots = {row.id: trajectory(*row.told()) for row in shown}
    return {"ready": path.is_file(), "assessed": shown, "dots": dots, "more": more} | _newest(
        places
    )


def _newest(places: Places) -> dict[str, Any]:
    """Return the newest alerts first, what was decided for each, and where the file ends."""
    last: deque[AlertRow] = deque(maxlen=NEWEST)
    offset, read = read_rows(places.alerts, 0)
    while read:
        last.extend(row for _, each in read if (row := AlertRow.of(each)))
        offset, read = read_rows(places.alerts, offset)
    decided = found(places.outputs / TASK / "decisions.jsonl", Decided, "alert", _ids(last))
    return {"alerts": list(reversed(last)), "decided": decided, "after": offset}


def _ids(alerts: deque[AlertRow] | tuple[AlertRow, ...]) -> list[str]:
    return [alert.id for alert in alerts]


def _dialogue(places: Places, key: str) -> dict[str, Any] | None:
    """Return all that is known of a dialogue; None when nothing is."""
    made, dialogues = places.outputs / TASK, places.dialogues / TASK / "dialogues.jsonl"
    told = found(dialogues, Told, "id", [key]).get(key)
    assessed = found(made / "assessments.jsonl", Assessed, "id", [key]).get(key)
    alerts = assessed.alerts if assessed else ()
    raised = {a.id: a for a in rows_of(places.alerts, AlertRow) if a.dialogue == key}
    alerts = tuple({alert.id: alert for alert in (*alerts, *raised.values())}.values())
    if not (told or assessed or alerts):
        return None
    similar = found(made / "similar_cases.jsonl", Similar, "id", [key]).get(key)
    cases = similar.cases if similar else ()
    return {
        "key": key,
        "told": told,
        "assessed": assessed,
        "dots": trajectory(*assessed.told()) if assessed else (),
        "alerts": alerts,
        "decided": found(made / "decisions.jsonl", Decided, "alert", _ids(alerts)),
        "explained": found(made / "explanations.jsonl", Explained, "alert", _ids(alerts)),
        "cases": cases,
        "past": found(dialogues, Told, "id", [case.dialogue for case in cases]),
    }

"""Hand-overs for colleagues: the list, live, and one with what was said."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from churnlens.web.handed import newest, waiting
from churnlens.web.handovers import AskedByPage, Listing, Opened, page_of
from churnlens.web.history import milliseconds, states_of
from churnlens.web.house import colleague, house_of
from churnlens.web.pages.rendering import render

router = APIRouter(
    prefix="/desk/handovers", include_in_schema=False, dependencies=[Depends(colleague)]
)


@router.get("")
async def page(request: Request, asked: AskedByPage) -> Response:
    """Show the hand-overs, the newest first."""
    after = await house_of(request).history.call(newest)  # first: what comes now is told again
    told = await _told(request, asked)
    return render(request, "handovers.html", after=after, before=asked.before, **told)


@router.get("/list")
async def part(request: Request, asked: AskedByPage) -> Response:
    """Show the list, as a part of the page."""
    return render(request, "handover_list.html", **await _told(request, asked))


@router.get("/count")
async def count(request: Request) -> Response:
    """Show how many wait, as a part of the desk."""
    found = await house_of(request).history.call(waiting)
    return render(request, "handover_count.html", handovers=found)


@router.get("/{handover}")
async def one(request: Request, found: Opened) -> Response:
    """Show a hand-over with the messages of its conversation, and where it is answered."""
    longest, after = house_of(request).options.limits.message_chars, milliseconds(found[0].updated)
    return render(request, "handover.html", longest=longest, after=after, **_open(request, found))


@router.get("/{handover}/part")
async def open_part(request: Request, found: Opened) -> Response:
    """Show it and its messages, as a part of the page."""
    return render(request, "handover_open.html", **_open(request, found))


def _open(request: Request, found: Opened) -> dict[str, Any]:
    row, entries = found
    states = states_of(entries, row.conversation in house_of(request).answering)
    return {"handover": row, "entries": entries, "states": states}


async def _told(request: Request, asked: Listing) -> dict[str, Any]:
    found, more = await page_of(request, asked)
    return {"handovers": found, "more": more}

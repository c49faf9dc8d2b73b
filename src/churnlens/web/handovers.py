"""Hand-overs for colleagues: list, open, take, answer, close, and hear of new ones.

They show what customers of other sessions have said, so being let in is not enough: the options
name whose tokens are colleagues. Without tokens there is one user, whose conversations they are.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field, ValidationError

from churnlens.schema import Frozen
from churnlens.web import handed
from churnlens.web.contract import check_length
from churnlens.web.errors import WebError, invalid
from churnlens.web.feeds import Feed, stream
from churnlens.web.follow import Place
from churnlens.web.handed import Handover, State
from churnlens.web.history import Entry, Records
from churnlens.web.house import colleague, house_of, session_of
from churnlens.web.reading import json_body

router = APIRouter(prefix="/handovers", dependencies=[Depends(colleague)])


class Listing(Frozen):
    """Which hand-overs are asked for: see `handed.listed`."""

    status: State | None = None
    before: int | None = Field(default=None, ge=1, le=handed.LARGEST)
    limit: int = Field(default=50, ge=1, le=100)


class Change(Frozen):
    """What becomes of a hand-over, and who says so."""

    status: State
    person: str = Field(default="", max_length=100)


class Answer(Frozen):
    """What a colleague says to the customer, and under which name."""

    content: str
    person: str = Field(default="", max_length=100)


def listing(request: Request) -> Listing:
    """Return what an address asks for; WebError 400 for what cannot be asked."""
    return _listing(dict(request.query_params))


def page_listing(request: Request) -> Listing:
    """Return what the address of a page asks for, which may name a language too."""
    return _listing({k: v for k, v in request.query_params.items() if k == "before"})


def _listing(asked: dict[str, str]) -> Listing:
    try:
        return Listing.model_validate(asked)
    except ValidationError as error:
        raise invalid(error) from None


Asked = Annotated[Listing, Depends(listing)]
AskedByPage = Annotated[Listing, Depends(page_listing)]


async def page_of(request: Request, asked: Listing) -> tuple[list[Handover], bool]:
    """Return the hand-overs that were asked for, and whether there are older ones."""
    call, more = house_of(request).history.call, asked.limit + 1
    found = await call(handed.listed, asked.status, asked.before, more)
    return found[: asked.limit], len(found) == more


async def opened(request: Request, handover: str) -> tuple[Handover, list[Entry]]:
    """Return a hand-over with the messages of its conversation; WebError 404 for no such one."""
    found = await house_of(request).history.call(handed.opened, handover)
    if found is None:
        raise _unknown()
    return found


Opened = Annotated[tuple[Handover, list[Entry]], Depends(opened)]


@router.get("")
async def list_all(request: Request, asked: Asked) -> dict[str, Any]:
    """List those that are not closed, or of one status, the newest first."""
    found, more = await page_of(request, asked)
    return {"handovers": [each.model_dump() for each in found], "more": more}


@router.get("/events")
async def events(request: Request) -> Feed:
    """Stream hand-overs as they are made; `Last-Event-ID`, or `?after=`, goes on behind one."""
    history = house_of(request).history

    async def read(position: int) -> tuple[int, list[Place]]:
        rows = await history.call(handed.following, position)
        places = [(row.position, row.model_dump()) for row in rows]
        return places[-1][0] if places else position, places

    return stream(request, read, "handover")


@router.get("/{handover}")
async def show(found: Opened) -> dict[str, Any]:
    """Return a hand-over with the messages of its conversation."""
    row, entries = found
    return row.model_dump() | {"messages": [entry.model_dump() for entry in entries]}


@router.post("/{handover}")
async def change(
    request: Request, handover: str, body: Annotated[Change, Depends(json_body(Change))]
) -> dict[str, Any]:
    """Take a hand-over, close it, or give it back as open."""
    owner, call = session_of(request).owner, house_of(request).history.call
    found = await call(handed.change, handover, body.status, owner, body.person)
    if found is None:
        raise _unknown()
    row, changed = found
    if not changed:
        message = f"it is {row.status} and cannot become {body.status}"
        raise WebError(409, message, f"handover_{row.status}", param="status")
    return row.model_dump()


@router.post("/{handover}/messages", status_code=201)
async def answer(
    request: Request, handover: str, body: Annotated[Answer, Depends(json_body(Answer))]
) -> dict[str, Any]:
    """Say something to the customer, in the conversation; it is taken then, if it was not."""
    house, owner = house_of(request), session_of(request).owner
    check_length(body.content, house.options.limits, "content")
    if not body.content.strip():
        raise WebError(400, "expected words of the colleague", "invalid_value", param="content")
    said = Entry(role="colleague", content=body.content, model=body.person)
    found = await house.history.call(handed.answer, handover, said, owner)
    if found is None:
        raise _unknown()
    if not found[1]:
        raise WebError(409, "it is closed; nothing more is said", "handover_closed")
    return said.model_dump()


@router.get("/{handover}/events")
async def changes(request: Request, found: Opened) -> Feed:
    """Stream that something was said in the conversation; an id is a time in milliseconds."""
    history, (row, _) = house_of(request).history, found

    async def read(place: int) -> tuple[int, list[Place]]:
        now = await history.call(Records.touched, row.conversation)
        return now, [] if now in (0, place) else [(now, {})]

    return stream(request, read, "said")


def _unknown() -> WebError:
    return WebError(404, "no such hand-over", "not_found", param="handover")

"""Conversations that are kept: list, read, continue, delete; each is seen by its owner only.

A message is committed before it is acknowledged: the user's before it waits in the queue, the reply
before `done`. What was written when the reader went is kept as `stopped`. A message that waited
when its reader went or the server ended stays without a reply; saying it again answers it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field
from starlette.types import Receive, Scope, Send

from churnlens.schema import Frozen
from churnlens.web.contract import check_length, latest
from churnlens.web.desk import CLOSING
from churnlens.web.errors import WebError
from churnlens.web.feeds import Feed, stream
from churnlens.web.follow import Place
from churnlens.web.history import Conversation, Entry, Records, Status
from churnlens.web.house import House, count, house_of, session_of
from churnlens.web.protocols import Message, Settings
from churnlens.web.reading import json_body
from churnlens.web.replies import SILENCE, EventStream, Reply, begin_reply, event

router = APIRouter(prefix="/conversations")


class NewConversation(Frozen):
    """A conversation to be begun."""

    title: str = Field(default="", max_length=200)


class NewMessage(Frozen):
    """What the user says next, and who is to answer; the default model where none is named."""

    content: str
    model: str | None = Field(default=None, max_length=200)


async def own(request: Request, conversation: str) -> Conversation:
    """Return a conversation of the session's owner; WebError 404 for any other."""
    history, owner = house_of(request).history, session_of(request).owner
    found = await history.call(Records.find, owner, conversation)
    if found is None:
        raise WebError(404, "no such conversation", "not_found", param="conversation")
    return found


Own = Annotated[Conversation, Depends(own)]


@router.get("")
async def list_all(request: Request) -> dict[str, Any]:
    """List the conversations, the latest first."""
    history, owner = house_of(request).history, session_of(request).owner
    found = await history.call(Records.conversations, owner)
    return {"conversations": [each.model_dump() for each in found]}


@router.post("", status_code=201)
async def create(
    request: Request, body: Annotated[NewConversation, Depends(json_body(NewConversation))]
) -> dict[str, Any]:
    """Begin a conversation."""
    house, owner = house_of(request), session_of(request).owner
    most = house.options.limits.conversations
    if len(await house.history.call(Records.conversations, owner)) >= most:
        message = f"there are {most} conversations; delete one to begin another"
        raise WebError(409, message, "too_many_conversations")
    made = await house.history.call(Records.create, owner, body.title)
    return made.model_dump()


@router.get("/{conversation}")
async def read(request: Request, found: Own) -> dict[str, Any]:
    """Return a conversation with its messages, and whether a reply waits or is being written."""
    house = house_of(request)
    entries = await house.history.call(Records.entries, found.id)
    told = {"messages": [entry.model_dump() for entry in entries]}
    return found.model_dump() | told | {"answering": found.id in house.answering}


@router.delete("/{conversation}", status_code=204)
async def delete(request: Request, found: Own) -> Response:
    """Remove a conversation for good."""
    history = house_of(request).history
    await history.call(Records.delete, session_of(request).owner, found.id)
    return Response(status_code=204)


@router.get("/{conversation}/events")
async def events(request: Request, found: Own) -> Feed:
    """Stream what colleagues say in it; `Last-Event-ID`, or `?after=`, goes on behind one."""
    history = house_of(request).history

    async def read(place: int) -> tuple[int, list[Place]]:
        told = await history.call(Records.told, found.id, place)
        rows = [(position, entry.model_dump()) for position, entry in told]
        return rows[-1][0] if rows else place, rows

    return stream(request, read, "colleague")


@router.post("/{conversation}/messages", dependencies=[Depends(count)])
async def say(
    request: Request, found: Own, body: Annotated[NewMessage, Depends(json_body(NewMessage))]
) -> Response:
    """Say something and stream the reply: events `begun`, `text`, `done` or `error`."""
    house = house_of(request)
    check_length(body.content, house.options.limits, "content")
    if not body.content.strip():
        raise WebError(400, "expected words of the user", "invalid_value", param="content")
    if found.id in house.answering:
        raise WebError(409, "a reply is being written; stop it first", "reply_under_way")
    house.answering.add(found.id)
    try:
        turn = await _begin(request, house, found, body)
    except BaseException:
        house.answering.discard(found.id)
        raise
    return TurnStream(turn)


async def _begin(request: Request, house: House, found: Conversation, body: NewMessage) -> Turn:
    """Commit what the user said, unless it is there without a reply, and wait for a model.

    Who is refused takes it along; who goes, or is sent away by the server's end, leaves it here.
    """
    limits, model, call = house.options.limits, house.model(body.model), house.history.call
    before = await call(Records.entries, found.id)
    again = bool(before) and before[-1].role == "user" and before[-1].content == body.content
    said = before.pop() if again else Entry(role="user", content=body.content)
    if len(before) + 2 > limits.messages:
        raise WebError(409, "the conversation is full; begin another", "conversation_full")
    kept = [_shown(each) for each in (*before, said) if each.content]
    house.desk.admit()
    if not again and not await call(Records.add, found.id, said):
        raise WebError(404, "the conversation was deleted", "not_found")
    try:
        settings = Settings(new_tokens=limits.new_tokens)
        reply = await begin_reply(request, model, latest(kept, limits.turns), settings)
    except WebError as error:
        if not again and error.code != CLOSING:
            await call(Records.take_back, said.id)
        raise
    return Turn(house, found.id, said, reply)


def _shown(entry: Entry) -> Message:
    """Return a message as a model is shown it: a colleague speaks for the company as it does."""
    role = "assistant" if entry.role == "colleague" else entry.role
    return Message(role=role, content=entry.content)


class Turn:
    """What the user said, and the reply to it."""

    def __init__(self, house: House, conversation: str, said: Entry, reply: Reply) -> None:
        """Begin with a committed message and a reply that is being written."""
        self._house, self._conversation = house, conversation
        self._said, self.reply = said, reply
        self._kept: asyncio.Future[Entry] | None = None

    async def events(self) -> AsyncIterator[bytes]:
        """Yield what a page shows, as it comes."""
        begun = {"message": self._said.model_dump(), "dropped": self.reply.dropped}
        yield event(begun | {"model": self.reply.model}, "begun")
        try:
            async for piece in self.reply.pieces():
                if piece is None:
                    yield SILENCE
                elif piece.text:
                    yield event({"text": piece.text}, "text")
        except WebError as error:
            await self.keep("stopped" if error.code == CLOSING else "failed")
            yield event(error.body(), "error")
            return
        entry = await self.keep("cut" if self.reply.finish == "length" else "whole")
        told = {"message": entry.model_dump(), "handover": self.reply.handover is not None}
        yield event(told, "done")

    async def keep(self, status: Status) -> Entry:
        """Commit the reply as far as it was written; only once, whoever goes meanwhile.

        What its reader has seen, such as that a colleague takes over, is kept also when the reader
        goes while the file is busy.
        """
        if self._kept is None:
            self._kept = asyncio.ensure_future(self._commit(status))
        return await asyncio.shield(self._kept)

    async def _commit(self, status: Status) -> Entry:
        entry = Entry(
            role="assistant",
            content=self.reply.text,
            status=status,
            model=self.reply.model,
            sources=self.reply.sources,
            first_seconds=self.reply.first_seconds,
            total_seconds=self.reply.total_seconds,
        )
        add, matter = self._house.history.call, self.reply.handover
        await add(Records.add, self._conversation, entry, matter)
        return entry

    async def end(self) -> None:
        """Keep what there is when the reader has gone, and let the next message in."""
        try:
            await self.keep("stopped")
        finally:
            self._house.answering.discard(self._conversation)


class TurnStream(EventStream):
    """The events of a turn, which is kept however they end."""

    def __init__(self, turn: Turn) -> None:
        """Stream the events of `turn`."""
        super().__init__(turn.events(), turn.reply.job)
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client goes."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._turn.end()

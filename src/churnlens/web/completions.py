"""`/v1/models` and `/v1/chat/completions` as OpenAI's clients know them; nothing of it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from churnlens.web.contract import (
    ChatBody,
    chunk,
    last_chunk,
    latest,
    new_reply_id,
    read_messages,
    usage_chunk,
    whole,
)
from churnlens.web.errors import WebError
from churnlens.web.house import count, house_of
from churnlens.web.reading import json_body
from churnlens.web.replies import SILENCE, EventStream, Reply, begin_reply, event, unless_gone

router = APIRouter(prefix="/v1")
DROPPED = "X-Messages-Dropped"
DONE = b"data: [DONE]\n\n"


@router.get("/models")
async def list_models(request: Request) -> dict[str, Any]:
    """List the models, the default first."""
    house = house_of(request)
    return {"object": "list", "data": [_entry(house.started, n) for n in house.services.models]}


@router.get("/models/{name:path}")
async def show_model(request: Request, name: str) -> dict[str, Any]:
    """Show one model."""
    house = house_of(request)
    house.model(name)
    return _entry(house.started, name)


def _entry(created: float, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(created), "owned_by": "churnlens"}


@router.post("/chat/completions", dependencies=[Depends(count)])
async def complete(
    request: Request, body: Annotated[ChatBody, Depends(json_body(ChatBody))]
) -> Response:
    """Continue a dialogue, whole or as a stream."""
    house = house_of(request)
    limits = house.options.limits
    model = house.model(body.model)
    shown = latest(read_messages(body.messages, limits), limits.turns)
    reply = await begin_reply(request, model, shown, body.settings(limits))
    if body.stream:
        usage = bool(body.stream_options and body.stream_options.include_usage)
        response: Response = EventStream(_events(reply, body.model, usage), reply.job)
    else:
        response = await _whole(request, reply, body.model)
    response.headers[DROPPED] = str(reply.dropped)
    return response


async def _whole(request: Request, reply: Reply, model: str) -> JSONResponse:
    try:
        finish = await unless_gone(request, reply.written())
    finally:
        reply.job.stop()
    return JSONResponse(
        whole(new_reply_id(), model, reply.text, finish, reply.usage, reply.handover)
    )


async def _events(reply: Reply, model: str, usage: bool) -> AsyncIterator[bytes]:
    key = new_reply_id()
    yield event(chunk(key, model, {"role": "assistant", "content": ""}, None))
    try:
        async for piece in reply.pieces():
            if piece is None:
                yield SILENCE
            elif piece.text:
                yield event(chunk(key, model, {"content": piece.text}, None))
    except WebError as error:
        yield event(error.body())
        return
    yield event(last_chunk(key, model, reply.finish, reply.handover))
    if usage and reply.usage:
        yield event(usage_chunk(key, model, reply.usage))
    yield DONE

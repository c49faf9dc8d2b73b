"""The chat: conversations of the visitor, and the one that is open."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from churnlens.web import handed
from churnlens.web.conversations import Own
from churnlens.web.history import Conversation, Records, states_of
from churnlens.web.house import house_of, session_of
from churnlens.web.pages.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/")
async def first(request: Request) -> Response:
    """Lead to the chat."""
    del request
    return RedirectResponse("/chat", 303)


@router.get("/sign-in")
async def sign_in(request: Request) -> Response:
    """Ask for a token, which the script gives to `POST /session`."""
    return render(request, "sign_in.html")


@router.get("/chat")
async def new(request: Request) -> Response:
    """Show the conversations, and an empty one."""
    return await _show(request, None, handed.Talk())


@router.get("/chat/{conversation}")
async def one(request: Request, found: Own) -> Response:
    """Show a conversation with its messages."""
    talk = await house_of(request).history.call(handed.talk, found.id)
    return await _show(request, found, talk)


async def _show(request: Request, conversation: Conversation | None, talk: handed.Talk) -> Response:
    house, owner = house_of(request), session_of(request).owner
    answering = conversation is not None and conversation.id in house.answering
    listed = await house.history.call(Records.conversations, owner)
    return render(
        request,
        "chat.html",
        conversations=listed,
        conversation=conversation,
        talk=talk,
        states=states_of(talk.entries, answering),
        models=[model.name for model in house.services.models.values()],
        longest=house.options.limits.message_chars,
    )

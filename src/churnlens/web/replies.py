"""A reply while it is written, and how it ends when its reader goes or its time is over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from churnlens.web.desk import Job, LateError, StoppedError, Work, closing
from churnlens.web.errors import WebError, failed
from churnlens.web.house import house_of
from churnlens.web.protocols import (
    ChatModel,
    Finish,
    InputError,
    Matter,
    Message,
    Piece,
    Settings,
    Source,
    Usage,
)

Result = TypeVar("Result")
Item = TypeVar("Item")


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result:
    """Return what `work` gives; ClientDisconnect, and no more of it, when the client goes first."""
    tasks = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            return tasks[0].result()
        raise ClientDisconnect
    finally:
        for task in tasks:
            task.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def begin(request: Request, work: Work[Item]) -> Job[Item]:
    """Wait for a place and start `work`; WebError 429 when there is none."""
    return await unless_gone(request, house_of(request).desk.start(work))


def told(error: InputError) -> WebError:
    """Return what a client is told of a request that a service cannot take."""
    return WebError(400, str(error)[:300], error.code)


def late() -> WebError:
    """Return what a client is told when nothing came in time."""
    return WebError(HTTPStatus.GATEWAY_TIMEOUT, "no answer came in time", "deadline_exceeded")


class Reply:
    """What a model has written so far.

    Attributes:
        model: its name, or who wrote the reply where the model says it.
        dropped: messages that it was not shown.
        sources, usage, finish, handover: see `Piece`.
        first_seconds, total_seconds: from the start of the work to the first token and the last.
    """

    def __init__(self, job: Job[Piece], model: str, dropped: int, request: Request) -> None:
        """Begin with nothing written."""
        self.job, self.model, self.dropped = job, model, dropped
        self._beat = house_of(request).options.limits.heartbeat_seconds
        self._request: str = request.scope["request_id"]
        self._parts: list[str] = []
        self.sources: tuple[Source, ...] = ()
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.handover: Matter | None = None
        self.first_seconds: float | None = None
        self.total_seconds = 0.0

    @property
    def text(self) -> str:
        """Return what is written so far."""
        return "".join(self._parts)

    async def pieces(self) -> AsyncIterator[Piece | None]:
        """Yield and keep the pieces, None in silence; a reply that is late after text is cut.

        Raises:
            WebError: for a dialogue that the model cannot take, when nothing came in time, when
                the server stops, or when the model failed, which is logged.
        """
        try:
            async for piece in self.job.pieces(self._beat):
                if piece is not None:
                    self._keep(piece)
                yield piece
        except InputError as error:
            raise told(error) from None
        except StoppedError:
            raise closing() from None
        except LateError:
            if self.first_seconds is None:
                raise late() from None
            self.finish = "length"
        except Exception as error:
            raise failed(error, self._request) from None
        self.finish = self.finish or "stop"

    def _keep(self, piece: Piece) -> None:
        self.total_seconds = asyncio.get_running_loop().time() - self.job.started
        if piece.text and self.first_seconds is None:
            self.first_seconds = self.total_seconds
        self._parts.append(piece.text)
        self.sources += piece.sources
        self.model = piece.model or self.model
        self.usage = piece.usage or self.usage
        self.finish = piece.finish or self.finish
        self.handover = piece.handover or self.handover

    async def written(self) -> Finish:
        """Wait for the end, and return why it ended."""
        async for _ in self.pieces():
            continue
        return self.finish or "stop"


async def begin_reply(
    request: Request, model: ChatModel, shown: tuple[list[Message], int], settings: Settings
) -> Reply:
    """Wait for a place and let `model` write.

    Args:
        request: that asks for it.
        model: that writes.
        shown: messages, and how many older ones were dropped.
        settings: of the reply.
    """
    messages, dropped = shown
    job = await begin(request, lambda stopped: model.reply(messages, settings, stopped))
    return Reply(job, model.name, dropped, request)


class EventStream(StreamingResponse):
    """Server-sent events, such as those of a job."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], job: Job[Any] | None = None) -> None:
        """Stream the events of a job, which is stopped at their end."""
        super().__init__(events, headers={"X-Accel-Buffering": "no"})
        self._job = job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events until they end or the client goes."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._job is not None:
                self._job.stop()


SILENCE = KEEPALIVE_COMMENT
# What some clients take for the end of a line, although the standard does not.
_LINE_ENDS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}


def event(data: Any, name: str | None = None, place: str | None = None) -> bytes:
    """Return one event.

    Args:
        data: JSON-able.
        name: of the kind of event.
        place: from which a client that connects again goes on.
    """
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS)
    return format_sse_event(data_str=written, event=name, id=place)

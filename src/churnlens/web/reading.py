"""The body of a request, read within time and checked before anything is done with it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from churnlens.web.errors import WebError, invalid
from churnlens.web.house import house_of

Body = TypeVar("Body", bound=BaseModel)
_NULL = re.compile(rb"\x00|(?<!\\)(?:\\\\)*\\u0000")


def json_body(kind: type[Body]) -> Callable[[Request], Awaitable[Body]]:
    """Return a dependency that reads a JSON body into `kind`.

    Refused are other content types, bodies that take too long, null bytes, what is not UTF-8, lone
    surrogates and more than 200 levels (the last three by pydantic's JSON reader). How long a body
    may be is the gate's and the application's business.
    """

    async def read(request: Request) -> Body:
        if _content_type(request) != "application/json":
            raise WebError(415, "expected Content-Type: application/json", "unsupported_media_type")
        try:
            async with asyncio.timeout(house_of(request).options.limits.body_seconds):
                body = await request.body()
        except TimeoutError:
            raise WebError(408, "the body did not come in time", "request_timeout") from None
        if _NULL.search(body):
            raise WebError(400, "the body holds a null byte; expected text", "invalid_json")
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            raise invalid(error) from None

    return read


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()

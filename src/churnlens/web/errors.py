"""Errors in the form of OpenAI's API, which its clients turn into their own exceptions.

No error repeats what a client sent: neither a value nor an unknown address.
"""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

logger = logging.getLogger(__name__)
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "request_too_large",
    500: "internal_error",
}
_FAULTS = {
    "missing": "missing_required_parameter",
    "extra_forbidden": "unknown_parameter",
    "unsupported_parameter": "unsupported_parameter",
    "json_invalid": "invalid_json",
}


class WebError(Exception):
    """A request that is refused or has failed.

    Attributes:
        status: of HTTP.
        code: for programs.
        param: the part of the request that is wrong.
        wait: seconds after which the request may be sent again.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param, self.wait = status, code, param, wait

    def body(self) -> dict[str, Any]:
        """Return the error as the API tells it."""
        kind = _TYPES.get(self.status, "invalid_request_error")
        kind = "server_error" if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else kind
        told = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return {"error": told}

    def response(self) -> JSONResponse:
        """Return the whole answer, with Retry-After where there is something to wait for."""
        wait = {} if self.wait is None else {"Retry-After": str(max(1, math.ceil(self.wait)))}
        login = {"WWW-Authenticate": "Bearer"} if self.status == HTTPStatus.UNAUTHORIZED else {}
        return JSONResponse(self.body(), self.status, {**wait, **login})


def failed(error: Exception, request: str) -> WebError:
    """Log a fault of ours, and return what a client is told of it.

    The log has its kind and place only: its message may quote what a customer wrote.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}"
    logger.error("id=%s failed: %s at %s", request, type(error).__name__, place)
    message = f"the server failed; its log names the place under {request}"
    return WebError(500, message, "internal_error")


def invalid(error: ValidationError) -> WebError:
    """Return the first fault of a body: where, and what was expected; never the value."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    kind = fault["type"]
    param = ".".join(str(part) for part in fault["loc"])[:100] or None
    text = "the body is not JSON of at most 200 levels" if kind == "json_invalid" else fault["msg"]
    more = f" and {error.error_count() - 1} more" if error.error_count() > 1 else ""
    code = _FAULTS.get(kind, "invalid_value")
    return WebError(400, f"{text[:300]}{more}", code, param=param)


Show = Callable[[Request, WebError], Response]


def as_json(_: Request, error: WebError) -> Response:
    """Return an error as programs read it."""
    return error.response()


def add_handlers(app: FastAPI, show: Show = as_json) -> None:
    """Let the application answer with these errors.

    Args:
        app: the application.
        show: makes an answer of an error.
    """

    async def told(request: Request, error: Exception) -> Response:
        if not isinstance(error, WebError):
            raise error
        return show(request, error)

    async def plain(request: Request, error: Exception) -> Response:
        """What the framework refuses by itself: unknown address or method, too long a body."""
        if not isinstance(error, HTTPException):
            raise error
        phrase = HTTPStatus(error.status_code).phrase
        code = _CODES.get(error.status_code, "invalid_request")
        response = show(request, WebError(error.status_code, phrase, code))
        response.headers.update(error.headers or {})
        return response

    app.add_exception_handler(WebError, told)
    app.add_exception_handler(HTTPException, plain)

"""What every request passes: its names, its session, its log line, and the headers of its answer.

A log line holds the route, the status, sizes and times; never text, an address or a query.
"""

from __future__ import annotations

import logging
import uuid
from http import HTTPStatus
from time import monotonic
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request, cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from churnlens.web.access import COOKIE, LOCAL, Session, hashed
from churnlens.web.errors import Show, WebError, as_json, failed
from churnlens.web.history import Records
from churnlens.web.house import House

logger = logging.getLogger(__name__)
OPEN = {("GET", "/health"), ("POST", "/session"), ("GET", "/sign-in")}  # without a session
ASSETS = "/static/"  # of the pages; open too
CLIENT_GONE = 499
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self'; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Exchange:
    """One request and what became of it; stands between the application and the connection."""

    def __init__(self, scope: Scope, send: Send) -> None:
        """Start the clock."""
        self.id, self.scope, self._send = uuid.uuid4().hex[:16], scope, send
        self.status, self.sent, self._began = 0, 0, monotonic()

    async def send(self, message: Message) -> None:
        """Pass a message on, with the headers of every answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers["X-Request-ID"] = self.id
            headers.setdefault("Cache-Control", "no-store")
        self.sent += len(message.get("body", b""))
        await self._send(message)

    def log(self) -> None:
        """Write the line of this request."""
        route = getattr(self.scope.get("route"), "path", "-")
        session: Session | None = self.scope.get("session")
        told: dict[str, Any] = {
            "id": self.id,
            "method": self.scope["method"],
            "route": route,
            "status": self.status or CLIENT_GONE,
            "bytes": self.sent,
            "seconds": round(monotonic() - self._began, 3),
            "owner": session.owner if session else "-",
        }
        logger.info(" ".join(f"{k}={v}" for k, v in told.items()), extra={"request": told})


class Gate:
    """Lets in who may come in, and keeps every fault from the client and from the log's text."""

    def __init__(self, app: ASGIApp, house: House, show: Show = as_json) -> None:
        """Stand before `app`; `show` makes an answer of a fault of ours."""
        self._app, self._house, self._show = app, house, show

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, send)
        try:
            scope["request_id"] = exchange.id
            scope["session"] = await self._enter(scope)
            await self._app(scope, receive, exchange.send)
        except WebError as error:
            await _refused(error, scope)(scope, receive, exchange.send)
        except ClientDisconnect:
            exchange.status = CLIENT_GONE
        except Exception as error:
            failure = failed(error, exchange.id)
            if exchange.status:
                raise ConnectionAbortedError from None  # what was begun cannot be taken back
            await self._show(Request(scope), failure)(scope, receive, exchange.send)
        finally:
            exchange.log()

    async def _enter(self, scope: Scope) -> Session | None:
        """Return the session of a request; WebError when it may not come in."""
        headers = Headers(scope=scope)
        if refusal := self._house.doors.refusal(headers.get("host", ""), headers.get("origin")):
            message = f"not under this name or from this page; see {refusal.partition('_')[0]}"
            raise WebError(HTTPStatus.FORBIDDEN, f"{message} in the options", refusal)
        if _declared(headers) > self._house.options.limits.body_bytes:
            raise WebError(413, "the body is too long", "request_too_large")
        session = await self._session(headers, address_of(scope))
        if session is None and not _is_open(scope["method"], scope["path"]):
            message = "no token, or one that is not known; send Authorization: Bearer TOKEN"
            raise WebError(401, message, "invalid_api_key")
        return session

    async def _session(self, headers: Headers, address: str) -> Session | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        tokens = self._house.tokens
        if tokens and scheme.lower() == "bearer":
            owner = self._house.guesses.owner(token.strip(), address)
            return Session(owner=owner, key=f"token:{owner}") if owner else None
        if secret := cookie_of(headers):
            key = hashed(secret)
            found = await self._house.history.call(Records.session, key)
            if found and tokens.hold(*found):
                return Session(owner=found[0], key=key)
        return None if tokens else Session(owner=LOCAL, key=LOCAL)


def _is_open(method: str, path: str) -> bool:
    return (method, path) in OPEN or (method == "GET" and path.startswith(ASSETS))


def wants_page(method: str, headers: Headers) -> bool:
    """Whether a browser asks for something to show."""
    return method == "GET" and "text/html" in headers.get("accept", "")


def _refused(error: WebError, scope: Scope) -> Response:
    """Return what a stranger is told; a browser is led to where it can sign in."""
    if error.status == HTTPStatus.UNAUTHORIZED and wants_page(
        scope["method"], Headers(scope=scope)
    ):
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    return error.response()


def address_of(scope: Scope) -> str:
    """Return where a request comes from; empty where that is unknown, as on a local socket."""
    return scope["client"][0] if scope.get("client") else ""


def cookie_of(headers: Headers) -> str | None:
    """Return the secret of the session in a request's cookies; others may be of any form."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)


def _declared(headers: Headers) -> int:
    """Return the length that a request says its body has."""
    text = headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0

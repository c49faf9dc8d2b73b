"""The server: uvicorn with patience that ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from churnlens.options import LimitOptions, WebOptions
from churnlens.web.access import load_tokens
from churnlens.web.app import create_app
from churnlens.web.binding import bind, listen
from churnlens.web.history import History
from churnlens.web.house import House, Places, Services

HISTORY = Path("web") / "history.db"
CLOSING_SECONDS = 5


class _PatientProtocol(H11Protocol):
    """A connection that is cut off when its head is slow to come or its answer is not read.

    uvicorn waits for both without end, and a graceful close waits for the reader too.
    """

    limits = LimitOptions()
    _head: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head."""
        super().connection_made(transport)
        self._head = self.loop.call_later(self.limits.header_seconds, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Expect a head while no request is being answered, and no longer."""
        if self._head is None and self._is_idle():
            self._head = self.loop.call_later(self.limits.header_seconds, self.transport.abort)
        super().data_received(data)
        if self._head is not None and not self._is_idle():
            self._head.cancel()
            self._head = None

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def pause_writing(self) -> None:
        """Expect a reader who reads."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The reader reads."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        super().connection_lost(exc)
        for timer in (self._head, self._unread):
            if timer is not None:
                timer.cancel()


class Server(uvicorn.Server):
    """uvicorn, which ends the replies before it waits for their readers."""

    def __init__(self, app: FastAPI, options: WebOptions) -> None:
        """Set up; nothing listens yet."""
        super().__init__(server_config(app, options))
        self._house: House = app.state.house

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the models, end the streams, and close."""
        await self._house.desk.close()
        await super().shutdown(sockets)


def server_config(app: FastAPI, options: WebOptions) -> uvicorn.Config:
    """Return how uvicorn serves the application: one process, HTTP/1.1 only."""
    protocol = type("PatientProtocol", (_PatientProtocol,), {"limits": options.limits})
    return uvicorn.Config(
        app,
        host=options.host,
        port=options.port,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(options.proxies),
        forwarded_allow_ips=list(options.proxies),
        limit_concurrency=options.limits.connections,
        timeout_graceful_shutdown=CLOSING_SECONDS,
    )


def serve(
    load: Callable[[int], Services],
    data_root: Path,
    options: WebOptions,
    project: Path | None = None,
) -> None:
    """Serve until the process is told to stop.

    Conversations are kept in `web/history.db` of the data root; `project` has the lineage site.

    Args:
        load: loads what is served, which may take minutes: called with the port that is bound,
            when only another server that listens there first can still refuse.
        data_root: see there.
        options: of the server.
        project: folder of the project.

    Raises:
        AccessError: when the options would let strangers in, or the address is taken.
        HistoryError: when the conversations cannot be opened.
    """
    tokens = load_tokens(options)
    with ExitStack() as stack:
        sockets = [stack.enter_context(each) for each in bind(options)]
        history = stack.enter_context(closing(History(data_root / HISTORY)))
        port = sockets[0].getsockname()[1]
        app = create_app(load(port), history, Places.of(data_root, project), tokens, options)
        listen(sockets, options)
        Server(app, options).run(sockets)

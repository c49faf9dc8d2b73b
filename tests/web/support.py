"""A fake model with a pace, and a real server around it."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from churnlens.options import LimitOptions, QueueOptions, WebOptions
from churnlens.schema import Text
from churnlens.web.access import load_tokens
from churnlens.web.app import create_app
from churnlens.web.history import History
from churnlens.web.house import Places, Services
from churnlens.web.protocols import InputError, Matter, Piece, Source, Usage
from churnlens.web.server import Server

TOKEN = "correct-horse-battery-staple-1"
OTHER = "another-horse-battery-staple-2"
PATIENCE = 60.0
"""Seconds; a reply that nobody ends takes longer in the tests that need it."""


@dataclass
class FakeModel:
    """Writes `word0 word1 …`; some words of the user make it behave otherwise."""

    name: str = "fake"
    seconds: float = 0.0
    words: int = 5
    seen: list = field(default_factory=list)
    working: int = 0
    most: int = 0
    replies: int = 0

    def reply(self, messages, settings, stopped):
        self.working += 1
        self.replies += 1
        self.most = max(self.most, self.working)
        self.seen.append((tuple(messages), settings))
        try:
            yield from self._write(messages[-1].content, settings, stopped)
        finally:
            self.working -= 1

    def _write(self, said, settings, stopped):
        if said == "fail":
            raise RuntimeError("my secret words")
        if said == "too long":
            raise InputError("9 tokens; expected at most 8", "context_length_exceeded")
        if said == "silent":
            while not stopped():
                time.sleep(0.01)
            return
        if said.startswith("echo "):
            yield Piece(text=said.removeprefix("echo "))
            yield Piece(finish="stop")
            return
        if said.startswith("hand over "):
            yield Piece(text=f"A colleague takes over {said.removeprefix('hand over ')}")
            yield Piece(finish="stop", handover=matter(said.removeprefix("hand over ")))
            return
        size, words = (20_000, 400) if said == "loud" else (0, self.words)
        for n in range(min(words, settings.new_tokens)):
            yield Piece(text=f"词{n} " + "x" * size)
            _sleep(self.seconds, stopped)
        if said == "fail late":
            raise RuntimeError("my secret words")
        finish = "length" if settings.new_tokens < words else "stop"
        usage = Usage(prompt_tokens=3, completion_tokens=min(words, settings.new_tokens))
        source = Source(id="p1", title="Returns", text="<script>alert(1)</script>")
        yield Piece(finish=finish, usage=usage, sources=(source,))


def word_ends(text):
    """Tokens that are words: where each ends."""
    return [found.end() for found in re.finditer(r"\S+", text)]


def matter(reason):
    return Matter(reason=reason, name=Text(en=f"About {reason}", zh=f"关于 {reason}"))


def _sleep(seconds, stopped):
    end = time.monotonic() + seconds
    while not stopped() and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.05))


@dataclass
class Running:
    """A server that runs in a thread."""

    url: str
    port: int
    house: object
    model: FakeModel

    def client(self, **headers):
        return httpx2.Client(base_url=self.url, headers=headers, timeout=PATIENCE, trust_env=False)

    def idle(self):
        """Whether every place becomes free."""
        return wait_for(lambda: not self.house.desk.working and not self.house.desk.waiting)


@contextlib.contextmanager
def held(server, api):
    """Keep the only place of a server busy, by a reply in a conversation of its own."""
    conversation = api.post("/conversations", json={"title": "held"}).json()["id"]
    path = f"/conversations/{conversation}/messages"
    with api.stream("POST", path, json={"content": "silent"}) as answer:
        text = answer.iter_text()  # kept: when it goes, so does the connection
        next(text)
        yield


def wait_for(condition):
    """Whether it becomes true in time, and in time even on a machine with other work.

    How fast things are is measured in `benchmarks/`, not here.
    """
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def options_of(queue=None, limits=None, **rest) -> WebOptions:
    limits = {
        "requests_per_minute": 60_000,
        "burst": 10_000,
        "poll_seconds": 0.05,
        "wrong_tokens_per_minute": 10_000,
    } | (limits or {})
    queue, limits = QueueOptions(**(queue or {})), LimitOptions(**limits)
    return WebOptions(**({"port": 0} | rest), queue=queue, limits=limits)


@contextlib.contextmanager
def running(root: Path, model=None, services=None, **options):
    """Serve `model` on a free port of this machine."""
    model = model or FakeModel()
    services = services or Services(models={"fake": model})
    options = options_of(**options)
    history = History(root / "history.db")
    app = create_app(services, history, Places.of(root), load_tokens(options), options)
    server = Server(app, options)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert wait_for(lambda: server.started)
    try:
        yield Running(f"http://127.0.0.1:{port}", port, app.state.house, model)
    finally:
        server.should_exit = True
        thread.join()
        history.close()
        listener.close()


def chat(said="hello", **more):
    return {"model": "fake", "messages": [{"role": "user", "content": said}], **more}


def events(response):
    """The named events of a finished stream: [(name, data)]."""
    found = []
    for block in response.text.split("\n\n"):
        lines = dict(
            line.split(": ", 1)
            for line in block.splitlines()
            if ": " in line and not line.startswith(":")
        )
        if "data" in lines and lines["data"] != "[DONE]":
            found.append((lines.get("event"), json.loads(lines["data"])))
    return found


def raw(port, data: bytes, timeout=PATIENCE) -> bytes:
    """Send bytes and return all that comes until the server closes; TimeoutError if it does not."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as line:
        line.sendall(data)
        got = b""
        with contextlib.suppress(ConnectionError):
            while part := line.recv(65536):
                got += part
        return got


def request_bytes(port, body: bytes, path="/v1/chat/completions", *, length=True, close=True):
    """A POST as it goes over the line."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    head += "Connection: close\r\n" if close else ""
    head += f"Content-Length: {len(body)}\r\n" if length else ""
    return head.encode() + b"\r\n" + body

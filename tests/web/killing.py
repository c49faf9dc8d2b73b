"""A server that is killed under load: what it acknowledged must be in its file.

Run as a program, `killing.py FOLDER`, it is that server; it prints its port.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from web.support import FakeModel, events, running, wait_for

WRITERS = 6


@dataclass
class Acknowledged:
    """Messages of which the server has said that it keeps them: id → content."""

    kept: dict = field(default_factory=dict)
    conversations: set = field(default_factory=set)


def start(folder: Path) -> tuple[subprocess.Popen, str]:
    """Start a server in a process of its own, and return it with its address."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    )
    return process, f"http://127.0.0.1:{process.stdout.readline().strip()}"


def write(url: str, told: Acknowledged, stop: threading.Event) -> None:
    """Talk in conversations of one's own until the server is gone."""
    with contextlib.suppress(httpx2.TransportError), httpx2.Client(base_url=url, timeout=30) as api:
        conversation = api.post("/conversations", json={}).json()["id"]
        told.conversations.add(conversation)
        number = 0
        while not stop.is_set():
            said = f"question {number} 问题" if number % 2 else f"hand over matter{number}"
            body = {"content": said}
            with api.stream("POST", f"/conversations/{conversation}/messages", json=body) as answer:
                read_events(answer, told)
            number += 1


def read_events(answer, told: Acknowledged) -> None:
    """Note every message at the moment at which it is acknowledged."""
    text = ""
    for part in answer.iter_text():
        text += part
        *whole, text = text.split("\n\n")
        for block in whole:
            for name, data in events(type("Block", (), {"text": block})):
                if name in {"begun", "done"}:
                    told.kept[data["message"]["id"]] = data["message"]["content"]


def kill_once(folder: Path, count: int, seconds: float) -> Acknowledged:
    """Start a server, write to it, and kill it some moment after `count` messages."""
    process, url = start(folder)
    told, stop = Acknowledged(), threading.Event()
    threads = [threading.Thread(target=write, args=(url, told, stop)) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(told.kept) >= count)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    stop.set()
    process.wait()
    process.stdout.close()
    for thread in threads:
        thread.join()
    return told


def lost(folder: Path, told: Acknowledged) -> list[str]:
    """Return the acknowledged messages that the file does not hold; it must be sound."""
    with closing(sqlite3.connect(folder / "history.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        held = dict(database.execute("SELECT id, content FROM messages"))
        broken = "role = 'assistant' AND content LIKE 'A colleague takes over matter%'"
        broken += " AND id NOT IN (SELECT message FROM handovers)"
        assert not database.execute(f"SELECT id FROM messages WHERE {broken}").fetchall()
        known = {each for (each,) in database.execute("SELECT id FROM conversations")}
    assert told.conversations <= known
    return [key for key, content in told.kept.items() if held.get(key) != content]


def kill_often(folder: Path, rounds: int, seed: int = 1) -> tuple[int, int]:
    """Kill `rounds` servers over one file; return acknowledged messages, and lost ones."""
    moments, told, missing = random.Random(seed), Acknowledged(), 0
    for _ in range(rounds):
        new = kill_once(folder, moments.randint(5, 40), moments.uniform(0, 0.1))
        told.kept |= new.kept
        told.conversations |= new.conversations
        missing += len(lost(folder, told))
    return len(told.kept), missing


if __name__ == "__main__":
    model = FakeModel(seconds=0.001, words=8)
    with running(Path(sys.argv[1]), model=model, queue={"waiting": 100}) as server:
        print(server.port, flush=True)  # noqa: T201
        threading.Event().wait()

"""The server under load, under leaving readers, under bad requests, and killed.

Run `python benchmarks/web.py [load|overhead|leaving|bad|kill …]`; all five without an argument.
A fake model writes at its pace, so what is measured is the server. Prints JSON; exits with 1 when
a mark is missed.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[1] / "tests")  # this file is called as a folder there

from web.killing import kill_often  # noqa: E402
from web.support import FakeModel, chat, raw, request_bytes, running  # noqa: E402
from web.test_limits import BAD, leave  # noqa: E402

PATH = "/v1/chat/completions"
SESSIONS, REQUESTS, TOKENS, WAITING = 50, 1_000, 10, 16


def quantile(values: list[float], share: float) -> float:
    """The value below which a share of the values lies."""
    return round(sorted(values)[min(int(share * len(values)), len(values) - 1)], 3)


def session(server: Any, count: int) -> list[tuple[int, float, bool]]:
    """Ask `count` times: status, seconds to the first token, and whether 429 said when."""
    found = []
    with server.client() as api:
        api.post("/session", json={})
        for _ in range(count):
            start, first = time.perf_counter(), 0.0
            with api.stream("POST", PATH, json=chat(stream=True)) as answer:
                for part in answer.iter_text():
                    first = first or (time.perf_counter() - start) * ('content":"词' in part)
            wait = answer.headers.get("retry-after")
            found.append((answer.status_code, first, wait is not None))
            time.sleep(float(wait or 0))
    return found


def load() -> dict[str, Any]:
    """T16: 50 sessions, 1,000 requests, one worker, a model of 20 tokens a second."""
    model = FakeModel(seconds=0.05, words=TOKENS)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), model=model, queue={"waiting": WAITING}) as server,
        ThreadPoolExecutor(SESSIONS) as threads,
    ):
        each = [REQUESTS // SESSIONS] * SESSIONS
        begun = time.perf_counter()
        rows = [r for found in threads.map(lambda n: session(server, n), each) for r in found]
        seconds = time.perf_counter() - begun
    first = [at for status, at, _ in rows if status == 200]
    counts = Counter(status for status, _, _ in rows)
    bound = (WAITING + 1) * TOKENS * 0.05 + server.house.options.queue.queue_seconds
    return {
        "requests": len(rows),
        "statuses": dict(counts),
        "first_token_seconds": {s: quantile(first, float(s)) for s in ("0.5", "0.95", "1")},
        "bound_seconds": bound,
        "most_at_once": model.most,
        "seconds": round(seconds, 1),
        "ok": set(counts) <= {200, 429}
        and all(told for status, _, told in rows if status == 429)
        and quantile(first, 0.95) <= bound
        and model.most == 1,
    }


def overhead() -> dict[str, Any]:
    """Milliseconds to the first token of a model that needs none itself."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        rows = session(server, 20) and session(server, 200)
    first = [1000 * at for _, at, _ in rows]
    told = {"median_ms": round(statistics.median(first), 1), "p95_ms": quantile(first, 0.95)}
    return told | {"ok": told["p95_ms"] <= 150}


def leaving() -> dict[str, Any]:
    """T17: 100 readers that go in the middle of a stream; seconds until the place is free."""
    model, taken = FakeModel(seconds=0.05, words=10_000), []
    limits = {"new_tokens": 10_000}
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), model=model, limits=limits) as server,
    ):
        for number in range(100):
            leave(server, how=("close", "reset")[number % 2])
            start = time.perf_counter()
            server.idle()
            taken.append(time.perf_counter() - start)
    worst = round(max(taken), 3)
    return {"readers": len(taken), "worst_seconds": worst, "ok": worst <= 1}


def bad() -> dict[str, Any]:
    """T18: bad bodies over and over; statuses, and what they leave in memory."""
    counts: Counter[int] = Counter()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        before = 0
        for turn in range(20):
            for body in BAD.values():
                answer = raw(server.port, request_bytes(server.port, body))
                counts[int(answer.split(b" ", 2)[1])] += 1
            before = before or (memory() if turn == 4 else 0)
        grown = memory() - before
    told = {"statuses": dict(counts), "grown_mb": round(grown / 2**20, 2)}
    return told | {"ok": set(counts) == {400} and grown < 5 * 2**20}


def memory() -> int:
    """Resident bytes of this process."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def kill() -> dict[str, Any]:
    """Fifty servers over one file, each killed under load."""
    with tempfile.TemporaryDirectory() as folder:
        acknowledged, lost = kill_often(Path(folder), 50)
    return {"kills": 50, "acknowledged": acknowledged, "lost": lost, "ok": lost == 0}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "load": load,
    "overhead": overhead,
    "leaving": leaving,
    "bad": bad,
    "kill": kill,
}


def main() -> int:
    """Run the parts that are named, and print what they found."""
    found = {name: PARTS[name]() for name in sys.argv[1:] or PARTS}
    print(json.dumps(found, indent=1))
    return int(not all(each["ok"] for each in found.values()))


if __name__ == "__main__":
    sys.exit(main())

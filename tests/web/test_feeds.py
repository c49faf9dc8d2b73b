"""Files that are followed, alerts that arrive, and runs that can be looked at."""

import asyncio
import json
import logging
import os
import threading
import time

import pytest

from churnlens.hooks import STATE, ProgressFile
from churnlens.tasks.satisfaction.events import Event
from churnlens.tasks.satisfaction.sinks import JSONLinesSink
from churnlens.web.feeds import overview
from churnlens.web.follow import follow, read_rows, reader
from churnlens.web.house import Places
from web.support import events, wait_for


def append(path, *rows, end="\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("".join(json.dumps(row) + end for row in rows))


def values(rows):
    return [row["n"] for _, row in rows]


def test_whole_lines_are_read_and_each_place_goes_on_behind_it(tmp_path):
    path = tmp_path / "a.jsonl"
    assert read_rows(path, 7) == (0, [])
    append(path, {"n": 1}, {"n": 2})
    append(path, {"n": 3}, end="")
    end, rows = read_rows(path, 0)
    assert values(rows) == [1, 2] and end == rows[-1][0]
    assert read_rows(path, end) == (end, [])
    assert values(read_rows(path, rows[0][0])[1]) == [2]
    with path.open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert values(read_rows(path, end)[1]) == [3]


def test_another_file_is_read_from_its_start(tmp_path):
    path = tmp_path / "a.jsonl"
    append(path, {"n": 1}, {"n": 2})
    for offset in (3, 10_000):
        assert values(read_rows(path, offset)[1]) == [1, 2]


def test_what_is_no_row_is_passed_over(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'nothing\n[1]\n\xff\xfe\n\n{"n": 1}\n' + b"[" * 100_000 + b'\n{"n": 2}\n')
    end, rows = read_rows(path, 0)
    while len(rows) < 2:
        end, more = read_rows(path, end)
        rows += more
    assert values(rows) == [1, 2] and end == path.stat().st_size


def test_rows_are_followed_while_they_are_written_and_over_a_new_file(tmp_path):
    path = tmp_path / "a.jsonl"

    async def main():
        got, places = [], follow(reader(path), 0, poll=0.01, beat=0.05, is_over=lambda: False)
        async for place in places:
            got.append(place and place[1]["n"])
            if got[-1] is None and got.count(None) == 1:
                append(path, *({"n": n} for n in range(3)))
            if got[-1] == 2:
                path.write_text("", encoding="utf-8")
                await asyncio.sleep(0.05)
                append(path, {"n": 9})
            if got[-1] == 9:
                break
        return got

    got = [n for n in asyncio.run(asyncio.wait_for(main(), 10)) if n is not None]
    assert got == [0, 1, 2, 9]


def read_stream(server, path, count, **headers):
    """Return the first events of a stream as [(name, id, data)]."""
    found, text = [], ""
    with server.client(**headers) as api, api.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for part in answer.iter_text():
            text += part
            *whole, text = text.split("\n\n")
            for block in whole:
                places = [x[4:] for x in block.splitlines() if x.startswith("id: ")]
                one = type("Block", (), {"text": block})
                found += [(name, places[0], data) for name, data in events(one)]
            if len(found) >= count:
                break
    return found


def test_an_alert_arrives_live_and_a_viewer_goes_on_behind_the_last(serve):
    server = serve()
    sink = JSONLinesSink(server.house.places.alerts)
    sink.send([Event(id="1", dialogue="a")])
    later = threading.Timer(0.3, lambda: sink.send([Event(id="2", dialogue="b")]))
    later.start()
    found = read_stream(server, "/alerts", 2)
    assert [(name, data["id"]) for name, _, data in found] == [("alert", "1"), ("alert", "2")]
    again = read_stream(server, "/alerts", 1, **{"Last-Event-ID": found[0][1]})
    assert again[0][2] == {"id": "2", "dialogue": "b"}
    for odd in (b"x", b"-1", b"9" * 40, b"\xd9\xa3"):
        headers = {"Last-Event-ID": odd}
        assert read_stream(server, "/alerts", 1, **headers)[0][2]["id"] == "1"
    assert wait_for(lambda: server.house.streams == 0)


def test_streams_are_bounded_and_end(serve):
    server = serve(limits={"streams": 1, "stream_seconds": 2, "heartbeat_seconds": 0.1})
    with server.client() as api:
        with api.stream("GET", "/alerts") as first:
            next(text := first.iter_text())
            refused = api.get("/runs/events")
            assert refused.status_code == 429 and refused.headers["retry-after"] == "30"
            assert set("".join(text).split("\n\n")) == {": ping", ""}
        assert wait_for(lambda: server.house.streams == 0)


def test_progress_is_followed_from_its_start(serve):
    server = serve()
    progress = ProgressFile(server.house.places.state / "progress.jsonl")
    record = logging.makeLogRecord({"progress": {"label": "embed", "done": 3, "total": 9}})
    progress.emit(record)
    name, _, data = read_stream(server, "/runs/events", 1)[0]
    assert name == "progress" and (data["label"], data["done"], data["total"]) == ("embed", 3, 9)
    with server.client() as api:
        (now,) = api.get("/runs").json()["progress"]
    assert now["state"] == "working" and now["done"] == 3


def test_the_overview_tells_progress_nodes_and_metrics(tmp_path):
    places = Places.of(tmp_path)
    assert places.state == tmp_path / STATE
    assert overview(places) == {"progress": [], "nodes": [], "metrics": {}}
    now = time.time()
    append(
        places.state / "progress.jsonl",
        {"time": now - 500, "label": "a", "done": 1, "total": 4},
        {"time": now - 400, "label": "a", "done": 2, "total": 4},
        {"time": now - 300, "label": "b", "done": 4, "total": 4},
        {"time": now - 10, "label": "c", "done": 1, "total": 4},
    )
    for age, name in enumerate(("new", "old")):
        (places.state / f"churn.{name}.json").write_text("{}", encoding="utf-8")
        os.utime(places.state / f"churn.{name}.json", (now - age, now - age))
    (places.reports / "churn").mkdir(parents=True)
    files = {"risk_metrics": '{"auc": 0.85, "x": NaN}', "arm_metrics": "{", "overview": "{}"}
    for name, text in files.items():
        (places.reports / "churn" / f"{name}.json").write_text(text, encoding="utf-8")
    told = overview(places)
    assert [(p["label"], p["done"], p["state"]) for p in told["progress"]] == [
        ("a", 2, "stalled"),
        ("b", 4, "done"),
        ("c", 1, "working"),
    ]
    assert told["progress"][2]["updated"] == pytest.approx(now - 10)
    assert [each["node"] for each in told["nodes"]] == ["churn.new", "churn.old"]
    assert told["metrics"] == {
        "churn": {"risk_metrics": {"auc": 0.85, "x": None}, "arm_metrics": {"error": "no JSON"}}
    }

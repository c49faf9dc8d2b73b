import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from churnlens.options import AlertOptions
from churnlens.tasks.satisfaction.actions import Facts, Grant, decide, grant
from churnlens.tasks.satisfaction.alerts import Alert, Monitor
from churnlens.tasks.satisfaction.events import Event
from churnlens.tasks.satisfaction.sinks import JSONLinesSink, SQLSink
from tasks.satisfaction.support import FINDER, turns
from tasks.satisfaction.test_action_table import TABLE

STEPS = Monitor(AlertOptions(), FINDER).watch("对话一", turns([0.6, 0.6, 0.9], said={2}))
[AMBER, RED] = [step.alert for step in STEPS if step.alert]


def events(*names):
    return [Event(id=name, dialogue="d") for name in names]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "alerts.jsonl"


def ids(path):
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def test_each_event_is_one_line_however_often_it_is_sent(path):
    sink = JSONLinesSink(path)
    assert sink.send([AMBER]) == 1
    assert sink.send([AMBER, RED, RED]) == 1
    assert JSONLinesSink(path).send([RED, AMBER]) == 0
    assert sink.send([]) == 0
    assert [Alert.model_validate(row) for row in sink.rows()] == [AMBER, RED]
    assert "对话一" in path.read_text(encoding="utf-8")


def test_events_keep_their_order(path):
    JSONLinesSink(path).send(events("b", "a", "b", "c"))
    assert ids(path) == ["b", "a", "c"]


def test_of_two_events_with_one_id_the_first_is_kept(path):
    JSONLinesSink(path).send([Event(id="a", dialogue="1"), Event(id="a", dialogue="2")])
    assert [row["dialogue"] for row in JSONLinesSink(path).rows()] == ["1"]


def test_two_sinks_see_each_others_rows(path):
    one, two = JSONLinesSink(path), JSONLinesSink(path)
    assert [one.send(events("a")), two.send(events("a", "b")), one.send(events("b", "c"))] == [
        1,
        1,
        1,
    ]
    assert ids(path) == ["a", "b", "c"]


@pytest.mark.parametrize("cut", [1, 5, -1])
def test_a_torn_last_line_is_dropped_and_its_event_is_new_again(path, cut):
    sink = JSONLinesSink(path)
    sink.send(events("a", "b"))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    path.write_bytes(whole[: first + cut] if cut > 0 else whole[:cut])
    assert [row["id"] for row in sink.rows()] == ["a"]
    for again in (JSONLinesSink(path), sink):
        assert again.send(events("a", "b")) == (1 if again is not sink else 0)
        assert path.read_bytes() == whole


def test_a_file_that_was_replaced_is_read_anew(path):
    sink = JSONLinesSink(path)
    sink.send(events("a", "b"))
    sink.send([])
    path.unlink()
    assert sink.send(events("a")) == 1
    assert ids(path) == ["a"]


@pytest.mark.parametrize("line", [b"nonsense\n", b"[1]\n", b'{"no": "id"}\n'])
def test_a_line_that_is_no_event_is_named_and_nothing_is_written(path, line):
    path.parent.mkdir()
    path.write_bytes(line)
    with pytest.raises(ValueError, match="no event"):
        JSONLinesSink(path).send(events("a"))
    assert path.read_bytes() == line


WRITER = """
import sys
from pathlib import Path
from churnlens.tasks.satisfaction.events import Event
from churnlens.tasks.satisfaction.sinks import JSONLinesSink
sink = JSONLinesSink(Path(sys.argv[1]))
for n in range(100000):
    sink.send([Event(id=f"{n}-{k}", dialogue="d" * 3000) for k in range(20)])
    print(n, flush=True)
"""


@pytest.mark.parametrize("wait", [0.0, 0.013, 0.031])
def test_a_killed_writer_loses_nothing_that_it_had_sent(path, wait):
    """Nothing acknowledged is missing, nothing is twice, and the replay completes the file."""
    job = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    job.stdout.readline()
    time.sleep(wait)
    job.send_signal(signal.SIGKILL)
    sent = [0, *map(int, job.stdout.read().split())]
    job.wait()
    replay = [
        Event(id=f"{n}-{k}", dialogue="d" * 3000) for n in range(max(sent) + 3) for k in range(20)
    ]
    before = {row["id"] for row in JSONLinesSink(path).rows()}
    assert {f"{n}-{k}" for n in sent for k in range(20)} <= before
    assert JSONLinesSink(path).send(replay) == len(replay) - len(before)
    assert ids(path) == [event.id for event in replay]


def test_a_table_holds_each_event_once_with_a_column_for_each_field(tmp_path):
    file = tmp_path / "new" / "events.db"
    sink = SQLSink(file, "alerts", Alert)
    assert sink.send([AMBER]) == 1
    assert sink.send([AMBER, RED, RED]) == 1
    assert SQLSink(file, "alerts", Alert).send([RED]) == 0
    with sqlite3.connect(file) as database:
        rows = database.execute(
            "SELECT id, dialogue, turn, level, p, reasons FROM alerts ORDER BY turn"
        ).fetchall()
    assert rows[0][:5] == (AMBER.id, "对话一", 2, "amber", 0.6)
    assert json.loads(rows[1][5]) == RED.model_dump(mode="json")["reasons"]


def test_grants_have_a_table_of_their_own_in_the_same_file(tmp_path):
    facts = Facts(customer="c1", fault="company", tier="key", credits=0)
    row = grant(TABLE, decide(TABLE, RED, facts), datetime(2026, 11, 22, tzinfo=UTC), ())
    file = tmp_path / "events.db"
    SQLSink(file, "alerts", Alert).send([RED])
    assert SQLSink(file, "grants", Grant).send([row, row]) == 1
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT sum(amount), max(person) FROM grants").fetchall() == [
            (80, None)
        ]


def test_of_events_that_do_not_all_fit_none_is_kept(tmp_path):
    sink = SQLSink(tmp_path / "events.db", "alerts", Alert)
    with pytest.raises(ValueError, match="got Event, expected Alert"):
        sink.send([AMBER, *events("x")])
    assert sink.send([AMBER]) == 1


@pytest.mark.parametrize("name", ["alerts; drop", "", 'a"b', "Ä", "x" * 64])
def test_a_table_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="table name"):
        SQLSink(tmp_path / "e.db", name, Alert)

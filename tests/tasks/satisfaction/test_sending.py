"""Alerts and decisions reach every sink that is on, once."""

import sqlite3
from contextlib import closing

import pytest

from churnlens.options import SinkOptions, WebhookOptions
from churnlens.tasks.satisfaction import sending
from churnlens.tasks.satisfaction.actions import Facts, decide
from churnlens.tasks.satisfaction.sending import send_all
from churnlens.tasks.satisfaction.sinks import JSONLinesSink
from tasks.satisfaction.test_action_table import TABLE
from tasks.satisfaction.test_sinks import AMBER, RED

ALERTS = [AMBER, RED]
DECISIONS = [decide(TABLE, alert, Facts(customer="c1")) for alert in ALERTS]


def test_nothing_is_sent_unless_said(tmp_path):
    assert send_all(SinkOptions(), tmp_path, ALERTS, DECISIONS) == {}
    assert not list(tmp_path.iterdir())


def test_files_and_tables_get_each_event_once(tmp_path):
    options = SinkOptions(jsonl=True, sql=True)
    assert send_all(options, tmp_path, ALERTS[:1], DECISIONS[:1]) == {"jsonl": 2, "sql": 2}
    assert send_all(options, tmp_path, ALERTS, DECISIONS) == {"jsonl": 2, "sql": 2}
    assert send_all(options, tmp_path, ALERTS, DECISIONS) == {"jsonl": 0, "sql": 0}
    assert [row["level"] for row in JSONLinesSink(tmp_path / "alerts.jsonl").rows()] == [
        "amber",
        "red",
    ]
    with closing(sqlite3.connect(tmp_path / "events.sqlite")) as database:
        rows = database.execute("SELECT alert, customer FROM decisions").fetchall()
    assert rows == [(AMBER.id, "c1"), (RED.id, "c1")]


def test_what_a_receiver_does_not_take_waits(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "very-Secret-0123456789")
    url = "http://127.0.0.1:9/hook"  # nobody listens
    options = SinkOptions(webhook=WebhookOptions(url=url, secret_env="HOOK_SECRET", retries=0))
    assert send_all(options, tmp_path, ALERTS, DECISIONS) == {"webhook": 0, "waiting": 4}
    monkeypatch.setattr(sending.WebhookSink, "_post", lambda *_: None)
    assert send_all(options, tmp_path, [], []) == {"webhook": 4, "waiting": 0}


def test_a_secret_that_is_not_set_is_told(tmp_path, monkeypatch):
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    hook = WebhookOptions(url="https://example.org/hook", secret_env="HOOK_SECRET")
    with pytest.raises(ValueError, match="HOOK_SECRET"):
        send_all(SinkOptions(webhook=hook), tmp_path, ALERTS, DECISIONS)

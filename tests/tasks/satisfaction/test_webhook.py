"""The webhook against a receiver on this machine: signed, patient, and discreet."""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import ValidationError

from churnlens.options import WebhookOptions
from churnlens.tasks.satisfaction import webhook
from churnlens.tasks.satisfaction.events import Event
from churnlens.tasks.satisfaction.webhook import WebhookSink, sign
from tasks.satisfaction.test_sinks import AMBER, RED

SECRET = "very-Secret-0123456789"


class Receiver:
    """Answers the n-th post by `script(n)`: a status, or a status and headers; keeps what it got."""

    def __init__(self):
        self.script, self.got = lambda _count: 204, []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                receiver.got.append((dict(self.headers), body))
                reply = receiver.script(len(receiver.got))
                status, headers = reply if isinstance(reply, tuple) else (reply, {})
                if status is None:
                    return self.connection.close()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                return None

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/hook"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.got]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.http.shutdown()
    receiver.http.server_close()


@pytest.fixture
def waits(monkeypatch):
    made = []
    monkeypatch.setattr(webhook, "sleep", made.append)
    return made


@pytest.fixture
def connect(receiver, waits, monkeypatch, tmp_path):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    made = []

    def make(**options):
        given = {"url": receiver.url, "secret_env": "HOOK_SECRET"} | options
        made.append(WebhookSink(WebhookOptions(**given), tmp_path / "outbox"))
        return made[-1]

    yield make
    for sink in made:
        sink.close()


def test_an_event_is_posted_as_it_is_and_signed(receiver, connect):
    assert connect().send([AMBER]) == 1
    [(headers, body)] = receiver.got
    assert json.loads(body) == AMBER.model_dump(mode="json")
    assert headers["webhook-id"] == AMBER.id
    assert headers["Content-Type"] == "application/json"
    stamp = headers["webhook-timestamp"]
    assert abs(int(stamp) - time.time()) < 60
    signed = f"{AMBER.id}.{stamp}.".encode() + body
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(expected).decode()


def test_the_signature_is_the_one_of_the_published_example():
    """From the libraries of Standard Webhooks."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    got = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, secret)
    assert got == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_can_be_base64(receiver, connect, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + base64.b64encode(b"\x00\xff key").decode())
    connect().send([AMBER])
    [(headers, body)] = receiver.got
    stamp = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == sign(AMBER.id, stamp, body, b"\x00\xff key")


def test_a_replay_posts_nothing_again(receiver, connect):
    sink = connect()
    assert [sink.send([AMBER]), sink.send([AMBER, RED]), connect().send([RED, AMBER])] == [1, 1, 0]
    assert receiver.ids() == [AMBER.id, RED.id]


@pytest.mark.parametrize("fault", [429, 500, 503, None])
def test_it_tries_again_with_longer_pauses(receiver, connect, waits, fault):
    receiver.script = lambda count: 200 if count == 4 else fault
    sink = connect(backoff=0.5)
    assert sink.send([AMBER]) == 1
    assert waits == [0.5, 1, 2]
    assert receiver.ids() == [AMBER.id] * 4
    assert sink.waiting() == []


def test_it_waits_as_long_as_the_receiver_asks(receiver, connect, waits):
    receiver.script = lambda count: (429, {"Retry-After": "7"}) if count == 1 else 200
    assert connect().send([AMBER]) == 1
    assert waits == [7]


def test_a_receiver_that_asks_for_too_long_is_left_for_later(receiver, connect, waits):
    receiver.script = lambda _count: (503, {"Retry-After": "3600"})
    assert connect().send([AMBER]) == 0
    assert (waits, len(receiver.got)) == ([], 1)


def test_what_is_not_delivered_waits_in_the_outbox_and_goes_next_time(
    receiver, connect, caplog, waits
):
    receiver.script = lambda _count: 500
    sink = connect(retries=1)
    assert sink.send([AMBER, RED]) == 0
    assert waits == [1]
    assert receiver.ids() == [AMBER.id] * 2  # the second is not tried while the receiver is down
    assert [row["id"] for row in sink.waiting()] == [AMBER.id, RED.id]
    assert "stays in the outbox: HTTP 500" in caplog.text
    receiver.script = lambda _count: 200
    new = Event(id="new", dialogue="d")
    assert connect().send([new]) == 3
    assert receiver.ids()[2:] == [AMBER.id, RED.id, "new"]
    assert connect().send([]) == 0


@pytest.mark.parametrize("status", [400, 401, 404, 410, 302])
def test_an_event_that_is_refused_stops_no_other_and_is_not_repeated(
    receiver, connect, waits, status
):
    receiver.script = lambda count: (status, {"Location": receiver.url}) if count == 1 else 200
    sink = connect()
    assert sink.send([AMBER, RED]) == 1
    assert (receiver.ids(), waits) == ([AMBER.id, RED.id], [])  # no redirect is followed
    assert [row["id"] for row in sink.waiting()] == [AMBER.id]


def test_a_receiver_that_is_away_or_silent_costs_no_event(receiver, connect):
    assert connect(url="http://127.0.0.1:9/hook", retries=1).send([AMBER]) == 0
    receiver.script = lambda _count: time.sleep(0.5) or 200
    assert connect(timeout=0.1, retries=0).send([]) == 0
    receiver.script = lambda _count: 200
    assert connect().send([]) == 1


def test_nothing_secret_is_told(receiver, connect, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    receiver.script = lambda count: 500 if count < 3 else 400
    connect().send([RED])
    connect(url="http://127.0.0.1:9/hook", retries=0).send([])
    assert caplog.text.count("stays in the outbox") == 2
    kept = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "outbox").glob("*"))
    for told in (caplog.text, kept):
        assert SECRET not in told
    assert "reasons" not in caplog.text


def test_a_proxy_of_the_environment_is_not_used(receiver, connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert connect(retries=0).send([AMBER]) == 1


@pytest.mark.parametrize("value", ["", "  ", "whsec_", "whsec_no base64!"])
def test_without_a_secret_nothing_starts(connect, monkeypatch, value):
    monkeypatch.setenv("HOOK_SECRET", value)
    with pytest.raises(ValueError, match="HOOK_SECRET") as caught:
        connect()
    assert "no base64" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://127.0.0.1.example.com/hook",
        "http://10.0.0.1/hook",
        "ftp://127.0.0.1/hook",
        "https://user:key@example.com/hook",
        "https://example.com/hook?key=1",
        "",
    ],
)
def test_an_address_that_others_could_read_is_refused(url):
    with pytest.raises(ValidationError) as caught:
        WebhookOptions(url=url, secret_env="S")
    assert "key" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://example.com/hook", "http://localhost:80/h", "http://[::1]/h", "http://127.1.2.3"],
)
def test_an_address_that_is_private_is_taken(url):
    assert WebhookOptions(url=url, secret_env="S").url == url

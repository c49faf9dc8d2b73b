"""The remote generator against a server on this machine: patient, bounded, and discreet."""

import json
import logging
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydantic import ValidationError

from churnlens.models import grammar as g
from churnlens.models import remote
from churnlens.models.constraint import RequestError
from churnlens.models.generation import Completion, Message, Request
from churnlens.models.lock import ModelError
from churnlens.models.remote import (
    Failure,
    RemoteError,
    RemoteGenerator,
    RemoteOptions,
    plain,
    schema_of,
)

KEY = "sk-Very-Secret-0123456789"
PROMPT = "why did Anna Schmidt leave"
CLAIM = g.record({"text": g.text(30, digits=False), "ids": g.subset(["S1", "S2"], max_items=2)})
SAID = {"text": "价格 is too high", "ids": ["S1", "S2"]}


def chat(text="fine", end="stop", tokens=3):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": end}
    return {
        "object": "chat.completion",
        "choices": [choice],
        "usage": {"completion_tokens": tokens},
    }


class Server:
    """Answers by `script(what was asked last, how often that was asked)`; keeps what it got."""

    def __init__(self):
        self.script = lambda _asked, _count: chat()
        self.got, self.counts, self.over, lock = [], {}, threading.Event(), threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(json.loads(body))

            def do_GET(self):
                self.answer(None)

            def answer(self, body):
                asked = body["messages"][-1]["content"] if body else self.path
                with lock:
                    server.got.append((self.path, dict(self.headers), body))
                    server.counts[asked] = server.counts.get(asked, 0) + 1
                reply = server.script(asked, server.counts[asked])
                if callable(reply):
                    return reply(self)
                status, headers, data = reply if isinstance(reply, tuple) else (200, {}, reply)
                data = data if isinstance(data, bytes) else json.dumps(data).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": len(data)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(data)
                return None

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def waits(monkeypatch):
    """The pauses that would have been made."""
    made = []
    monkeypatch.setattr(remote, "sleep", made.append)
    return made


@pytest.fixture
def connect(server, waits):
    made = []

    def make(**options):
        made.append(RemoteGenerator(RemoteOptions(base_url=server.url, model="m", **options)))
        return made[-1]

    yield make
    for generator in made:
        generator.close()


def ask(*texts, schema=None, budget=20):
    grammar = g.compile_grammar(schema) if schema else None
    system = Message(role="system", content="be brief")
    return [
        Request(
            key=f"k{n}",
            messages=(system, Message(role="user", content=text)),
            grammar=grammar,
            max_new_tokens=budget,
        )
        for n, text in enumerate(texts)
    ]


def one(generator, **options):
    [result] = generator.try_generate(ask(PROMPT, **options))
    return result


def test_a_request_is_sent_as_the_interface_has_it(server, connect):
    done = connect(seed=5).generate(ask(PROMPT, budget=17))
    assert done == [Completion(key="k0", text="fine", finished=True, tokens=3)]
    [(path, headers, body)] = server.got
    assert path == "/v1/chat/completions"
    assert "Authorization" not in headers
    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": PROMPT},
        ],
        "temperature": 0,
        "seed": 5,
        "max_tokens": 17,
    }


def test_nothing_to_do_asks_nothing(server, connect):
    assert connect().generate([]) == []
    assert server.got == []


def test_texts_come_in_the_order_of_the_requests(server, connect):
    asked = [f"q{n}" for n in range(12)]
    together = threading.Barrier(4)
    inside, most, lock = [], [], threading.Lock()

    def script(text, _count):
        with lock:
            inside.append(text)
            most.append(len(inside))
        together.wait(timeout=20)  # four at once, or it breaks
        time.sleep(0.002 * (12 - int(text[1:])))  # the first of each four answers last
        with lock:
            inside.remove(text)
        return chat(text.upper())

    server.script = script
    done = connect(concurrency=4).generate(ask(*asked))
    assert [(c.key, c.text) for c in done] == [(f"k{n}", f"Q{n}") for n in range(12)]
    assert max(most) == 4


def test_a_grammar_is_sent_as_its_schema_and_the_answer_comes_in_its_one_line(server, connect):
    server.script = lambda *_: chat("\n" + json.dumps(SAID, indent=2), tokens=9)
    done = one(connect(), schema=CLAIM)
    assert done.text == '{"text": "价格 is too high", "ids": ["S1", "S2"]}'
    assert done.finished and done.tokens == 9
    assert server.got[0][2]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": CLAIM, "strict": True},
    }


@pytest.mark.parametrize(
    ("text", "end", "fault"),
    [
        (f"Sure, {PROMPT}", "stop", "not JSON; the server did not follow the schema"),
        (json.dumps({**SAID, "text": "9 months"}), "stop", "JSON of another schema; the server"),
        (json.dumps({**SAID, "more": 1}), "stop", "JSON of another schema"),
        (json.dumps({"text": "x", "ids": ["S2", "S1"]}), "stop", "JSON of another schema"),
        (json.dumps([SAID]), "stop", "JSON of another schema"),
        (json.dumps({**SAID, "text": "\ud800"}), "stop", "not JSON"),
        ("[" * 100_000, "stop", "not JSON"),
        (json.dumps(SAID)[:20], "length", "not JSON; it was cut at max_new_tokens"),
    ],
)
def test_an_answer_outside_its_schema_is_no_completion(server, connect, text, end, fault):
    server.script = lambda *_: chat(text, end)
    failure = one(connect(), schema=CLAIM)
    assert isinstance(failure, Failure) and failure.kind == "invalid"
    assert fault in failure.reason and "Anna" not in failure.reason
    assert len(server.got) == 1


def test_a_beginning_of_an_answer_is_no_answer(server, connect):
    schema = {"type": "integer", "minimum": 100}
    server.script = lambda *_: chat("12")
    assert "JSON of another schema" in one(connect(), schema=schema).reason


def test_a_text_that_is_cut_is_not_finished_but_a_whole_one_under_a_schema_is(server, connect):
    server.script = lambda *_: chat(json.dumps(SAID), "length")
    assert one(connect()).finished is False
    assert one(connect(), schema=CLAIM).finished is True


def test_an_answer_without_a_count_has_no_tokens(server, connect):
    for usage in (None, {"completion_tokens": None}, {"completion_tokens": "9"}):
        server.script = lambda *_, usage=usage: {**chat(), "usage": usage}
        assert one(connect()).tokens == 0


def test_a_grammar_without_a_schema_is_refused_before_anything_is_sent(server, connect):
    lark = json.dumps({"grammars": [{"lark_grammar": "start: /a/", "json_schema": None}]})
    for grammar in (lark, "start: /a/", "[]", '{"grammars": []}'):
        bad = Request(key="k", messages=ask("x")[0].messages, grammar=grammar, max_new_tokens=3)
        with pytest.raises(RequestError, match="make it with grammar.compile_grammar"):
            connect().try_generate([*ask("x"), bad])
    assert server.got == []


def test_a_grammar_gives_its_schema_back():
    assert schema_of(g.compile_grammar(CLAIM)) == CLAIM
    assert list(schema_of(g.compile_grammar(CLAIM))["properties"]) == ["text", "ids"]


def accepts(schema, value):
    from llguidance import LLMatcher, LLTokenizer

    matcher = LLMatcher(LLTokenizer("byte"), g.compile_grammar(schema))
    tokens = list(json.dumps(value, ensure_ascii=False).encode())
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def test_a_plain_schema_is_wider_and_has_no_rare_terms(server, connect):
    schema = g.record({"pattern": g.sentence(9), "ids": CLAIM["properties"]["ids"]})
    wide = plain(schema)
    assert list(wide["properties"]) == wide["required"] == ["pattern", "ids"]
    assert wide["properties"]["pattern"] == {"type": "string"}
    assert "prefixItems" not in json.dumps(wide)
    for ids in (["S1"], ["S2"], ["S1", "S2"]):
        assert accepts(wide, {"pattern": "Fees are high.", "ids": ids})
    assert accepts(wide, {"pattern": "9", "ids": ["S2", "S1"]})
    assert not accepts(wide, {"pattern": "9", "ids": ["S3"]})
    assert not accepts(wide, {"pattern": "9", "ids": []})

    server.script = lambda *_: chat(json.dumps({"pattern": "9", "ids": ["S1"]}))
    assert one(connect(schema_terms="plain"), schema=schema).kind == "invalid"
    assert server.got[0][2]["response_format"]["json_schema"]["schema"] == wide


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_passing_errors_are_asked_again_with_longer_pauses(server, connect, waits, status):
    server.script = lambda _, count: chat() if count == 4 else (status, {}, b"busy")
    assert one(connect(backoff=0.5)).text == "fine"
    assert waits == [0.5, 1, 2]


def test_a_broken_connection_is_asked_again(server, connect, waits):
    def hang_up(handler):
        handler.close_connection = True

    server.script = lambda _, count: chat() if count == 2 else hang_up
    assert one(connect()).text == "fine"
    assert waits == [1]


@pytest.mark.parametrize(
    ("header", "pause"), [("7", 7), ("0.2", 1), ("-3", 1), ("soon", 1), ("nan", 1), ("", 1)]
)
def test_the_server_may_ask_for_a_longer_pause(server, connect, waits, header, pause):
    server.script = lambda _, count: chat() if count == 2 else (429, {"Retry-After": header}, b"")
    assert one(connect()).text == "fine"
    assert waits == [pause]


def test_the_server_may_name_a_date(server, connect, waits):
    later, earlier = (formatdate(time.time() + s, usegmt=True) for s in (30, -30))
    dates = [later, earlier]
    server.script = lambda _, count: (
        chat() if count == 3 else (503, {"Retry-After": dates[count - 1]}, b"")
    )
    assert one(connect()).text == "fine"
    assert 20 < waits[0] <= 30 and waits[1] == 2


@pytest.mark.parametrize("asked", ["3600", "inf", "9" * 400])
def test_a_pause_that_is_too_long_ends_the_request(server, connect, waits, asked):
    server.script = lambda *_: (429, {"Retry-After": asked}, b"")
    failure = one(connect(max_wait=60))
    assert "HTTP 429" in failure.reason and "it asks for" in failure.reason
    assert waits == [] and len(server.got) == 1


def test_errors_for_ever_end_after_the_retries(server, connect, waits):
    server.script = lambda *_: (500, {}, b"{}")
    failure = one(connect(retries=4, max_wait=3))
    assert failure.kind == "failed" and failure.key == "k0"
    assert failure.reason == "HTTP 500; see its log (attempt 5)"
    assert waits == [1, 2, 3, 3] and len(server.got) == 5


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 408, 409, 422, 204])
def test_other_answers_are_not_asked_again(server, connect, waits, status):
    server.script = lambda *_: (status, {"Location": "/v1/other", "Retry-After": "1"}, b"")
    failure = one(connect())
    assert failure.kind == "failed" and failure.reason.startswith(f"HTTP {status}; ")
    assert waits == [] and len(server.got) == 1


def test_names_of_an_error_are_told_but_not_its_text(server, connect):
    error = {"message": PROMPT, "type": "BadRequest", "code": "context_length_exceeded"}
    server.script = lambda *_: (400, {}, {"error": error})
    reason = one(connect()).reason
    assert "HTTP 400 (BadRequest, context_length_exceeded); the prompt may be too long" in reason
    assert "Anna" not in reason
    for body in (b"<html>", b"[" * 100_000, [], {"error": PROMPT}, {"error": {"code": 400}}):
        server.script = lambda *_, body=body: (400, {}, body)
        assert one(connect()).reason.startswith("HTTP 400; ")


def test_a_server_that_is_silent_ends_in_time(server, connect, waits):
    def silent(_handler):
        server.over.wait(30)

    server.script = lambda *_: silent
    failure = one(connect(timeout=0.15, retries=1))
    assert failure.reason.startswith("ReadTimeout; ") and failure.reason.endswith("(attempt 2)")
    assert len(server.got) == 2


def test_a_server_that_never_ends_its_answer_ends_in_time(server, connect):
    def trickle(handler):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):  # an end all the same, for code that does not mind
            handler.wfile.write(b" ")
            server.over.wait(0.02)
        handler.close_connection = True

    server.script = lambda *_: trickle
    assert "no whole answer in 0.2 s" in one(connect(timeout=0.2, retries=0)).reason


def test_an_endless_answer_is_not_kept(server, connect, monkeypatch):
    monkeypatch.setattr(remote, "_LARGEST", 1000)
    server.script = lambda *_: chat("x" * 2000)
    assert one(connect()).reason == "more than 1000 bytes of answer"


def test_no_server_at_all(server, connect, waits):
    generator = connect(retries=2)
    server.close()
    assert one(generator).reason.startswith("ConnectError; see that base_url, server")
    assert waits == [1, 2]
    with pytest.raises(RemoteError, match="m@http://127.0.0.1:.*ConnectError"):
        generator.revision()


NO_CHAT = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    {},
    {"choices": []},
    {"choices": [None]},
    {"choices": [{"message": {}, "finish_reason": "stop"}]},
    {"choices": [{"message": {"content": "x"}}]},
    {"choices": "abc"},
    {"error": PROMPT},
    {**chat(), "usage": [1]},
]


@pytest.mark.parametrize("body", NO_CHAT)
def test_an_answer_that_is_no_chat_completion_is_told_once(server, connect, body):
    server.script = lambda *_: (200, {}, body)
    assert one(connect()) == Failure(
        key="k0", kind="invalid", reason="the answer is no chat completion"
    )
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("text", "end", "got"),
    [
        ("", "stop", "no text"),
        (None, "tool_calls", "no text"),
        ([PROMPT], "stop", "a text that was ended"),
        (PROMPT, "content_filter", "a text that was ended for another reason"),
        (PROMPT, None, "a text that was ended for another reason"),
        (PROMPT, ["stop"], "a text that was ended for another reason"),
    ],
)
def test_an_answer_without_an_ended_text_is_told(server, connect, text, end, got):
    server.script = lambda *_: chat(text, end)
    failure = one(connect())
    assert failure.kind == "invalid" and f"got {got}" in failure.reason
    assert "Anna" not in failure.reason


def test_one_that_fails_among_ten_leaves_the_nine(server, connect):
    server.script = lambda text, _: (500, {}, b"") if text == "q6" else chat(text)
    requests = ask(*[f"q{n}" for n in range(10)])
    generator = connect(retries=2)
    results = generator.try_generate(requests)
    assert [type(result) for result in results] == [Completion] * 6 + [Failure] + [Completion] * 3
    assert [result.key for result in results] == [f"k{n}" for n in range(10)]
    assert server.counts == {f"q{n}": 3 if n == 6 else 1 for n in range(10)}
    with pytest.raises(RemoteError, match=r"^1 of 10 requests: k6: HTTP 500") as caught:
        generator.generate(requests)
    assert caught.value.results == results


def test_many_failures_make_a_short_error(server, connect):
    server.script = lambda *_: (400, {}, {"error": {"type": "a" * 40, "code": "b" * 40}})
    with pytest.raises(RemoteError, match="50 of 50 requests: k0: ") as caught:
        connect().generate(ask(*["x"] * 50))
    assert len(str(caught.value)) < 1500


def echo(status):
    """An answer with the key wherever there is room."""
    error = {"message": KEY, "type": KEY, "code": f"bad-{KEY}", "param": KEY}
    return (status, {"Retry-After": KEY, "X-Key": KEY}, {"error": error, "choices": [KEY]})


def test_the_key_is_sent_and_never_told(server, connect, monkeypatch, caplog):
    monkeypatch.setenv("TEACHER_KEY", f"{KEY}\n")
    caplog.set_level(logging.DEBUG, logger="churnlens")
    generator = connect(api_key_env="TEACHER_KEY", retries=1)
    told = [repr(generator), repr(vars(generator)["_options"])]
    for status in (200, 302, 400, 401, 429, 500):
        server.script = lambda *_, status=status: echo(status)
        told.append(repr(one(generator)))
        with pytest.raises(RemoteError) as caught:
            generator.generate(ask(PROMPT))
        told.append(str(caught.getrepr()))
    server.script = lambda *_: chat(KEY, KEY)
    told.append(repr(one(generator)))
    assert all(headers["Authorization"] == f"Bearer {KEY}" for _, headers, _ in server.got)
    everything = "\n".join([*told, caplog.text])
    assert "attempt 1" in caplog.text
    assert KEY not in everything and "Anna" not in everything


def test_no_library_logs_what_is_sent(server, connect, monkeypatch, caplog):
    monkeypatch.setenv("TEACHER_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    assert one(connect(api_key_env="TEACHER_KEY")).text == "fine"
    assert server.got[0][1]["Authorization"] == f"Bearer {KEY}"
    assert "/v1/chat/completions" in caplog.text
    assert KEY not in caplog.text and "Anna" not in caplog.text


@pytest.mark.parametrize("value", [None, "", "  ", "sk-ü", "sk a", "sk\nX-Other: 1"])
def test_a_variable_without_a_usable_key_is_named_at_once(connect, monkeypatch, value):
    monkeypatch.delenv("TEACHER_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("TEACHER_KEY", value)
    with pytest.raises(ModelError, match="variable TEACHER_KEY, got") as caught:
        connect(api_key_env="TEACHER_KEY")
    assert "sk" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000/v1",
        "ftp://host/v1",
        "file:///etc/passwd",
        "http://",
        "http:///v1",
        f"http://user:{KEY}@host/v1",
        f"http://host:{KEY}/v1",
        f"http://host/v1?key={KEY}",
        "http://host/v1#x",
        "http://host/v 1",
        "http://host/v1\n",
        "http://ho\nst/v1",
        "http://høst/v1",
    ],
)
def test_only_plain_web_addresses_are_taken(url):
    with pytest.raises(ValidationError, match="base_url") as caught:
        RemoteOptions(base_url=url, model="m")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/v1", "https://api.example.com/v1/", "http://[::1]:1", "http://a_b"],
)
def test_usual_addresses_are_taken(url):
    assert RemoteOptions(base_url=url, model="m").base_url == url


def test_a_key_in_the_place_of_its_variable_is_not_repeated():
    with pytest.raises(ValidationError, match="api_key_env") as caught:
        RemoteOptions(base_url="http://host", model="m", api_key_env=KEY)
    assert KEY not in str(caught.value)


def test_the_environment_does_not_redirect_what_is_sent(server, connect, monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert one(connect(retries=0)).text == "fine"
    assert "Authorization" not in server.got[0][1]


def listing(*entries):
    return {"object": "list", "data": list(entries)}


def test_the_revision_tells_models_apart_and_clocks_do_not_change_it(server, connect):
    card = {"id": "m", "root": "org/model-a", "max_model_len": 4096, "owned_by": "server"}
    ticks = iter(range(99))

    def listed(*cards):
        server.script = lambda *_: listing(
            *({**c, "created": next(ticks), "permission": [{"id": next(ticks)}]} for c in cards)
        )
        return connect().revision()

    first = listed(card, {"id": "other"})
    assert first.startswith(f"m@{server.url}#") and len(first) == len(f"m@{server.url}#") + 16
    assert server.got[-1][0] == "/v1/models"
    assert listed(card) == first
    assert listed({**card, "root": "org/model-b"}) != first
    assert listed({"id": "the only one", "meta": {"size": 1}}) != listed({"id": "another"})


@pytest.mark.parametrize(
    "answer",
    [(404, {}, b""), (405, {}, b""), b"<html>", b"[" * 100_000, [], {}, {"data": None}]
    + [listing(), listing({"id": "a"}, {"id": "b"}), listing(1, 2), listing("ab")],
)
def test_a_server_that_lists_nothing_has_its_name_for_a_revision(server, connect, answer, caplog):
    server.script = lambda *_: answer
    assert connect().revision() == f"m@{server.url}"
    assert "does not say what m@" in caplog.text


@pytest.mark.parametrize("status", [401, 500])
def test_a_server_that_refuses_has_no_revision(server, connect, status):
    server.script = lambda *_: (status, {}, b"")
    with pytest.raises(RemoteError, match=f"HTTP {status}"):
        connect(retries=1).revision()


def test_after_closing_nothing_can_be_asked(server, connect):
    generator = connect()
    generator.close()
    generator.close()
    with pytest.raises(ModelError, match="closed"):
        generator.generate(ask("x"))
    assert server.got == []

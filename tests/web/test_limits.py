"""What a hostile or broken client may cost."""

import json
import os
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.web.reading import _NULL
from web.support import PATIENCE, FakeModel, chat, raw, request_bytes, wait_for

PATH = "/v1/chat/completions"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def code(answer: bytes) -> str:
    return json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"]


def padded(size: int) -> bytes:
    """A body of exactly `size` bytes."""
    body = json.dumps(chat("hello"))
    return (body[:-1] + " " * (size - len(body)) + "}").encode()


def chunked(body: bytes, size: int) -> bytes:
    parts = (body[n : n + size] for n in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


def send_chunked(port, body, size=1000):
    head = request_bytes(port, b"", length=False)
    head = head.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    return raw(port, head + chunked(body, size))


def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(shared_server):
    limit = shared_server.house.options.limits.body_bytes
    port = shared_server.port
    assert status(raw(port, request_bytes(port, padded(limit)))) == 200
    assert status(send_chunked(port, padded(limit))) == 200
    for answer in (
        raw(port, request_bytes(port, padded(limit + 1))),
        send_chunked(port, padded(limit + 1)),
        send_chunked(port, padded(limit + 1), size=limit + 1),
        raw(port, request_bytes(port, b"").replace(b": 0", b": " + b"9" * 18)),
    ):
        assert (status(answer), code(answer)) == (413, "request_too_large")
        assert b"nosniff" in answer


DEEP = 10_000
BAD = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep and open": b"[" * DEEP,
    "deep inside": json.dumps(chat()).encode()[:-1]
    + b',"metadata":'
    + b"[" * DEEP
    + b"]" * DEEP
    + b"}",
    "null byte": json.dumps(chat("a\x00b")).encode(),
    "plain null byte": json.dumps(chat("a")).encode().replace(b"a", b"\x00", 1),
    "null byte in a key": b'{"a\\u0000": 1}',
    "lone high surrogate": json.dumps(chat("\ud800")).encode(),
    "lone low surrogate": json.dumps(chat("\udc00")).encode(),
    "turned surrogates": json.dumps(chat("\udc00\ud800")).encode(),
    "surrogate in UTF-8": json.dumps(chat("?")).encode().replace(b"?", b"\xed\xa0\x80"),
    "not UTF-8": json.dumps(chat("?")).encode().replace(b"?", b"\xff"),
    "overlong UTF-8": json.dumps(chat("?")).encode().replace(b"?", b"\xc0\xaf"),
    "UTF-16": json.dumps(chat()).encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(chat()).encode(),
    "empty": b"",
    "a list": b"[]",
    "a number": b"1",
    "cut off": json.dumps(chat()).encode()[:-1],
    "two bodies": json.dumps(chat()).encode() * 2,
    "NaN": json.dumps(chat(temperature=float("nan"))).encode(),
    "infinity": json.dumps(chat(temperature=float("inf"))).encode(),
    "long number": b'{"n":' + b"9" * 50_000 + b"}",
    "control sign": json.dumps(chat("a\nb")).replace("\\n", "\n").encode(),
    "unknown role": json.dumps(
        {"model": "fake", "messages": [{"role": "x", "content": "a"}]}
    ).encode(),
    "no content": json.dumps({"model": "fake", "messages": [{"role": "user"}]}).encode(),
    "an image": json.dumps(
        chat([{"type": "image_url", "image_url": {"url": "http://x"}}])
    ).encode(),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_a_bad_body_is_refused_in_json(shared_server, body):
    answer = raw(shared_server.port, request_bytes(shared_server.port, body))
    assert status(answer) == 400
    assert code(answer)


def test_a_backslash_before_u0000_is_text(shared_server):
    body = json.dumps(chat("echo \\u0000")).encode()
    answer = raw(shared_server.port, request_bytes(shared_server.port, body))
    assert status(answer) == 200
    assert (
        json.loads(answer.partition(b"\r\n\r\n")[2])["choices"][0]["message"]["content"]
        == "\\u0000"
    )


@settings(max_examples=50)
@given(st.text("a\\u0\x00\n", max_size=30))
def test_null_bytes_are_found_in_json_exactly_when_they_are_there(text):
    for ascii_only in (True, False):
        written = json.dumps({"a": text}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        assert bool(_NULL.search(written)) == ("\x00" in text)


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_only_json_is_read(shared_server, kind):
    body = request_bytes(shared_server.port, json.dumps(chat()).encode())
    answer = raw(shared_server.port, body.replace(b"application/json", kind.encode()))
    assert (status(answer), code(answer)) == (415, "unsupported_media_type")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is told by Linux only")
def test_bad_requests_leave_no_memory_behind(shared_server):
    """Within 5 MB for 80 bodies, after as many to warm up."""
    port = shared_server.port

    def send_all():
        for body in list(BAD.values()) * 3:
            raw(port, request_bytes(port, body))

    send_all()
    before = memory()
    send_all()
    assert memory() - before < 5 * 2**20


def memory() -> int:
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_slow_head_and_a_slow_body_end(serve):
    server = serve(limits={"header_seconds": 0.3, "body_seconds": 0.3})
    assert raw(server.port, b"POST /v1/chat/comp") == b""
    assert raw(server.port, b"") == b""
    late = raw(server.port, request_bytes(server.port, b"{}").replace(b": 2", b": 9"))
    assert (status(late), code(late)) == (408, "request_timeout")
    body = json.dumps(chat()).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
        line.sendall(request_bytes(server.port, body, close=False))
        assert line.recv(65536).startswith(b"HTTP/1.1 200")
        line.sendall(b"POST ")  # the rest of a second head never comes
        while line.recv(65536):
            continue


def test_a_reader_who_does_not_read_is_cut_off(serve, caplog):
    """8 MB for a buffer of some KB: the model ends, the connection is closed, nothing stays."""
    caplog.set_level("INFO", "churnlens.web.gate")
    server = serve(limits={"write_seconds": 0.5})
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", server.port))
    line.sendall(request_bytes(server.port, json.dumps(chat("loud", stream=True)).encode()))
    assert wait_for(lambda: caplog.records)  # the request is over although nobody has read
    assert server.model.replies == 1 and server.idle()
    assert caplog.records[0].request["bytes"] < 8_000_000
    line.close()


def leave(server, said="hello", *, how="close", stream=True):
    """Begin a reply, and go before its end."""
    line = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    line.sendall(request_bytes(server.port, json.dumps(chat(said, stream=stream)).encode()))
    if stream:
        line.recv(100)
    assert wait_for(lambda: server.model.working == 1)
    if how == "reset":
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if how == "half":
        line.shutdown(socket.SHUT_WR)
        assert server.idle()
    line.close()


@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_disconnects_free_their_places(serve, how):
    server = serve(model=FakeModel(seconds=0.02, words=10_000), limits={"new_tokens": 10_000})
    for _ in range(17):
        leave(server, how=how)
        assert server.idle()
    assert server.model.replies == 17 and server.model.most == 1


def test_leaving_while_nothing_is_streamed_frees_the_place(serve):
    server = serve(model=FakeModel(seconds=0.02, words=10_000), limits={"new_tokens": 10_000})
    leave(server, "silent")
    assert server.idle()
    for said in ("hello", "silent"):
        leave(server, said, stream=False)
        assert server.idle()


def test_leaving_the_queue_leaves_no_trace(serve):
    server = serve(model=FakeModel(seconds=0.02, words=10_000), limits={"new_tokens": 10_000})
    with server.client() as first, first.stream("POST", PATH, json=chat(stream=True)):
        assert wait_for(lambda: server.model.working == 1)
        body = request_bytes(server.port, json.dumps(chat()).encode())
        lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
        for line in lines:
            line.sendall(body)
        assert wait_for(lambda: server.house.desk.waiting == 5)
        for line in lines:
            line.close()
        assert wait_for(lambda: server.house.desk.waiting == 0)
        assert server.model.replies == 1
    assert server.idle()


def test_fifty_sessions_at_once_get_a_reply_or_429(serve):
    """The load of the benchmark, scaled: a model of 200 tokens a second, 4 a reply."""
    model = FakeModel(seconds=0.005, words=4)
    server = serve(model=model, queue={"waiting": 10, "queue_seconds": 2})

    def session(number):
        found = []
        with server.client() as api:
            assert api.post("/session", json={}).status_code == 201
            for _ in range(2):
                answer = api.post(PATH, json=chat(stream=True))
                found.append((answer.status_code, answer.headers.get("retry-after")))
        return found

    with ThreadPoolExecutor(50) as threads:
        found = [
            each for session_found in threads.map(session, range(50)) for each in session_found
        ]
    assert {each for each, _ in found} == {200, 429}
    assert all(wait is not None for each, wait in found if each == 429)
    assert model.most == 1 and server.idle()
    assert len(found) == 100 and model.replies == sum(1 for each, _ in found if each == 200)

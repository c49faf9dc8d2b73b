"""`/ask` and `/predict`, with the batch reader of the project and with what goes wrong."""

import threading

import pytest

from churnlens.tasks.batch import RowError
from churnlens.web.adapters import WholeReplies, checked_ask, row_predictor
from churnlens.web.house import Services
from churnlens.web.protocols import Message, Piece, Settings, Source
from web.support import chat, wait_for, word_ends


def read(row):
    if not isinstance(row.get("n"), int):
        raise RowError("no n; expected a whole number")
    return row["n"]


def doubled(numbers):
    if 13 in numbers:
        raise ZeroDivisionError("of thirteen")
    return [{"twice": 2 * n} for n in numbers]


def answer(question):
    if question == "fail":
        raise RuntimeError("my secret words")
    return {"summary": question, "claims": []}


@pytest.fixture
def served(serve):
    said = WholeReplies(
        "whole",
        lambda m, _: Piece(text=m[-1].content.upper(), sources=(Source(id="a"),)),
        word_ends,
    )
    services = Services(
        models={"whole": said},
        ask=checked_ask(lambda q: "too odd" if q == "odd" else "", answer),
        predict={"double": row_predictor(read, "n", doubled)},
    )
    return serve(services=services, limits={"rows": 5})


def test_a_question_is_answered(served):
    with served.client() as api:
        assert api.post("/ask", json={"question": "Why? 为什么"}).json()["summary"] == "Why? 为什么"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"question": "odd"}, 400, "invalid_value"),
        ({"question": ""}, 400, "invalid_value"),
        ({"question": "a" * 4001}, 400, "string_above_max_length"),
        ({"query": "a"}, 400, "missing_required_parameter"),
        ({"question": "fail"}, 500, "internal_error"),
    ],
)
def test_a_question_that_cannot_be_answered(served, body, status, code, caplog):
    with served.client() as api:
        told = api.post("/ask", json=body)
    assert (told.status_code, told.json()["error"]["code"]) == (status, code)
    assert "secret" not in told.text + caplog.text


def test_rows_are_scored_and_bad_ones_counted(served):
    rows = [{"id": "a", "n": 2}, {"id": "b"}, {"n": 13}, {"id": 4, "n": 5}]
    with served.client() as api:
        told = api.post("/predict/double", json={"rows": rows}).json()
    assert told["errors"] == 2
    assert told["rows"][0] == {"id": "a", "twice": 4}
    assert told["rows"][1] == {"id": "b", "error": "no n; expected a whole number"}
    assert told["rows"][2]["id"] == "line 3" and "ZeroDivisionError" in told["rows"][2]["error"]
    assert told["rows"][3] == {"id": 4, "twice": 10}


def test_what_is_not_there_is_told(served, serve):
    with served.client() as api:
        assert api.post("/predict/none", json={"rows": [{}]}).status_code == 404
        many = api.post("/predict/double", json={"rows": [{}] * 6})
        assert many.json()["error"]["code"] == "too_many_rows"
        assert api.post("/predict/double", json={"rows": []}).status_code == 400
        assert api.post("/predict/double", json={"rows": [1]}).status_code == 400


def test_a_server_without_an_index_or_a_model_says_so(serve):
    server = serve(services=Services())
    with server.client() as api:
        told = api.post("/ask", json={"question": "Why?"})
        assert (told.status_code, told.json()["error"]["code"]) == (404, "not_available")
        assert api.get("/v1/models").json()["data"] == []
        assert api.post("/v1/chat/completions", json=chat()).status_code == 404
        conversation = api.post("/conversations", json={}).json()["id"]
        path = f"/conversations/{conversation}/messages"
        assert api.post(path, json={"content": "a"}).status_code == 404


def test_questions_wait_in_the_queue_of_the_models(serve):
    go = threading.Event()
    services = Services(ask=lambda q: {"done": go.wait(10)})
    server = serve(services=services, queue={"waiting": 0, "first_seconds": 0.3})
    with server.client() as api:
        late = api.post("/ask", json={"question": "Why?"})
        assert (late.status_code, late.json()["error"]["code"]) == (504, "deadline_exceeded")
        assert server.house.desk.working == 1  # it cannot be stopped, so its place is not free
        busy = api.post("/ask", json={"question": "Why?"})
        assert busy.status_code == 429 and busy.headers["retry-after"]
        go.set()
        assert server.idle()
        assert api.post("/ask", json={"question": "Why?"}).json() == {"done": True}


def test_a_whole_reply_streams_as_one_piece(served):
    with served.client() as api:
        body = chat("hello") | {"model": "whole"}
        told = api.post("/v1/chat/completions", json=body).json()
    assert told["choices"][0]["message"]["content"] == "HELLO"
    model = WholeReplies("a", lambda m, stopped: Piece(text="x"), word_ends)
    asked = [Message(role="user", content="a")], Settings(new_tokens=1)
    assert [each.text for each in model.reply(*asked, lambda: False)] == ["x"]
    assert list(model.reply(*asked, lambda: True)) == []


def test_leaving_frees_the_queue_but_not_the_place(serve):
    go = threading.Event()
    server = serve(services=Services(ask=lambda q: {"done": go.wait(10)}))
    with server.client() as api, pytest.raises(Exception, match="timed out"):
        api.post("/ask", json={"question": "Why?"}, timeout=0.3)
    assert wait_for(lambda: server.house.desk.working == 1)
    go.set()
    assert server.idle()

"""Hand-overs over the API: who sees them, and what becomes of them."""

import openai
import pytest

from churnlens.options import WebOptions
from churnlens.web.access import AccessError, load_tokens
from web.killing import kill_often
from web.support import OTHER, TOKEN, FakeModel, chat, events, running, wait_for
from web.test_conversations import begin, messages, say
from web.test_feeds import read_stream

ANN, BOB = {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": f"Bearer {OTHER}"}


@pytest.fixture
def guarded(serve, monkeypatch):
    """A server of ann, a customer's application, and bob, a colleague."""
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}\nbob:{OTHER}")
    return serve(token_env="WEB_TOKENS", colleagues=("bob",))


def promised(api, reason="parcel_late", title="Where is it?"):
    conversation = begin(api, title)
    assert events(say(api, conversation, f"hand over {reason}"))[-1][0] == "done"
    return conversation


def listed(api, **asked):
    return api.get("/handovers", params=asked).json()["handovers"]


def change(api, handover, status, **more):
    return api.post(f"/handovers/{handover['id']}", json={"status": status, **more})


def test_a_promise_is_listed_opened_taken_and_closed(serve):
    with serve().client() as api:
        conversation = promised(api)
        say(api, conversation, "hello")
        (row,) = listed(api)
        assert (row["conversation"], row["reason"], row["status"]) == (
            conversation,
            "parcel_late",
            "open",
        )
        assert row["name"] == {"en": "About parcel_late", "zh": "关于 parcel_late"}
        said = api.get(f"/handovers/{row['id']}").json()["messages"]
        assert said == api.get(f"/conversations/{conversation}").json()["messages"]
        assert row["message"] == said[1]["id"] and len(said) == 4
        taken = change(api, row, "taken", person="Mei 梅").json()
        assert (taken["status"], taken["colleague"], taken["person"]) == (
            "taken",
            "local",
            "Mei 梅",
        )
        assert [each["status"] for each in listed(api)] == ["taken"]
        assert change(api, row, "closed").json()["person"] == ""
        assert listed(api) == [] and len(listed(api, status="closed")) == 1


def test_of_two_who_take_it_one_is_told(serve):
    with serve().client() as api:
        promised(api)
        (row,) = listed(api)
        assert change(api, row, "taken").status_code == 200
        refused = change(api, row, "taken")
        assert refused.status_code == 409
        assert refused.json()["error"]["code"] == "handover_taken"
        change(api, row, "closed")
        assert change(api, row, "open").json()["error"]["code"] == "handover_closed"


def test_a_deleted_conversation_takes_them_along(serve):
    with serve().client() as api:
        conversation = promised(api)
        (row,) = listed(api)
        assert api.delete(f"/conversations/{conversation}").status_code == 204
        assert listed(api) == []
        assert api.get(f"/handovers/{row['id']}").status_code == 404
        assert change(api, row, "taken").status_code == 404


def test_a_reply_that_is_stopped_after_its_promise_is_kept_with_it(serve):
    class Slow(FakeModel):
        def _write(self, said, settings, stopped):
            yield from super()._write(said, settings, stopped)
            wait_for(stopped)

    server = serve(model=Slow())
    with server.client() as api:
        conversation = begin(api)
        path = f"/conversations/{conversation}/messages"
        with api.stream("POST", path, json={"content": "hand over danger"}) as answer:
            assert any("takes over" in part for part in answer.iter_text())
        assert server.idle()
        assert wait_for(lambda: len(messages(api, conversation)) == 2)
        assert messages(api, conversation)[1]["status"] == "stopped"
        assert [row["reason"] for row in listed(api)] == ["danger"]


PATHS = ("/handovers", "/handovers/events", "/handovers/x", "/desk/handovers", "/desk/handovers/x")
PATHS += ("/desk/handovers/count",)


def test_only_colleagues_see_them(guarded):
    ann, bob = guarded.client(**ANN), guarded.client(**BOB)
    with ann, bob, guarded.client() as stranger:
        promised(ann)
        (row,) = listed(bob)
        assert row["owner"] == "ann"
        for path in (*PATHS, f"/handovers/{row['id']}", f"/desk/handovers/{row['id']}"):
            assert stranger.get(path).status_code == 401
            refused = ann.get(path)
            assert refused.status_code == 403, path
            assert refused.json()["error"]["code"] == "not_a_colleague"
        assert change(ann, row, "closed").status_code == 403
        assert change(stranger, row, "closed").status_code == 401
        assert bob.get(f"/handovers/{row['id']}").json()["messages"][0]["role"] == "user"
        assert bob.get(f"/conversations/{row['conversation']}").status_code == 404
        assert change(bob, row, "taken", person="ann").json()["colleague"] == "bob"
        assert "/desk/handovers" in bob.get("/desk").text
        assert "/desk/handovers" not in ann.get("/desk").text


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_not_under_another_name_nor_from_another_page(serve, headers):
    with serve().client() as api:
        promised(api)
        (row,) = listed(api)
        for path in (*PATHS, f"/handovers/{row['id']}"):
            assert api.get(path, headers=headers).status_code == 403
        answer = api.post(f"/handovers/{row['id']}", json={"status": "closed"}, headers=headers)
        assert answer.status_code == 403 and listed(api)


def test_a_colleague_without_a_token_is_a_mistake(monkeypatch, caplog):
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}")
    with pytest.raises(AccessError, match="no token of the name bob"):
        load_tokens(WebOptions(token_env="WEB_TOKENS", colleagues=("ann", "bob")))
    with pytest.raises(AccessError, match="no token of the name ann"):
        load_tokens(WebOptions(colleagues=("ann",)))
    assert "nobody can see hand-overs" not in caplog.text
    load_tokens(WebOptions(token_env="WEB_TOKENS"))
    assert "nobody can see hand-overs" in caplog.text


@pytest.mark.parametrize(
    ("asked", "param", "code"),
    [
        ({"status": "lost"}, "status", "invalid_value"),
        ({"limit": 0}, "limit", "invalid_value"),
        ({"limit": 101}, "limit", "invalid_value"),
        ({"before": "x"}, "before", "invalid_value"),
        ({"before": 2**63}, "before", "invalid_value"),
        ({"page": 1}, "page", "unknown_parameter"),
    ],
)
def test_a_bad_question_says_what_is_wrong(shared_server, asked, param, code):
    with shared_server.client() as api:
        answer = api.get("/handovers", params=asked)
    assert answer.status_code == 400
    assert (answer.json()["error"]["param"], answer.json()["error"]["code"]) == (param, code)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"status": "lost"}, "status"),
        ({}, "status"),
        ({"status": "taken", "person": "a" * 101}, "person"),
        ({"status": "taken", "by": "a"}, "by"),
        ({"status": "taken", "person": "\x00"}, None),
    ],
)
def test_a_bad_change_says_what_is_wrong_and_changes_nothing(serve, body, param):
    with serve().client() as api:
        promised(api)
        (row,) = listed(api)
        answer = api.post(f"/handovers/{row['id']}", json=body)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
        assert listed(api) == [row]


def test_they_come_in_pages_the_newest_first(serve):
    with serve().client() as api:
        for number in range(5):
            promised(api, title=str(number))
        first = api.get("/handovers", params={"limit": 3}).json()
        assert [row["title"] for row in first["handovers"]] == ["4", "3", "2"] and first["more"]
        before = first["handovers"][-1]["position"]
        second = api.get("/handovers", params={"limit": 3, "before": before}).json()
        assert [row["title"] for row in second["handovers"]] == ["1", "0"] and not second["more"]


def test_new_ones_are_streamed_and_a_viewer_goes_on_behind_the_last(serve):
    server = serve()
    with server.client() as api:
        for number in range(3):
            promised(api, title=str(number))
        first, second, _ = listed(api)[::-1]
    found = read_stream(server, "/handovers/events", 2)
    assert [(name, data["title"]) for name, _, data in found] == [
        ("handover", "0"),
        ("handover", "1"),
    ]
    assert [int(place) for _, place, _ in found] == [first["position"], second["position"]]
    behind = {"Last-Event-ID": str(second["position"])}
    assert read_stream(server, "/handovers/events", 1, **behind)[0][2]["title"] == "2"


def test_the_openai_form_keeps_nothing_and_tells_the_caller(serve):
    server = serve()
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        create = client.chat.completions.create
        told = create(**chat("hand over danger")).model_extra["handover"]
        assert told == {"reason": "danger", "name": {"en": "About danger", "zh": "关于 danger"}}
        parts = list(create(**chat("hand over danger"), stream=True))
        assert parts[-1].model_extra["handover"] == told
        assert parts[-1].choices[0].finish_reason == "stop"
        assert "handover" not in create(**chat("hello")).model_extra
    with server.client() as api:
        assert listed(api) == []


@pytest.mark.slow
def test_killed_servers_keep_every_promise_that_they_made(tmp_path):
    """`kill_often` fails when a message says that a colleague takes over and no row does."""
    acknowledged, missing = kill_often(tmp_path, 1, seed=2)
    assert missing == 0 and acknowledged >= 5
    with running(tmp_path) as server, server.client() as api:
        assert listed(api)

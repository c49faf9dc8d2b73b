"""A colleague who takes a hand-over over answers inside the conversation."""

import pytest

from web.support import events
from web.test_conversations import begin, messages, say
from web.test_feeds import read_stream
from web.test_handovers import ANN, BOB, change, guarded, listed, promised

__all__ = ["guarded"]  # the fixture


def answer(api, handover, content, **more):
    path = f"/handovers/{handover['id']}/messages"
    return api.post(path, json={"content": content, **more})


def test_what_a_colleague_says_stands_in_the_customers_conversation(guarded):
    ann, bob = guarded.client(**ANN), guarded.client(**BOB)
    with ann, bob:
        conversation = promised(ann)
        (row,) = listed(bob)
        given = answer(bob, row, "I found it. 找到了", person="Mei 梅")
        assert given.status_code == 201
        said = given.json()
        assert (said["role"], said["model"]) == ("colleague", "Mei 梅")
        assert messages(ann, conversation)[-1] == said
        (taken,) = listed(bob)
        assert (taken["status"], taken["colleague"], taken["person"]) == ("taken", "bob", "Mei 梅")
        assert events(say(ann, conversation, "Thank you"))[-1][0] == "done"
        roles = [each["role"] for each in messages(ann, conversation)]
    assert roles == ["user", "assistant", "colleague", "user", "assistant"]
    shown = guarded.model.seen[-1][0]
    assert [each.role for each in shown] == ["user", "assistant", "assistant", "user"]
    assert shown[2].content == "I found it. 找到了"


def test_who_answers_first_has_taken_it_and_others_may_still_answer(serve):
    with serve().client() as api:
        promised(api)
        (row,) = listed(api)
        change(api, row, "taken", person="Mei")
        assert answer(api, row, "hello", person="Bo").status_code == 201
        assert listed(api)[0]["person"] == "Mei"


def test_nothing_is_said_where_it_is_closed_or_gone(serve):
    with serve().client() as api:
        conversation = promised(api)
        (row,) = listed(api)
        change(api, row, "closed")
        refused = answer(api, row, "hello")
        assert refused.status_code == 409
        assert refused.json()["error"]["code"] == "handover_closed"
        assert len(messages(api, conversation)) == 2
        api.delete(f"/conversations/{conversation}")
        assert answer(api, row, "hello").status_code == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "content"),
        ({"content": " \n"}, "content"),
        ({"content": "a" * 4001}, "content"),
        ({"content": "a", "person": "a" * 101}, "person"),
        ({"content": "a", "role": "system"}, "role"),
        ({"content": "a\x00"}, None),
    ],
)
def test_a_bad_answer_says_what_is_wrong_and_is_not_kept(serve, body, param):
    with serve().client() as api:
        conversation = promised(api)
        (row,) = listed(api)
        given = api.post(f"/handovers/{row['id']}/messages", json=body)
        assert (given.status_code, given.json()["error"]["param"]) == (400, param)
        assert len(messages(api, conversation)) == 2 and listed(api) == [row]


def test_only_a_colleague_answers_and_only_the_customer_hears(guarded):
    ann, bob = guarded.client(**ANN), guarded.client(**BOB)
    with ann, bob, guarded.client() as stranger:
        conversation = promised(ann)
        (row,) = listed(bob)
        assert answer(ann, row, "hello").json()["error"]["code"] == "not_a_colleague"
        assert answer(stranger, row, "hello").status_code == 401
        evil = {"Origin": "https://evil.example"}
        path = f"/handovers/{row['id']}/messages"
        assert bob.post(path, json={"content": "a"}, headers=evil).status_code == 403
        for path in (f"/handovers/{row['id']}/events", f"/desk/handovers/{row['id']}/part"):
            assert ann.get(path).status_code == 403
            assert stranger.get(path).status_code == 401
        assert bob.get(f"/conversations/{conversation}/events").status_code == 404
        assert len(messages(ann, conversation)) == 2


def test_the_customer_hears_it_live_and_goes_on_behind_the_last(serve):
    server = serve()
    with server.client() as api:
        conversation = promised(api)
        (row,) = listed(api)
        for text in ("one", "two"):
            answer(api, row, text)
            say(api, conversation, f"echo {text}")
        said = [each for each in messages(api, conversation) if each["role"] == "colleague"]
    path = f"/conversations/{conversation}/events"
    found = read_stream(server, path, 2)
    assert [(name, data) for name, _, data in found] == [("colleague", each) for each in said]
    behind = {"Last-Event-ID": found[0][1]}
    assert [data for *_, data in read_stream(server, path, 1, **behind)] == [said[1]]


def test_the_colleague_is_told_that_something_was_said(serve):
    server = serve()
    with server.client() as api:
        conversation = promised(api)
        (row,) = listed(api)
        path = f"/handovers/{row['id']}/events"
        ((name, place, _),) = read_stream(server, path, 1)
        assert name == "said" and int(place) == round(1000 * row["updated"])
        say(api, conversation, "echo more")
        ((_, later, _),) = read_stream(server, path, 1, **{"Last-Event-ID": place})
        assert int(later) == round(1000 * listed(api)[0]["updated"]) > int(place)


def test_the_end_of_a_reply_says_whether_a_colleague_was_promised(serve):
    with serve().client() as api:
        conversation = begin(api)
        told = [events(say(api, conversation, text))[-1] for text in ("hello", "hand over danger")]
    assert [(name, data["handover"]) for name, data in told] == [("done", False), ("done", True)]

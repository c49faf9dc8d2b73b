"""The table of hand-overs by itself."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.web import handed
from churnlens.web.history import MIGRATIONS, Entry, Records, milliseconds, states_of
from web.support import matter


@pytest.fixture
def records(tmp_path):
    with closing(Records(tmp_path / "history.db")) as records:
        yield records


def promise(records, conversation, reason="parcel_late", said="A colleague takes over."):
    entry = Entry(role="assistant", content=said)
    assert records.add(conversation, entry, matter(reason))
    return entry


def listed(records, status=None, before=None, limit=50):
    return handed.listed(records, status, before, limit)


def test_a_promise_is_kept_with_its_message(records):
    talk = records.create("ann", "Where is it?")
    said = promise(records, talk.id)
    (row,) = listed(records)
    assert (row.conversation, row.message, row.owner) == (talk.id, said.id, "ann")
    assert (row.title, row.reason, row.name.zh) == (talk.title, "parcel_late", "关于 parcel_late")
    assert (row.status, row.colleague, row.person) == ("open", "", "")
    assert row.created == row.changed == row.updated == said.created
    assert handed.opened(records, row.id) == (row, [said])
    assert handed.opened(records, "nothing") is None


def test_other_messages_promise_nothing(records):
    talk = records.create("ann", "")
    records.add(talk.id, Entry(role="user", content="a"))
    assert not records.add("nothing", Entry(role="assistant", content="a"), matter("danger"))
    assert listed(records) == [] and handed.newest(records) == 0


def test_message_and_promise_are_committed_together_or_not_at_all(records):
    talk = records.create("ann", "")
    records.database.execute(
        "CREATE TRIGGER full BEFORE INSERT ON handovers BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        promise(records, talk.id)
    assert records.entries(talk.id) == [] and listed(records) == []
    assert records.find("ann", talk.id).updated == talk.updated
    records.database.execute("DROP TRIGGER full")
    promise(records, talk.id)


def test_one_matter_waits_once_until_it_is_closed(records):
    one, two = records.create("ann", "1"), records.create("bob", "2")
    for talk in (one, one, two):
        promise(records, talk.id)
    promise(records, one.id, "danger")
    assert [row.reason for row in listed(records)] == ["danger", "parcel_late", "parcel_late"]
    first = listed(records)[-1]
    handed.change(records, first.id, "taken", "bob", "")
    promise(records, one.id)
    assert len(listed(records)) == 3
    handed.change(records, first.id, "closed", "bob", "")
    again = promise(records, one.id)
    assert [row.message for row in listed(records)][0] == again.id


def test_a_deleted_conversation_takes_its_hand_overs_and_their_places_along(records):
    one, two = records.create("ann", "1"), records.create("ann", "2")
    promise(records, one.id)
    promise(records, two.id)
    last = handed.newest(records)
    assert records.delete("ann", two.id)
    assert [row.conversation for row in listed(records)] == [one.id]
    promise(records, one.id, "danger")
    assert handed.newest(records) > last  # a feed that has seen `last` sees this one
    assert [row.reason for row in handed.following(records, last)] == ["danger"]


def test_what_can_become_of_one(records):
    promise(records, records.create("ann", "").id)
    key = listed(records)[0].id
    steps = [
        ("open", "open", False),
        ("taken", "taken", True),
        ("taken", "taken", False),
        ("open", "open", True),
        ("closed", "closed", True),
        ("taken", "closed", False),
        ("open", "closed", False),
        ("closed", "closed", False),
    ]
    for number, (asked, status, changed) in enumerate(steps):
        row, made = handed.change(records, key, asked, "bob", f"Mei {number}")
        assert (row.status, made) == (status, changed), asked
        assert not made or (row.colleague, row.person) == ("bob", f"Mei {number}")
    assert row.person == "Mei 4" and row.changed > row.created
    assert handed.change(records, "nothing", "taken", "bob", "") is None
    assert listed(records) == [] and [each.id for each in listed(records, "closed")] == [key]


def test_a_colleague_answers_until_it_is_closed(records):
    talk = records.create("ann", "Where is it?")
    promise(records, talk.id)
    key = listed(records)[0].id
    assert not handed.talk(records, talk.id).place
    first = Entry(role="colleague", content="I am looking.", model="Mei 梅")
    row, said = handed.answer(records, key, first, "bob")
    (taken,) = listed(records)
    assert said and (row.id, taken.status, taken.colleague) == (key, "taken", "bob")
    assert taken.person == "Mei 梅" and taken.updated == first.created
    second = Entry(role="colleague", content="It comes tomorrow.")
    assert handed.answer(records, key, second, "eve")[1]
    assert listed(records) == [taken.model_copy(update={"updated": second.created})]
    seen = handed.talk(records, talk.id)
    assert [each.role for each in seen.entries] == ["assistant", "colleague", "colleague"]
    places = [place for place, _ in records.told(talk.id, 0)]
    assert [entry for _, entry in records.told(talk.id, places[0])] == [second]
    assert seen.awaited and seen.place == places[1]
    handed.change(records, key, "closed", "bob", "")
    assert handed.answer(records, key, first, "bob")[1] is False
    assert handed.answer(records, "nothing", first, "bob") is None
    after = handed.talk(records, talk.id)
    assert after == seen.model_copy(update={"awaited": False})


def test_a_message_that_a_colleague_has_seen_is_answered():
    said, told = Entry(role="user", content="a"), Entry(role="colleague", content="b")
    assert states_of([said, told, said], answering=False) == ["", "", "unanswered"]


def test_when_something_was_said_last(records):
    talk = records.create("ann", "")
    assert records.touched(talk.id) == milliseconds(talk.created)
    said = promise(records, talk.id)
    assert records.touched(talk.id) == milliseconds(said.created)
    assert records.touched("nothing") == 0


def test_how_many_wait(records):
    talk = records.create("ann", "")
    for reason in "abc":
        promise(records, talk.id, reason)
    handed.change(records, listed(records)[0].id, "taken", "bob", "")
    assert handed.waiting(records) == 2
    assert [row.reason for row in listed(records, "open")] == ["b", "a"]
    assert [row.reason for row in listed(records, "taken")] == ["c"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["open", "taken", "closed"]), max_size=12), st.integers(1, 5))
def test_pages_are_the_list_in_parts(tmp_path_factory, states, limit):
    with closing(Records(tmp_path_factory.mktemp("paged") / "history.db")) as records:
        for number, state in enumerate(states):
            promise(records, records.create("ann", str(number)).id)
            handed.change(records, listed(records)[0].id, state, "bob", "")
        found, before = [], None
        while page := listed(records, None, before, limit):
            assert len(page) <= limit
            found, before = found + page, page[-1].position
        wanted = [str(n) for n, state in enumerate(states) if state != "closed"]
        assert [row.title for row in found] == wanted[::-1]
        behind = handed.following(records, 0)
        assert [row.title for row in behind] == wanted


def test_a_file_of_the_version_before_gets_the_table(tmp_path):
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(f"{MIGRATIONS[0]} {MIGRATIONS[1]} PRAGMA user_version=2;")
        database.execute("INSERT INTO conversations VALUES ('c', 'ann', 'title', 1, 1)")
        database.commit()
    for reason in ("a", "b"):
        with closing(Records(path)) as records:
            promise(records, "c", reason)
            assert records.database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    with closing(Records(path)) as records:
        assert [row.reason for row in listed(records)] == ["b", "a"]
        assert records.delete("ann", "c") and listed(records) == []

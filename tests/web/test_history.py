"""The file of conversations by itself."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing

import pytest

from churnlens.web.history import MIGRATIONS, Entry, History, HistoryError, Records, states_of
from churnlens.web.protocols import Source


@pytest.fixture
def records(tmp_path):
    with closing(Records(tmp_path / "history.db")) as records:
        yield records


def test_what_is_written_is_read_back(records):
    made = records.create("ann", "A title " * 20)
    entry = Entry(
        role="assistant",
        content="text 文 \U0001f600 \x00",
        status="cut",
        model="m",
        sources=(Source(id="p", title="题", text="t"),),
        first_seconds=0.1,
        total_seconds=2.5,
    )
    assert records.add(made.id, entry)
    assert records.entries(made.id) == [entry]
    assert len(made.title) == 60 and records.find("ann", made.id).updated == entry.created
    assert records.find("bob", made.id) is None and records.conversations("bob") == []


def test_a_message_without_a_conversation_is_not_kept(records):
    assert not records.add("nothing", Entry(role="user", content="a"))
    assert records.entries("nothing") == []


def test_a_message_that_is_taken_back_is_nowhere(records, tmp_path):
    made = records.create("ann", "1")
    first, second = (Entry(role="user", content=f"canary-{n}") for n in (1, 2))
    records.add(made.id, first)
    records.add(made.id, second)
    records.take_back(second.id)
    assert records.entries(made.id) == [first]
    assert not [p for p in tmp_path.glob("history*") if b"canary-2" in p.read_bytes()]


@pytest.mark.parametrize(
    ("roles", "answering", "states"),
    [
        ("", False, []),
        ("ua", True, ["", ""]),
        ("u", True, ["waiting"]),
        ("u", False, ["unanswered"]),
        ("uuau", True, ["unanswered", "", "", "waiting"]),
    ],
)
def test_what_has_no_reply_waits_or_is_left(roles, answering, states):
    names = {"u": "user", "a": "assistant"}
    entries = [Entry(role=names[role], content="x") for role in roles]
    assert states_of(entries, answering) == states


def test_messages_stay_in_order_and_conversations_come_latest_first(records):
    one, two = records.create("ann", "1"), records.create("ann", "2")
    for n in range(20):
        records.add(one.id, Entry(role="user", content=str(n), created=time.time() + n))
    assert [entry.content for entry in records.entries(one.id)] == [str(n) for n in range(20)]
    assert [each.id for each in records.conversations("ann")] == [one.id, two.id]


def test_only_the_owner_deletes(records):
    made = records.create("ann", "1")
    records.add(made.id, Entry(role="user", content="a"))
    assert not records.delete("bob", made.id) and records.entries(made.id)
    assert records.delete("ann", made.id) and not records.entries(made.id)


def test_sessions_expire(records):
    records.open_session("old", "ann", time.time() - 1)
    records.open_session("new", "bob", time.time() + 60, "mark")
    assert records.session("old") is None and records.session("new") == ("bob", "mark")
    records.close_session("new")
    assert records.session("new") is None


def test_a_file_of_an_earlier_version_keeps_what_it_holds(tmp_path):
    path = tmp_path / "history.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(f"{MIGRATIONS[0]} PRAGMA user_version=1;")
        database.execute("INSERT INTO sessions VALUES ('hash', 'ann', 1e12)")
        database.execute("INSERT INTO conversations VALUES ('c', 'ann', 'title', 1, 1)")
        database.commit()
    for _ in range(2):
        with closing(Records(path)) as records:
            assert records.session("hash") == ("ann", "")
            assert records.find("ann", "c").title == "title"


def test_a_failed_transaction_leaves_nothing(records):
    made = records.create("ann", "1")
    entry = Entry(role="user", content="a")
    records.add(made.id, entry)
    with pytest.raises(sqlite3.IntegrityError):
        records.add(made.id, entry.model_copy(update={"created": 1.0}))  # the same id again
    assert records.find("ann", made.id).updated == entry.created
    assert records.add(made.id, Entry(role="user", content="b"))


def test_the_file_is_durable_private_and_forgets(records, tmp_path):
    ask = records.database.execute
    assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ask("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert ask("PRAGMA secure_delete").fetchone() == (1,)
    assert ask("PRAGMA foreign_keys").fetchone() == (1,)
    assert ask("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    if os.name == "posix":
        assert (tmp_path / "history.db").stat().st_mode & 0o077 == 0


def test_one_server_at_a_time(tmp_path):
    path = tmp_path / "history.db"
    with closing(History(path)), pytest.raises(HistoryError, match="another server"):
        History(path)
    History(path).close()


def test_a_file_of_another_kind_or_a_newer_program_is_refused(tmp_path):
    (tmp_path / "text.db").write_text("no database " * 1000, encoding="utf-8")
    with pytest.raises(HistoryError, match="cannot be opened"):
        History(tmp_path / "text.db")
    with closing(sqlite3.connect(tmp_path / "new.db")) as database:
        database.execute("PRAGMA user_version=99")
    with pytest.raises(HistoryError, match="newer churnlens"):
        History(tmp_path / "new.db")
    with closing(sqlite3.connect(tmp_path / "new.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (99,)


def test_calls_run_one_after_the_other(tmp_path):
    async def main(history):
        made = await history.call(Records.create, "ann", "1")
        entries = [Entry(role="user", content=str(n)) for n in range(50)]
        added = (history.call(Records.add, made.id, entry) for entry in entries)
        assert all(await asyncio.gather(*added))
        kept = await history.call(Records.entries, made.id)
        assert [e.content for e in kept] == [e.content for e in entries]

    with closing(History(tmp_path / "history.db")) as history:
        asyncio.run(main(history))

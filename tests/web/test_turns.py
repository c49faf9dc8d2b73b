"""A turn by itself: what is kept when its reader goes at a bad moment."""

import asyncio
import threading
from types import SimpleNamespace

from churnlens.web import handed
from churnlens.web.conversations import Turn
from churnlens.web.history import Entry, History, Records
from churnlens.web.protocols import Piece
from web.support import matter


class Written:
    """A reply that is written already, with a colleague promised."""

    text, model, sources, finish, dropped = "A colleague takes over.", "fake", (), "stop", 0
    first_seconds = total_seconds = 0.1
    handover = matter("danger")

    async def pieces(self):
        yield Piece(text=self.text)


async def leave_while_it_is_kept(history, busy):
    """Read a reply, and go while the one thread of the file has other work."""
    house = SimpleNamespace(history=history, answering=set())
    talk = await history.call(Records.create, "ann", "")
    said = Entry(role="user", content="It smokes")
    await history.call(Records.add, talk.id, said)
    turn = Turn(house, talk.id, said, Written())
    house.answering.add(talk.id)

    async def read():
        async for _ in turn.events():
            pass

    waiting, queue = history._thread.submit(busy.wait), history._thread._work_queue
    while not queue.empty():
        await asyncio.sleep(0.001)
    reader = asyncio.ensure_future(read())
    while queue.empty():  # until the reply waits there to be kept
        await asyncio.sleep(0.001)
    reader.cancel()
    await asyncio.wait([reader])
    assert not waiting.done() and talk.id in house.answering
    busy.set()
    await turn.end()
    assert house.answering == set()
    return await history.call(Records.entries, talk.id), await history.call(handed.waiting)


def test_a_reply_whose_reader_goes_while_it_is_kept_is_kept_once(tmp_path):
    history, busy = History(tmp_path / "history.db"), threading.Event()
    try:
        entries, promised = asyncio.run(leave_while_it_is_kept(history, busy))
    finally:
        busy.set()
        history.close()
    assert [(each.role, each.status) for each in entries] == [
        ("user", "whole"),
        ("assistant", "whole"),
    ]
    assert promised == 1

"""The queue by itself."""

import asyncio
import threading
import time

import pytest

from churnlens.options import QueueOptions
from churnlens.web.desk import Desk, LateError
from churnlens.web.errors import WebError


def counting(stop_at=10**9, seconds=0.005):
    def work(stopped):
        for n in range(stop_at):
            if stopped():
                return
            yield n
            time.sleep(seconds)

    return work


async def all_of(job, beat=5.0):
    return [piece async for piece in job.pieces(beat)]


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 20))


def test_pieces_come_in_order_and_the_place_is_free_afterwards():
    async def main():
        desk = Desk(QueueOptions())
        for _ in range(3):
            job = await desk.start(counting(5, 0))
            assert await all_of(job) == [0, 1, 2, 3, 4]
            await job.done
        await asyncio.sleep(0)
        assert desk.working == desk.waiting == 0

    run(main())


def test_never_more_at_work_than_places_and_first_come_first_served():
    async def main():
        desk, order, most, working = Desk(QueueOptions(workers=2, waiting=50)), [], 0, 0
        lock = threading.Lock()

        def work(_):
            nonlocal most, working
            with lock:
                working += 1
                most = max(most, working)
            time.sleep(0.01)
            with lock:
                working -= 1
            yield

        async def one(n):
            job = await desk.start(work)
            order.append(n)
            await job.done

        await asyncio.gather(*(one(n) for n in range(20)))
        assert most == 2 and order == list(range(20))

    run(main())


def test_a_full_queue_refuses_and_leaving_makes_room():
    async def main():
        desk = Desk(QueueOptions(waiting=1))
        job = await desk.start(counting())
        second = asyncio.create_task(desk.start(counting(1)))
        await asyncio.sleep(0.01)
        with pytest.raises(WebError) as busy:
            await desk.start(counting(1))
        assert busy.value.status == 429 and busy.value.wait > 0
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert desk.waiting == 0
        third = asyncio.create_task(desk.start(counting(1)))
        await asyncio.sleep(0.01)
        job.stop()
        assert await all_of(await third) == [0]

    run(main())


def test_a_place_that_was_given_to_one_who_left_is_not_lost():
    async def main():
        desk = Desk(QueueOptions(waiting=50))
        for _ in range(20):
            job = await desk.start(counting())
            waiting = asyncio.create_task(desk.start(counting(1)))
            await asyncio.sleep(0)
            job.stop()
            await job.done
            waiting.cancel()  # at the moment at which the place is free
            for got in await asyncio.gather(waiting, return_exceptions=True):
                if not isinstance(got, BaseException):
                    await got.done
        await asyncio.sleep(0.01)
        assert desk.working == desk.waiting == 0
        assert await all_of(await desk.start(counting(1))) == [0]

    run(main())


def test_time_runs_out_before_the_first_piece_and_in_the_middle():
    def silence(stopped):
        while not stopped():
            time.sleep(0.01)
        yield from ()

    async def main():
        desk = Desk(QueueOptions(first_seconds=0.1, total_seconds=0.4))
        job = await desk.start(silence)
        with pytest.raises(LateError):
            await all_of(job)
        taken = asyncio.get_running_loop().time() - job.started
        await job.done
        assert 0.09 < taken < 0.4
        job, got = await desk.start(counting(seconds=0.02)), []
        with pytest.raises(LateError):
            async for piece in job.pieces(5.0):
                got += [] if piece is None else [piece]
        await job.done
        assert got == list(range(len(got))) and len(got) > 2

    run(main())


def test_silence_is_told_and_faults_are_passed_on():
    async def main():
        desk = Desk(QueueOptions())

        def slow(_):
            time.sleep(0.2)
            yield "late"
            raise ValueError("at the end")

        job, got = await desk.start(slow), []
        with pytest.raises(ValueError, match="at the end"):
            async for piece in job.pieces(0.03):
                got.append(piece)
        assert got[-1] == "late" and set(got[:-1]) == {None}

    run(main())


def test_closing_stops_what_goes_on():
    async def main():
        desk = Desk(QueueOptions(workers=2))
        jobs = [await desk.start(counting()) for _ in range(2)]
        await desk.close()
        assert all(job.done.done() for job in jobs)

    run(main())

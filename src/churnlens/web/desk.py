"""One bounded queue before all models, so that a busy server says so instead of falling over.

Work runs in threads and hands over its pieces. A place is free again when the thread has ended,
not before: two replies never share a model that is meant for one. What a slow reader has not taken
waits in memory, which the length of a reply bounds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from churnlens.options import QueueOptions
from churnlens.web.errors import WebError
from churnlens.web.protocols import Stopped

logger = logging.getLogger(__name__)
Item = TypeVar("Item")
Work = Callable[[Stopped], Iterator[Item]]
CLOSING = "server_closing"
CLOSING_SECONDS = 5.0
_LONGEST_WAIT = 60.0
_RECENT = 0.2  # weight of the latest work in the mean that Retry-After is told from


class LateError(Exception):
    """The work has not come to its end, or to its first piece, in time."""


class StoppedError(Exception):
    """The work was stopped before its end."""


class _End:
    """The end of the work; with what it raised, if it did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Job(Generic[Item]):
    """Work under way. Whoever starts one stops it in a `finally`; after its end that does nothing.

    Attributes:
        started: time of the event loop at which it left the queue.
        done: set when its thread has ended and its place is free.
    """

    def __init__(
        self, work: Work[Item], threads: ThreadPoolExecutor, options: QueueOptions
    ) -> None:
        """Start the work in a thread."""
        self._loop = asyncio.get_running_loop()
        self._options, self._stopped = options, threading.Event()
        self._pieces: asyncio.Queue[Item | _End] = asyncio.Queue()
        self.started, self._begun = self._loop.time(), False
        self.done = self._loop.run_in_executor(threads, self._run, work)

    def _run(self, work: Work[Item]) -> None:
        end = _End()
        try:
            for piece in work(self._stopped.is_set):
                if self._stopped.is_set():
                    break
                self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)
        except Exception as error:
            end = _End(error)
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, end)

    def stop(self) -> None:
        """Ask the work to end."""
        self._stopped.set()

    def _left(self) -> float:
        """Return the seconds until the work is late."""
        options = self._options
        allowed = options.total_seconds if self._begun else options.first_seconds
        return self.started + min(allowed, options.total_seconds) - self._loop.time()

    async def pieces(self, beat: float) -> AsyncIterator[Item | None]:
        """Yield the pieces as they come, and None after every `beat` seconds without one.

        Raises:
            LateError: when the time is over.
            StoppedError: when the work was stopped, by its reader or with the server.
            Exception: what the work has raised.
        """
        while True:
            left = self._left()
            if left <= 0:
                self.stop()
                raise LateError
            try:
                async with asyncio.timeout(min(beat, left)):
                    item = await self._pieces.get()
            except TimeoutError:
                yield None
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                if self._stopped.is_set():
                    raise StoppedError
                return
            self._begun = True
            yield item
            await asyncio.sleep(0)  # others' turn, also while a backlog is read out


def closing() -> WebError:
    """Return what a client is told while the server stops."""
    return WebError(503, "the server is stopping", CLOSING, wait=CLOSING_SECONDS)


class Desk:
    """The queue and its places.

    Attributes:
        closed: nothing is begun any more.
    """

    def __init__(self, options: QueueOptions) -> None:
        """Open with all places free."""
        self._options = options
        self._places = asyncio.Semaphore(options.workers)
        self._threads = ThreadPoolExecutor(options.workers, thread_name_prefix="model")
        self._jobs: set[Job[Any]] = set()
        self._waiting, self._mean, self.closed = 0, 1.0, False

    @property
    def working(self) -> int:
        """Return how many jobs hold a place."""
        return len(self._jobs)

    @property
    def waiting(self) -> int:
        """Return how many requests wait for one."""
        return self._waiting

    def admit(self) -> None:
        """Raise WebError 429 when so many wait that one more may not."""
        if self._places.locked() and self._waiting >= self._options.waiting:
            raise self._busy()

    async def start(self, work: Work[Item]) -> Job[Item]:
        """Wait for a place and start; the order is that of coming.

        Raises:
            WebError: 429 when too many wait, or the wait was too long; 503 when it is closed.
        """
        self.admit()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._options.queue_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise self._busy() from None
        finally:
            self._waiting -= 1
        if self.closed:
            self._places.release()
            raise closing()
        job = Job(work, self._threads, self._options)
        self._jobs.add(job)
        job.done.add_done_callback(lambda _: self._leave(job))
        return job

    def _leave(self, job: Job[Any]) -> None:
        taken = asyncio.get_running_loop().time() - job.started
        self._mean += _RECENT * (taken - self._mean)
        self._jobs.discard(job)
        self._places.release()

    def _busy(self) -> WebError:
        wait = self._mean * (self._waiting + 1) / self._options.workers
        message = f"the models are busy: {self._waiting} requests wait; try again later"
        return WebError(429, message, "queue_full", wait=min(wait, _LONGEST_WAIT))

    async def close(self) -> None:
        """Stop all work, and wait a little for its end."""
        self.closed = True
        for job in self._jobs:
            job.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)
        if ends := [job.done for job in self._jobs]:
            _, late = await asyncio.wait(ends, timeout=CLOSING_SECONDS)
            if late:
                logger.warning("%d models still work after %.0f s", len(late), CLOSING_SECONDS)

"""Who computes shards: this process, or Ray workers on this machine or on many.

The work is the same object in both cases: a worker gets a copy of it once, and shard after shard.
Shards come back to the process that asked for them, which alone writes them down: a worker needs
the code and the models, and no common disk. A worker that is lost is started again and gets its
shard again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from churnlens.options import EngineOptions

Work = Callable[[Sequence[Any]], pd.DataFrame]
Shard = tuple[int, Sequence[Any]]
RETRIES = 3  # of a shard whose worker was lost
SOURCE = Path(__file__).parents[2]


class EngineError(RuntimeError):
    """The engine that was asked for cannot work here; says why, and what to do next."""


class MissingExtraError(EngineError):
    """Its packages are not installed."""


class NoRoomError(EngineError):
    """The cluster has no room for a single worker."""


def compute(
    work: Work, shards: Sequence[Shard], options: EngineOptions
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield (place, frame) of every shard; on Ray in the order in which they are finished.

    Args:
        work: turns the items of a shard into a frame; for Ray it must be picklable, and what is
            heavy in it is best loaded by its first call.
        shards: (place, items).
        options: where to compute.

    Raises:
        MissingExtraError: when Ray is asked for and not installed.
        NoRoomError: when its cluster has less than one worker needs.
    """
    if options.kind == "ray" and shards:
        return _on_ray(work, shards, options)
    return ((place, work(items)) for place, items in shards)


def spare_workers() -> int:
    """Return one worker for each CPU of this machine but one, and one at least."""
    return max(1, (os.cpu_count() or 1) - 1)


class _Worker:
    """Lives in a process of its own and keeps what the work has loaded."""

    def __init__(self, kept: list[Any]) -> None:
        """Fetch the work; Ray would fetch it by itself, but not again for a restart."""
        import ray

        self._work: Work = ray.get(kept[0])

    def run(self, items: Sequence[Any]) -> pd.DataFrame:
        """Return the frame of a shard."""
        return self._work(items)


def room(resources: Mapping[str, float], options: EngineOptions) -> int:
    """Return how many workers a cluster has room for, a CPU to spare where there is more than one.

    Raises:
        NoRoomError: when there is none; a worker would wait for ever.
    """
    cpus, gpus = resources.get("CPU", 0.0), resources.get("GPU", 0.0)
    if cpus < options.cpus or gpus < options.gpus:
        raise NoRoomError(
            f"engine ray: a worker takes {options.cpus:g} CPUs and {options.gpus:g} GPUs, the "
            f"cluster has {cpus:g} and {gpus:g}; next: lower engine.cpus or engine.gpus"
        )
    places = [(cpus - 1) // options.cpus]
    places += [gpus // options.gpus] if options.gpus else []
    return max(1, int(min(places)))


def _on_ray(
    work: Work, shards: Sequence[Shard], options: EngineOptions
) -> Iterator[tuple[int, pd.DataFrame]]:
    """Give every worker a shard, and another one when it is done.

    A worker for whom nothing is left goes at once, so that one that waits for its place gets it.
    """
    with _cluster(min(options.workers or spare_workers(), len(shards)), options) as ray:
        places = room(ray.cluster_resources(), options)
        kind = ray.remote(
            num_cpus=options.cpus,
            num_gpus=options.gpus,
            max_restarts=-1,
            max_task_retries=RETRIES,
        )(_Worker)
        kept = [ray.put(work)]  # as long as this name lives, a lost worker can be made again
        left, running = iter(shards), dict[Any, tuple[int, Any]]()
        for shard in islice(left, options.workers or places):
            _begin(running, kind.remote(kept), shard)
        while running:
            (done,), _ = ray.wait(list(running), num_returns=1)
            yield _next(running, done, left), ray.get(done)


def _begin(running: dict[Any, tuple[int, Any]], worker: Any, shard: Shard) -> None:
    place, items = shard
    running[worker.run.remote(items)] = (place, worker)


def _next(running: dict[Any, tuple[int, Any]], done: Any, left: Iterator[Shard]) -> int:
    """Give the worker that is done the next shard; returns the place of what it has done."""
    place, worker = running.pop(done)
    if (shard := next(left, None)) is not None:
        _begin(running, worker, shard)
    return place


@contextmanager
def _cluster(workers: int, options: EngineOptions) -> Iterator[Any]:
    """Join the given cluster, or start one with a CPU to spare; leave it as it was found."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise MissingExtraError(
            "engine ray: the package ray is not installed; next: pip install 'churnlens[scale]', "
            "or engine local"
        ) from None
    if ray.is_initialized():
        yield ray
        return
    path = os.pathsep.join([str(SOURCE), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    where: dict[str, Any] = {"address": options.address}
    if options.address is None:
        where = {"num_cpus": int(workers * options.cpus) + 1, "include_dashboard": False}
    ray.init(
        **where,
        runtime_env={"env_vars": {"PYTHONPATH": path}},
        log_to_driver=False,
        logging_level=logging.WARNING,
    )
    try:
        yield ray
    finally:
        ray.shutdown()

"""Progress of long work as log records that carry numbers.

A handler (see `churnlens.hooks`) may write the numbers to a file, so that any viewer can attach.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

logger = logging.getLogger(__name__)
Item = TypeVar("Item")


def track(items: Iterable[Item], total: int, label: str, every: float = 5.0) -> Iterator[Item]:
    """Yield `items`, logging done/total, rate and ETA every `every` seconds and at the end.

    Args:
        items: the units of work.
        total: how many there are.
        label: what is being done, for instance "embed documents".
        every: seconds between two lines.
    """
    start = last = time.monotonic()
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= every or (done == total and now - start >= every):
            _log(label, done, total, done / max(now - start, 1e-9))
            last = now


def _log(label: str, done: int, total: int, rate: float) -> None:
    eta = (total - done) / rate
    numbers = {"label": label, "done": done, "total": total, "rate": rate, "eta_seconds": eta}
    logger.info(
        "%s: %d/%d, %.1f/s, %.0f s left", label, done, total, rate, eta, extra={"progress": numbers}
    )

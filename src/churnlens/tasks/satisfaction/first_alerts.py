"""The first alert of a dialogue under many settings at once, for tuning.

The first alert comes at the first turn at which any rule fires; cool-down and hysteresis are about
later ones. Each rule compares one number of the turn with its threshold, so the highest number so
far tells for every threshold when it is first exceeded. It gives what `alerts.Monitor` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from churnlens.options import AlertOptions
from churnlens.tasks.satisfaction.alerts import Heard


class Signals(NamedTuple):
    """The highest number of each rule up to each customer turn, arrays of shape (n_turns,).

    Attributes:
        window, score, rise, ahead: fire above `amber`, `red`, twice `rise`, and `ahead`.
        phrase: turn of the first phrase that is told, n_turns where there is none.
    """

    window: np.ndarray
    score: np.ndarray
    rise: np.ndarray
    ahead: np.ndarray
    phrase: int


def signals(turns: Sequence[Heard], options: AlertOptions) -> Signals:
    """Return the signals of a dialogue of one turn or more; `options` give all but thresholds."""
    p = np.array([heard.p for heard in turns])
    speaks = np.arange(len(p)) >= options.min_turns - 1
    ends = p + np.r_[0, p[:-1]]
    numbers = (
        _windows(p, options.window, options.needed),
        p,
        ends - ends[min(1, len(p) - 1)],
        np.array([heard.ahead for heard in turns]),
    )
    window, score, rise, ahead = (
        np.maximum.accumulate(np.where(speaks, each, -np.inf)) for each in numbers
    )
    said = next((n for n, heard in enumerate(turns) if heard.kinds), len(p))
    return Signals(window, score, rise, ahead, max(said, options.min_turns - 1))


def first_alert(found: Signals, options: AlertOptions) -> int | None:
    """Return the number of the customer turn of the first alert, None without one."""
    rules = (
        (found.window, options.amber),
        (found.score, options.red),
        (found.rise, 2 * options.rise),
        (found.ahead, options.ahead),
    )
    first = min(int(np.searchsorted(each, limit, side="right")) for each, limit in rules)
    first = min(first, found.phrase)
    return first if first < len(found.score) else None


def _windows(p: np.ndarray, window: int, needed: int) -> np.ndarray:
    """Return the threshold below which each turn and enough of those before it are bad."""
    parts = (p[max(0, n + 1 - window) : n + 1] for n in range(len(p)))
    kth = [np.sort(part)[-needed] if len(part) >= needed else -np.inf for part in parts]
    return np.minimum(p, kth)

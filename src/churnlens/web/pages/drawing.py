"""Places of marks in the small drawings of the pages; the templates draw them as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from churnlens.schema import Frozen

WIDTH, HEIGHT, MARGIN = 240, 60, 6


def strip_scale(values: Iterable[float]) -> Callable[[float], float]:
    """Return where a ratio lies on a log scale over all of `values` and 1, from 4 to 96."""
    logs = [0.0, *(math.log(value) for value in values if value > 0 and math.isfinite(value))]
    low, high = min(logs), max(logs)
    span = (high - low) or 1.0

    def place(value: float) -> float:
        inside = min(max(math.log(value), low), high) if value > 0 else low
        return round(4 + 92 * (inside - low) / span, 1)

    return place


class Dot(Frozen):
    """A customer turn on a trajectory: where it lies, its turn and its probability."""

    x: float
    y: float
    turn: int
    p: float
    level: str = ""


def trajectory(
    turns: Sequence[Mapping[str, Any]], alerts: Sequence[Mapping[str, Any]]
) -> tuple[Dot, ...]:
    """Return the dots of P(dissatisfied) over a dialogue's customer turns.

    Args:
        turns: with `index` and `p_dissatisfied`, in their order.
        alerts: with `turn` and `level`; they colour the turns that raised them.

    Returns:
        One dot a turn in a drawing of `WIDTH` by `HEIGHT`; 0 at its foot, 1 at its head.
    """
    levels = {alert.get("turn"): str(alert.get("level", "")) for alert in alerts}
    step = (WIDTH - 2 * MARGIN) / max(len(turns) - 1, 1)
    return tuple(
        Dot(
            x=round(MARGIN + step * number, 1),
            y=round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * turn["p_dissatisfied"], 1),
            turn=turn["index"],
            p=turn["p_dissatisfied"],
            level=levels.get(turn["index"], ""),
        )
        for number, turn in enumerate(turns)
    )

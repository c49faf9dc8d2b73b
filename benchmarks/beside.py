"""Two ways to do one thing, side by side: what every program of `make benchmark` measures with."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

OUT = Path(os.environ.get("CHURNLENS_BENCHMARKS", "data/08_reporting/benchmarks"))
Ways = Mapping[str, Callable[[], object]]


def arguments(doc: str | None) -> argparse.Namespace:
    """Return the options that every program takes."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--full", action="store_true", help="the big sizes too")
    parser.add_argument("--repeat", type=int, default=5)
    return parser.parse_args()


def side_by_side(ways: Ways, repeat: int) -> dict[str, dict[str, float]]:
    """Time each way `repeat` times, the order turned round every time.

    Returns:
        Way → wall seconds (median, minimum, maximum) and CPU seconds of this process (median).
    """
    walls: dict[str, list[float]] = {name: [] for name in ways}
    cpus: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeat):
        for name in list(ways)[:: 1 if turn % 2 == 0 else -1]:
            wall, cpu = time.perf_counter(), time.process_time()
            ways[name]()
            walls[name].append(time.perf_counter() - wall)
            cpus[name].append(time.process_time() - cpu)
    return {
        name: {
            "median": statistics.median(wall),
            "min": min(wall),
            "max": max(wall),
            "cpu": statistics.median(cpus[name]),
        }
        for name, wall in walls.items()
    }


def case(
    name: str, times: dict[str, dict[str, float]], bar: float | None, **more: Any
) -> dict[str, Any]:
    """Return a row of the page: the first way against the second, as ratios of wall and CPU time.

    Args:
        name: what was done, with its size.
        times: by `side_by_side`: ours first.
        bar: least ratio of the medians; None where there is none.
        more: other figures, by their names.
    """
    ours, other = times.values()
    ratios = {"ratio": other["median"] / ours["median"], "cpu_ratio": other["cpu"] / ours["cpu"]}
    return {"case": name, **ratios, "bar": bar, "times": times, "more": more}


def report(row: str, against: str, cases: list[dict[str, Any]]) -> None:
    """Write the figures of a program to `OUT/ROW.json`, and print them."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found = {
        "row": row,
        "against": against,
        "cases": cases,
        "peak_gib": round(peak, 2),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    text = json.dumps(found, indent=1, ensure_ascii=False, default=float)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{row}.json").write_text(text, encoding="utf-8")
    print(text)

"""How long one turn takes at the desk, as a service sends them: state and turn in, alert out.

Run after `kedro run --pipelines satisfaction`: `python benchmarks/turn.py [--data-root DIR]`.
Hears new demo dialogues turn by turn, raw, so that redaction, score and alert rules are counted.
Prints JSON: milliseconds of each customer turn (median, 95th percentile, maximum), wall and CPU of
this process, seconds to open the desk and peak memory. Bar: 200 ms, 95th percentile.
"""

from __future__ import annotations

import argparse
import json
import resource
import time

import numpy as np

from churnlens.cli.opening import open_project, open_satisfaction
from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.reading import read_row
from churnlens.simulation.dialogues import plain_rows, simulate_dialogues
from churnlens.tasks.satisfaction.desk import Desk

SEED, WARM_UP = 1_234, 20  # of dialogues that no run has seen; turns that are not counted


def spread(seconds: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and maximum in milliseconds."""
    median, late = np.percentile(seconds, [50, 95])
    told = {"median": median, "p95": late, "max": max(seconds)}
    return {name: round(1000 * each, 1) for name, each in told.items()}


def heard(desk: Desk, dialogue: Dialogue) -> list[tuple[float, float]]:
    """Return wall and CPU seconds of each customer turn."""
    state, taken = desk.start(dialogue.id, dialogue.language), []
    for turn in dialogue.turns:
        wall, cpu = time.perf_counter(), time.process_time()
        step = desk.hear(state, turn)
        seconds = time.perf_counter() - wall, time.process_time() - cpu
        state = step.state
        if step.score:
            taken.append(seconds)
    return taken


def main() -> None:
    """Open the desk once, warm up, and listen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root")
    parser.add_argument("--dialogues", type=int, default=100)
    given = parser.parse_args()
    start = time.perf_counter()
    desk = open_satisfaction(open_project(None, data_root=given.data_root))
    opening = time.perf_counter() - start
    rows = plain_rows(simulate_dialogues(given.dialogues, seed=SEED))
    read = [each for each in map(read_row, rows) if isinstance(each, Dialogue)]
    taken = [each for dialogue in read for each in heard(desk, dialogue)][WARM_UP:]
    walls, cpus = zip(*taken, strict=True)
    found = {
        "turns": len(taken),
        "wall_ms": spread(list(walls)),
        "cpu_ms": spread(list(cpus)),
        "opening_seconds": round(opening, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

"""A run with nothing changed, against the first one: `python benchmarks/rerun.py [--full]`.

The main job on 700 demo customers in the smallest setting (conf/tiny), with --full on 7,000
customers in the default one; both without a language model (`writer=template`). Commands in
processes of their own, start-up included. It stops when the second run makes anything again.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from beside import arguments, case, report

from churnlens.simulation import simulate_customers

BAR_SECONDS = 15.0


def run(words: list[str]) -> dict[str, float]:
    """Run the command once; returns its wall and CPU seconds, in the form of `side_by_side`."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "kedro", "run", *words]
    subprocess.run(command, check=True, capture_output=True, env=dict(os.environ))
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"median": wall, "min": wall, "max": wall, "cpu": cpu}


def records(root: Path) -> dict[str, int]:
    """Return when each node of a data root last ran."""
    return {path.stem: path.stat().st_mtime_ns for path in (root / ".state").glob("*.json")}


def main() -> None:
    """Run twice."""
    given = arguments(__doc__)
    rows = 7_000 if given.full else 700
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "customers.csv"
        simulate_customers(rows, seed=3).customers.to_csv(table, index=False)
        words = ["--params", f"data_root={folder}/data,customers={table},writer=template"]
        words += [] if given.full else ["--env", "tiny"]
        first, before = run(words), records(Path(folder) / "data")
        again, after = run(words), records(Path(folder) / "data")
    if not before or before != after:
        made = sorted(dict(after.items() - before.items()))
        raise SystemExit(f"expected a second run that makes nothing, got {made or 'no records'}")
    times = {"nothing changed": again, "first run": first}
    told = {
        "seconds": round(again["median"], 1),
        "bar_seconds": BAR_SECONDS,
        "nodes_passed_over": len(before),
    }
    report("rerun", "the first run", [case(f"{rows:,} customers", times, None, **told)])


if __name__ == "__main__":
    main()

"""Two Ray workers, one of which is killed on the way, against this process.

`python benchmarks/workers.py [--full]`: 5,000 rows, with --full 100,000; sums over a few thousand
numbers a row. Both write the same shards; the bytes of all rows are compared.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from beside import arguments, case, report

from churnlens.datasets.shards import ShardStore
from churnlens.engine.shards import map_shards
from churnlens.options import EngineOptions

SIZE = 500


def main() -> None:
    """Compare."""
    given = arguments(__doc__)
    rows = list(range(100_000 if given.full else 5_000))
    with tempfile.TemporaryDirectory() as folder:
        marker = Path(folder) / "killed"

        def work(items: Sequence[int], kill: bool = False) -> pd.DataFrame:
            if kill and rows[len(rows) // 2] in items and not marker.exists():
                marker.write_text("", encoding="utf-8")
                os.kill(os.getpid(), signal.SIGKILL)
            sums = [np.sin(np.arange(20_000, dtype=np.float64) + item).sum() for item in items]
            return pd.DataFrame({"sum": sums})

        found, times = {}, {}
        for name, kind in (("two Ray workers", "ray"), ("this process", "local")):
            began = time.perf_counter()
            found[name] = map_shards(
                (lambda items: work(items, kill=True)) if kind == "ray" else work,
                rows,
                store=ShardStore(Path(folder) / kind),
                recipe=["sums"],
                size=SIZE,
                label=name,
                engine=EngineOptions(kind=kind, workers=2),
            )
            wall = time.perf_counter() - began
            times[name] = {"median": wall, "min": wall, "max": wall, "cpu": float("nan")}
        ours, local = found.values()
        same = ours["sum"].to_numpy().tobytes() == local["sum"].to_numpy().tobytes()
        told = {"same_bytes": same, "rows": len(ours), "a_worker_was_killed": marker.exists()}
    report("workers", "engine local", [case(f"{len(rows):,} rows", times, None, **told)])


if __name__ == "__main__":
    main()

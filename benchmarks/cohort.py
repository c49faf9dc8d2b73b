"""Statistics of one cohort over every candidate, against pandas group-bys in a loop.

`python benchmarks/cohort.py [--full]`: 7,000 and 100,000 customers, with --full 1,000,000 (demo
customers drawn again and again). Both give, for each value and band inside the cohort, customers
and leavers in each half of it, tests and intervals; the whole search for drivers is timed too.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from beside import arguments, case, report, side_by_side

from churnlens.evidence.candidates import distinct_candidates
from churnlens.evidence.drivers import Panel, build_panel, find_drivers
from churnlens.evidence.screening import screen_packed
from churnlens.options import DriverOptions
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.schema import read_schema
from churnlens.simulation import simulate_customers

SCHEMA = read_schema(Path("conf/base/schemas/telco.yml"))


def make_table(rows: int) -> pd.DataFrame:
    """Return so many demo customers, each with a key of their own."""
    made, _ = find_faults(simulate_customers(7_000, seed=7).customers, SCHEMA)
    drawn = np.random.default_rng(7).integers(len(made), size=rows)
    return (
        made.iloc[drawn]
        .reset_index(drop=True)
        .assign(**{SCHEMA.key: [str(n) for n in range(rows)]})
    )


def group_by(panel: Panel, mask: np.ndarray, chosen: np.ndarray) -> list[pd.DataFrame]:
    """Return customers and leavers of every candidate, one group-by each."""
    inside = pd.DataFrame({"half": panel.half[mask], "left": panel.left[mask]})
    return [
        inside.groupby(["half", panel.members[mask, place]])["left"].agg(["size", "sum"])
        for place in np.flatnonzero(chosen)
    ]


def compare(rows: int, repeat: int) -> dict[str, Any]:
    """Return the case of one size."""
    table = make_table(rows)
    panel, fiber = build_panel(table, SCHEMA), (table["InternetService"] == "Fiber optic")
    mask, options = fiber.to_numpy(bool), DriverOptions()
    chosen = distinct_candidates(panel.members[mask], panel.left[mask])
    ways = {
        "churnlens": lambda: screen_packed(
            panel.packed[chosen], mask, panel.left, panel.half, options
        ),
        "group-bys": lambda: group_by(panel, mask, chosen),
    }
    times = side_by_side(ways, repeat)
    began = time.process_time()
    drivers = find_drivers(panel, mask, options=options, defined_by=("InternetService",))
    return case(
        f"{rows:,} customers, {table.shape[1]} columns, {chosen.sum()} candidates",
        times,
        10 if rows == 1_000_000 else None,
        milliseconds={name: 1000 * each["median"] for name, each in times.items()},
        cpu_milliseconds={name: 1000 * each["cpu"] for name, each in times.items()},
        whole_driver_search_cpu_seconds=time.process_time() - began,
        drivers=sum(each.reported for each in drivers),
    )


def main() -> None:
    """Compare at every size."""
    given = arguments(__doc__)
    sizes = [7_000, 100_000] + ([1_000_000] if given.full else [])
    cases = [compare(rows, min(given.repeat, 3)) for rows in sizes]
    report("cohort", "pandas group-bys in a loop", cases)


if __name__ == "__main__":
    main()

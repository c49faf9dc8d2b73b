"""How long one warm question takes: retrieval and statistics, and the whole answer.

Run after `kedro run`: `python benchmarks/ask.py [--data-root DIR] [--writer model|template]`.
Prints JSON: seconds per question (minimum, median, maximum over repetitions), load time and
peak memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable

from churnlens.cli import open_analyst, open_project

QUESTIONS = [
    "Why do fiber customers leave?",
    "Why do month-to-month customers in their first year leave?",
    "Why did long-tenure customers stay?",
    "为什么使用电子支票付款的客户会流失？",
]


def timed(function: Callable[[str], object], argument: str) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    function(argument)
    return time.perf_counter() - start


def spread(seconds: list[float]) -> dict[str, float]:
    """Minimum, median and maximum, rounded to a tenth of a millisecond."""
    figures = (min(seconds), statistics.median(seconds), max(seconds))
    return dict(zip(("min", "median", "max"), (round(f, 4) for f in figures), strict=True))


def main() -> None:
    """Load once, warm up once, and time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root")
    parser.add_argument("--writer", default="model", choices=["model", "template"])
    parser.add_argument("--repeat", type=int, default=9)
    given = parser.parse_args()
    start = time.perf_counter()
    analyst = open_analyst(open_project(None, data_root=given.data_root, writer=given.writer))
    loading = time.perf_counter() - start
    found, answered = {}, {}
    for question in QUESTIONS:
        analyst.ask(question)
        query = analyst.parse(question)
        found[question] = spread([timed(analyst.tell, query) for _ in range(given.repeat)])
        answered[question] = spread([timed(analyst.ask, question) for _ in range(3)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    report = {
        "load_seconds": round(loading, 2),
        "retrieval_and_statistics_seconds": found,
        "answer_seconds": answered,
        "writer": given.writer,
        "peak_gib": round(peak, 2),
    }
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()

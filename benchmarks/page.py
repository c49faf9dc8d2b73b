"""What the programs of `make benchmark` found, as Markdown: `python benchmarks/page.py`.

The second table says what 10^6 to 10^8 customers take, from the cost per row that was measured.
"""

from __future__ import annotations

import json
from typing import Any

from beside import OUT

from churnlens.options import IndexingOptions
from churnlens.pipelines.indexing.vectors import choose_factory

ROWS = ("search", "embed", "cohort", "rerun", "workers", "score", "generate", "train")
SIZES = (10**6, 10**7, 10**8)
OPTIONS = IndexingOptions()
MEMORY_LIMIT_GIB = 64


def read(row: str) -> dict[str, Any] | None:
    """Return the figures of one program; None where it has not run."""
    path = OUT / f"{row}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def told(figure: Any) -> str:
    """Return a figure in a few signs."""
    if isinstance(figure, dict):
        return ", ".join(f"{name} {told(each)}" for name, each in figure.items())
    return f"{figure:.4g}" if isinstance(figure, float) else str(figure)


def side_by_side_table() -> list[str]:
    """Return a line for every case of every program."""
    lines = [
        "| work | against | CPU time, ratio | wall time, ratio | bar | more |",
        "|---" * 6 + "|",
    ]
    for row in ROWS:
        if (found := read(row)) is None:
            lines.append(f"| {row} | not run | | | | |")
            continue
        for each in found["cases"]:
            bar = each["bar"] or "–"
            more = "; ".join(f"{k.replace('_', ' ')}: {told(v)}" for k, v in each["more"].items())
            ratios = f"{each['cpu_ratio']:.1f} | {each['ratio']:.1f}"
            lines.append(
                f"| {row}: {each['case']} | {found['against']} | {ratios} | {bar} | {more} |"
            )
    return lines


def cost_table(found: dict[str, Any]) -> list[str]:
    """Return CPU seconds per 1,000 customers of every step, a column for each size."""
    sizes = found["sizes"]
    heads = " | ".join(f"{size['rows']:,} customers" for size in sizes)
    lines = [f"| CPU seconds per 1,000 customers | {heads} |", "|---" * (1 + len(sizes)) + "|"]
    for name in sizes[0]["seconds_per_1000"]:
        each = " | ".join(f"{size['seconds_per_1000'][name]:.3f}" for size in sizes)
        lines.append(f"| {name} | {each} |")
    totals = " | ".join(f"{size['total']:.3f}" for size in sizes)
    peaks = " | ".join(f"{size['peak_gib']:.2f}" for size in sizes)
    lines += [f"| together, without embedding | {totals} |", f"| peak GiB | {peaks} |"]
    return [
        *lines,
        f"| embedding | {sizes[0]['embedding_per_1000']:.1f} |" + " |" * (len(sizes) - 1),
    ]


def gib(found: dict[str, Any], figure: str, rows: int) -> str:
    """Return what so many customers take by the bytes a customer of the largest size measured.

    A dash where that one has another kind of index.
    """
    last = found["sizes"][-1]
    if (last["rows"] > OPTIONS.flat_rows) != (rows > OPTIONS.flat_rows):
        return "–"
    return f"{rows * last[figure] / 2**30:.1f}"


def sizing_table(found: dict[str, Any]) -> list[str]:
    """Return what each size takes: CPU hours, memory, shards."""
    last, first = found["sizes"][-1], found["sizes"][0]
    slope = (last["peak_gib"] - first["peak_gib"]) / (last["rows"] - first["rows"])
    lines = [
        "| customers | preparing and lexical index, CPU hours | embedding, CPU hours | "
        "embedding shards | vector index | its GiB | GiB that a search holds | "
        "GiB of one process |",
        "|---" * 8 + "|",
    ]
    for rows in SIZES:
        hours = (last["total"], first["embedding_per_1000"])
        prepared, embedded = (rows / 1000 * each / 3600 for each in hours)
        peak = first["peak_gib"] + slope * (rows - first["rows"])
        fits = "" if peak <= MEMORY_LIMIT_GIB else ", **divide the table**"
        index, whole = (gib(found, figure, rows) for figure in ("index_bytes", "search_bytes"))
        lines.append(
            f"| {rows:,} | {prepared:.1f} | {embedded:.1f} | {-(-rows // OPTIONS.shard_rows):,} | "
            f"{choose_factory(rows, OPTIONS)} | {index} | {whole} | {peak:.0f}{fits} |"
        )
    return lines


def main() -> None:
    """Print all tables."""
    print("\n".join(side_by_side_table()))
    if (found := read("cost")) is not None:
        print("\n" + "\n".join(cost_table(found)))
        print("\n" + "\n".join(sizing_table(found)))


if __name__ == "__main__":
    main()

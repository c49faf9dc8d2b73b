"""The figures of a finished run as a Markdown table: `python benchmarks/figures.py [DATA_ROOT]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

JUDGED = ("sizes", "rates", "lifts", "inside", "outcome", "numbers", "citations")


def share(figure: dict[str, Any] | None) -> str:
    """Return a share with its interval, where it has one, and how many it was counted over."""
    if figure is None:
        return "–"
    low, high = figure.get("low"), figure.get("high")
    interval = f" [{low:.3f}, {high:.3f}]" if low is not None else ""
    return f"{figure['value']:.3f}{interval}, n = {figure['n']:,}"


def rows(folder: Path) -> list[tuple[str, str]]:
    """Return what was measured, and the figure."""
    read = {
        path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*_metrics.json")
    }
    found = []
    for split, scores in read["question_metrics"].get("splits", {}).items():
        for language, figures in scores["by_language"].items():
            for name in ("exact_filter", "correct_refusal"):
                found.append((f"questions, {split}, {language}: {name}", share(figures[name])))
    for name, figure in read["driver_metrics"].items():
        if isinstance(figure, dict):
            found.append((f"planted drivers: {name}", share(figure)))
    for judged, scores in read["answer_metrics"].items():
        if scores:
            found += [(f"answers, {judged}: {name}", share(scores[name])) for name in JUDGED]
    for model, metrics in read["risk_metrics"]["models"].items():
        figures = [
            f"{name.upper()} {metrics[name]['value']:.4f}" for name in ("auc", "brier", "ece")
        ]
        found.append((f"customer risk, {model}", "; ".join(figures)))
    return found


def main() -> None:
    """Print the table of a data root."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "data")
    print("| what | figure |\n|---|---|")
    for what, figure in rows(root / "08_reporting" / "churn"):
        print(f"| {what} | {figure} |")


if __name__ == "__main__":
    main()

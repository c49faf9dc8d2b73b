"""Demo dialogues as a file of one's own would hold them: the project's plain form, row by row."""

from __future__ import annotations

from typing import Any

import pandas as pd

from churnlens.simulation.dialogues.demo import DialogueDemo

SOURCE = "demo"
LABELS = (
    "reason",
    "accepted",
    "accepted_evidence",
    "negative_emotion",
    "negative_emotion_evidence",
    "user_problem",
    "agent_solution",
)
"""What people would have labelled; the rest of the truth is in no row."""

Row = dict[str, Any]


def plain_rows(demo: DialogueDemo) -> list[Row]:
    """Return one row a dialogue: `{id, customer, language, turns, overall, references, labels}`.

    Customer turns have the ratings of three raters, the first turn the time. `references` is one
    summary, problem and solution. `labels` are `LABELS`, `scenario` and `channel`; an evidence is
    turn indices joined by ``;``. What nobody could know (mood, style, acts) stays in the truth.
    """
    rated = {(row["id"], row["index"]): _ratings(row) for row in _records(demo.turn_truth)}
    turns: dict[str, list[Row]] = {}
    for row in _records(demo.turns):
        ratings = rated.get((row["id"], row["index"]))
        said = {"speaker": row["speaker"], "text": row["text"]}
        turns.setdefault(row["id"], []).append(
            {**said, **({"ratings": ratings} if ratings else {})}
        )
    pairs = zip(_records(demo.dialogues), _records(demo.dialogue_truth), strict=True)
    return [_row(about, truth, turns[about["id"]]) for about, truth in pairs]


def _row(about: Row, truth: Row, turns: list[Row]) -> Row:
    labels = {name: about[name] for name in ("scenario", "channel")}
    labels |= {name: truth[name] for name in LABELS if truth[name]}
    gap = " " if about["language"] == "en" else ""
    return {
        "id": about["id"],
        "source": SOURCE,
        "customer": about["customer_id"],
        "language": about["language"],
        "turns": [{**turns[0], "time": f"{about['started']}Z"}, *turns[1:]],
        "overall": _ratings(truth),
        "references": [f"{truth['user_problem']}{gap}{truth['agent_solution']}"],
        "labels": labels,
    }


def _ratings(row: Row) -> list[int]:
    return [int(row[f"rating_{rater}"]) for rater in (1, 2, 3)]


def _records(table: pd.DataFrame) -> list[Row]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False)]

"""Many questions from a file: bad rows are answered with an error and never stop the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from churnlens.engine.shards import Store, map_shards
from churnlens.schema import Frozen
from churnlens.tasks.churn.answers import Answer

MAX_QUERY_CHARS = 2000


class Row(Frozen):
    """One line of the input: a question, or why it is none.

    Attributes:
        id: as given, or `line N`.
        query: the question; empty when `error` is set.
    """

    id: str | int
    query: str = ""
    error: str = ""


def query_fault(query: object) -> str:
    """Return why `query` cannot be asked; empty when it can."""
    if not isinstance(query, str) or not query.strip():
        return "no query; expected a question as text"
    if len(query) > MAX_QUERY_CHARS:
        return f"{len(query)} characters; expected at most {MAX_QUERY_CHARS}"
    return ""


def parse_row(line: str, number: int) -> Row:
    """Read one `{id, query}` line; what is wrong with it becomes its `error`."""
    place = f"line {number}"
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return Row(id=place, error="not JSON; expected an object with id and query")
    if not isinstance(row, dict):
        return Row(
            id=place, error=f"got {type(row).__name__}; expected an object with id and query"
        )
    key = row.get("id", place)
    key = key if isinstance(key, str | int) and not isinstance(key, bool) else place
    if fault := query_fault(row.get("query")):
        return Row(id=key, error=fault)
    return Row(id=key, query=row["query"])


def parse_rows(text: str) -> list[Row]:
    """Read JSON lines; blank lines are passed over."""
    lines = enumerate(text.split("\n"), 1)
    return [parse_row(line, number) for number, line in lines if line.strip()]


def answer_rows(
    rows: Sequence[Row],
    answer: Callable[[Sequence[str]], list[Answer]],
    store: Store,
    recipe: Sequence[Any],
    size: int,
) -> list[dict[str, Any]]:
    """Answer the rows in shards that are kept, so that a stopped run goes on where it was.

    Args:
        rows: by `parse_rows`.
        answer: questions to answers.
        store: finished shards.
        recipe: hashes of all that an answer depends on.
        size: questions per shard.

    Returns:
        `{id, answer}` or `{id, error}`, one a row, in order.
    """
    good = [row.query for row in rows if not row.error]

    def work(shard: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame({"answer": [each.model_dump_json() for each in answer(shard)]})

    done = map_shards(work, good, store=store, recipe=recipe, size=size, label="answer questions")
    answers = iter(done["answer"] if len(done) else [])
    return [
        {"id": row.id, "error": row.error}
        if row.error
        else {"id": row.id, "answer": json.loads(next(answers))}
        for row in rows
    ]

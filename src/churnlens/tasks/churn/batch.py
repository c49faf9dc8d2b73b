"""Questions from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from churnlens.tasks.batch import RowError, is_writable
from churnlens.tasks.churn.answers import Answer

MAX_QUERY_CHARS = 2000
EXPECTED = "id and query"
Answerer = Callable[[Sequence[str]], list[Answer]]


def query_fault(query: object) -> str:
    """Return why `query` cannot be asked; empty when it can."""
    if not isinstance(query, str) or not query.strip():
        return "no query; expected a question as text"
    if len(query) > MAX_QUERY_CHARS:
        return f"{len(query)} characters; expected at most {MAX_QUERY_CHARS}"
    if not is_writable(query):
        return "the query holds half a character (a lone surrogate); expected whole ones"
    return ""


def read_query(row: Mapping[str, Any]) -> str:
    """Return the question of an `{id, query}` object; RowError when it is none."""
    if fault := query_fault(row.get("query")):
        raise RowError(fault)
    return row["query"]


def answers_of(answer: Answerer) -> Callable[[Sequence[str]], list[dict[str, Any]]]:
    """Return what predicts `{answer}` from questions, see `batch.predict_rows`."""
    return lambda questions: [
        {"answer": each.model_dump(mode="json")} for each in answer(questions)
    ]

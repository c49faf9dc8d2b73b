"""Many questions from a file: a row that fails becomes an error and never stops the rest."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churnlens.engine.shards import Store, map_shards
from churnlens.privacy.redaction import redact
from churnlens.schema import Frozen
from churnlens.tasks.churn.answers import Answer

logger = logging.getLogger(__name__)
MAX_QUERY_CHARS = 2000
MAX_ERROR_CHARS = 200
Answerer = Callable[[Sequence[str]], list[Answer]]


class Row(Frozen):
    """One line of the input: a question, or why it is none.

    Attributes:
        id: as given, or `line N`.
        query: the question; empty when `error` is set.
    """

    id: str | int
    query: str = ""
    error: str = ""


def _is_writable(text: str) -> bool:
    """Whether text can be written to a file: JSON may escape one half of a surrogate pair."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def query_fault(query: object) -> str:
    """Return why `query` cannot be asked; empty when it can."""
    if not isinstance(query, str) or not query.strip():
        return "no query; expected a question as text"
    if len(query) > MAX_QUERY_CHARS:
        return f"{len(query)} characters; expected at most {MAX_QUERY_CHARS}"
    if not _is_writable(query):
        return "the query holds half a character (a lone surrogate); expected whole ones"
    return ""


def parse_row(line: str, number: int) -> Row:
    """Read one `{id, query}` line; what is wrong with it becomes its `error`."""
    place = f"line {number}"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return Row(id=place, error="not JSON; expected an object with id and query")
    if not isinstance(row, dict):
        return Row(
            id=place, error=f"got {type(row).__name__}; expected an object with id and query"
        )
    key = row.get("id", place)
    key = key if isinstance(key, str | int) and not isinstance(key, bool) else place
    if isinstance(key, str) and not _is_writable(key):
        return Row(
            id=place, error="the id holds half a character (a lone surrogate); expected whole ones"
        )
    if fault := query_fault(row.get("query")):
        return Row(id=key, error=fault)
    return Row(id=key, query=row["query"])


def parse_rows(text: str) -> list[Row]:
    """Read JSON lines; blank lines are passed over."""
    lines = enumerate(text.split("\n"), 1)
    return [parse_row(line, number) for number, line in lines if line.strip()]


def _attempt(questions: Sequence[str], answer: Answerer) -> list[tuple[str, str]]:
    """Return (answer as JSON, error) per question; halves are tried until the fault is alone."""
    try:
        return [(each.model_dump_json(), "") for each in answer(questions)]
    except Exception as error:
        if half := len(questions) // 2:
            return _attempt(questions[:half], answer) + _attempt(questions[half:], answer)
        told = f"{type(error).__name__}: {redact(str(error)).text}"[:MAX_ERROR_CHARS]
        logger.warning("a question could not be answered: %s", told)
        return [("", told)]


@dataclass(frozen=True)
class WholeShards:
    """A store that keeps no shard with an error in it: what failed is asked again next time."""

    store: Store

    def get(self, key: str) -> pd.DataFrame | None:
        """Return the shard of `key`, or None."""
        return self.store.get(key)

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep `frame` as the shard of `key`, if every question of it was answered."""
        if not frame["error"].any():
            self.store.put(key, frame)


def answer_rows(
    rows: Sequence[Row], answer: Answerer, store: Store, recipe: Sequence[Any], size: int
) -> list[dict[str, Any]]:
    """Answer the rows in shards that are kept, so that a stopped run goes on where it was.

    Args:
        rows: by `parse_rows`.
        answer: questions to answers; whatever it raises becomes the error of one question.
        store: finished shards; one with an error is not kept.
        recipe: hashes of all that an answer depends on.
        size: questions per shard.

    Returns:
        `{id, answer}` or `{id, error}`, one a row, in order.
    """
    good = [row.query for row in rows if not row.error]

    def work(shard: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame(_attempt(shard, answer), columns=["answer", "error"])

    done = map_shards(
        work, good, store=WholeShards(store), recipe=recipe, size=size, label="answer questions"
    )
    answers = done.itertuples(index=False, name=None)
    told = [(None, row.error) if row.error else next(answers) for row in rows]
    return [
        {"id": row.id, "error": error} if error else {"id": row.id, "answer": json.loads(written)}
        for row, (written, error) in zip(rows, told, strict=True)
    ]

"""Many rows from a file: a row that fails becomes an error and never stops the rest."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churnlens.engine.shards import LOCAL, Store, map_shards
from churnlens.options import EngineOptions
from churnlens.privacy.redaction import redact
from churnlens.schema import Frozen

logger = logging.getLogger(__name__)
MAX_ERROR_CHARS = 200
AGAIN = "failed before"  # in a kept shard, in place of an error
REPEATED = "id: got one of an earlier row, expected another"
Read = Callable[[dict[str, Any]], Any]
Predict = Callable[[Sequence[Any]], Sequence[Mapping[str, Any]]]


class RowError(ValueError):
    """A row that cannot be predicted from; says what is wrong without the customer's words."""


class Row(Frozen):
    """One line of the input: what a task reads out of it, or why nothing can be read.

    Attributes:
        id: as given, or `line N` where there is none.
        given: JSON-able; None when `error` is set.
    """

    id: str | int
    given: Any = None
    error: str = ""


def is_writable(text: str) -> bool:
    """Whether text can be written to a file: JSON may escape one half of a surrogate pair."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def parse_row(line: str, number: int, read: Read, expected: str) -> Row:
    """Read one JSON line; what is wrong with it becomes its `error`.

    Args:
        line: text of an object with an `id`.
        number: of the line, from 1.
        read: takes out of the object what the task needs, JSON-able; raises RowError.
        expected: what an object holds, in words.
    """
    place = f"line {number}"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return Row(id=place, error=f"not JSON; expected an object with {expected}")
    if not isinstance(row, dict):
        return Row(id=place, error=f"got {type(row).__name__}; expected an object with {expected}")
    key = row.get("id")
    if key in (None, ""):
        row = row | {"id": place}
    key = key if key != "" and isinstance(key, str | int) and not isinstance(key, bool) else place
    if isinstance(key, str) and not is_writable(key):
        return Row(
            id=place, error="the id holds half a character (a lone surrogate); expected whole ones"
        )
    try:
        return Row(id=key, given=read(row))
    except RowError as fault:
        return Row(id=key, error=str(fault))


def parse_rows(text: str, read: Read, expected: str) -> list[Row]:
    """Read JSON lines, see `parse_row`; blank lines are passed over.

    An id that an earlier row has, also as a number, is an error: whatever is kept by id would hold
    one of the two.
    """
    lines = enumerate(text.split("\n"), 1)
    rows = [parse_row(line, number, read, expected) for number, line in lines if line.strip()]
    seen: set[str] = set()
    return [_once(row, seen) for row in rows]


def _once(row: Row, seen: set[str]) -> Row:
    """Return the row, or its error where its id was seen; marks the id."""
    if str(row.id) in seen:
        return Row(id=row.id, error=REPEATED)
    seen.add(str(row.id))
    return row


def _attempt(given: Sequence[Any], predict: Predict) -> list[tuple[str, str]]:
    """Return (output as JSON, error) per row; halves are tried until the fault is alone."""
    try:
        return [_told(each) for each in predict(given)]
    except Exception as error:
        if half := len(given) // 2:
            return _attempt(given[:half], predict) + _attempt(given[half:], predict)
        told = f"{type(error).__name__}: {redact(str(error)).text}"[:MAX_ERROR_CHARS]
        logger.warning("a row could not be predicted: %s", told)
        return [("", told)]


def _told(output: Mapping[str, Any]) -> tuple[str, str]:
    if set(output) == {"error"}:
        return "", redact(str(output["error"])).text[:MAX_ERROR_CHARS]
    return json.dumps(output, ensure_ascii=False), ""


@dataclass(frozen=True)
class GoodRows:
    """A store that keeps of each shard what was predicted, with `AGAIN` for the error of a row."""

    store: Store

    def get(self, key: str) -> pd.DataFrame | None:
        """Return the shard of `key`, or None."""
        return self.store.get(key)

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep `frame` as the shard of `key`, if any row of it was predicted."""
        failed = frame["error"] != ""
        if not failed.all():
            self.store.put(key, frame.assign(error=frame["error"].mask(failed, AGAIN)))


@dataclass(frozen=True)
class WholeShards:
    """A store that keeps no shard with an error in it: what failed is tried again next time."""

    store: Store

    def get(self, key: str) -> pd.DataFrame | None:
        """Return the shard of `key`, or None."""
        return self.store.get(key)

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep `frame` as the shard of `key`, if every row of it was predicted."""
        if not frame["error"].any():
            self.store.put(key, frame)


def predict_rows(
    rows: Sequence[Row],
    predict: Predict,
    store: Store,
    recipe: Sequence[Any],
    size: int,
    engine: EngineOptions = LOCAL,
) -> list[dict[str, Any]]:
    """Predict from the rows in shards that are kept, so that a stopped run goes on where it was.

    Args:
        rows: by `parse_rows`.
        predict: what rows give to one JSON-able object each, `{error}` for one that failed;
            whatever it raises becomes the error of one row.
        store: finished shards; a row that failed is computed again the next time.
        recipe: hashes of all that a prediction depends on.
        size: rows per shard.
        engine: who predicts; for Ray, `predict` must be picklable.

    Returns:
        The object with the row's `id`, or `{id, error}`, one a row, in order.
    """
    good = [row.given for row in rows if not row.error]

    def work(shard: Sequence[Any]) -> pd.DataFrame:
        return pd.DataFrame(_attempt(shard, predict), columns=["output", "error"])

    def mapped(given: Sequence[Any], kept: Store) -> pd.DataFrame:
        return map_shards(
            work, given, store=kept, recipe=recipe, size=size, label="predict", engine=engine
        )

    done = mapped(good, GoodRows(store))
    if again := [at for at in range(len(good)) if done["error"].iat[at] == AGAIN]:
        done.iloc[again] = mapped([good[at] for at in again], WholeShards(store)).to_numpy()
    outputs = done.itertuples(index=False, name=None)
    told = [(None, row.error) if row.error else next(outputs) for row in rows]
    return [
        {"id": row.id, "error": error} if error else {"id": row.id, **json.loads(written)}
        for row, (written, error) in zip(rows, told, strict=True)
    ]

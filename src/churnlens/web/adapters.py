"""What a task has, as the server asks for it: one call here is all the wiring of a task."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from churnlens.evidence.edits import Edit, FilterError
from churnlens.tasks.batch import Predict as PredictBatch
from churnlens.tasks.batch import Read, parse_row, predict_rows
from churnlens.tasks.churn.batch import query_fault
from churnlens.web.protocols import (
    Ask,
    Editing,
    InputError,
    Message,
    Piece,
    Predict,
    Settings,
    Stopped,
    Usage,
)

if TYPE_CHECKING:
    import pandas as pd

    from churnlens.tasks.churn.analyst import Analyst

Whole = Callable[[Sequence[Message], Stopped], Piece]


@dataclass(frozen=True)
class WholeReplies:
    """A chat model out of a function that gives its reply at once.

    Its place is free when the function returns, which looks at `stopped` where it can. The function
    always gives the same reply to the same dialogue, so of the settings only the length is kept to.

    Attributes:
        name: of the model with its adapter and version.
        function: takes the dialogue and whether to stop; gives text and sources as one piece.
        token_ends: gives where each token of a text ends, in characters and in order.
    """

    name: str
    function: Whole
    token_ends: Callable[[str], Sequence[int]]

    def reply(
        self, messages: Sequence[Message], settings: Settings, stopped: Stopped
    ) -> Iterator[Piece]:
        """Give the reply as one piece, cut after as many tokens as it may have."""
        if stopped():
            return
        piece, most = self.function(messages, stopped), settings.new_tokens
        ends = self.token_ends(piece.text)
        told = piece.text if len(ends) <= most else piece.text[: ends[most - 1]]
        usage = Usage(
            prompt_tokens=sum(len(self.token_ends(each.content)) for each in messages),
            completion_tokens=min(len(ends), most),
        )
        finish = "stop" if len(ends) <= most else "length"
        yield piece.model_copy(update={"text": told, "finish": finish, "usage": usage})


class _Nowhere:
    """A store that keeps nothing: what a server is asked is not written to a disk."""

    def get(self, key: str) -> pd.DataFrame | None:
        """Return None: no shard is kept."""
        del key
        return None

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep nothing."""
        del key, frame


def row_predictor(read: Read, expected: str, predict: PredictBatch) -> Predict:
    """Return what scores the rows of a request with the parts of `kedro predict`.

    Args:
        read: takes out of a row what the task needs; raises RowError.
        expected: what a row holds, in words.
        predict: what rows give to one JSON-able object each.
    """

    def score(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        lines = (json.dumps(row) for row in rows)
        read_rows = [parse_row(line, n, read, expected) for n, line in enumerate(lines, 1)]
        return predict_rows(read_rows, predict, _Nowhere(), ["web"], max(len(read_rows), 1))

    return score


def checked_ask(fault: Callable[[str], str], answer: Callable[[str], Mapping[str, Any]]) -> Ask:
    """Return what answers a question, after a check that says what is wrong with it.

    Args:
        fault: why a question cannot be asked; empty when it can.
        answer: JSON-able.
    """

    def ask(question: str) -> Mapping[str, Any]:
        if reason := fault(question):
            raise InputError(reason)
        return answer(question)

    return ask


def asking(analyst: Analyst) -> tuple[Ask, Editing]:
    """Return what answers an analyst's questions, as they are and about an edited filter."""

    def edited(question: str, edit: Edit) -> Mapping[str, Any]:
        if reason := query_fault(question):
            raise InputError(reason)
        try:
            return analyst.ask_edited(question, edit).model_dump(mode="json")
        except FilterError as error:
            raise InputError(str(error), "invalid_filter") from None

    plain = checked_ask(query_fault, lambda asked: analyst.ask(asked).model_dump(mode="json"))
    return plain, Editing(analyst.schema, edited)

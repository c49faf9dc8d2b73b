"""TweetSumm (Feigenblat et al., EMNLP Findings 2021): support threads with human summaries.

A row is `{dialog_id, text, abstractive_summaries, is_negative, has_gratitude, dialog_type}`; the
text has a line `Customer:` or `Agent:` between tabs for each tweet, which may run over lines.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from churnlens.dialogues.form import Dialogue, FaultError, Turn
from churnlens.dialogues.readers.base import Given, Reader, assemble
from churnlens.dialogues.readers.rows import id_of, json_rows, text_at
from churnlens.dialogues.readers.transcript import parse_transcript
from churnlens.dialogues.words import kind_of

_MARK: Final = re.compile(r"^\t(Customer|Agent):\t", re.MULTILINE)
_ADDRESSED: Final = re.compile(r"@(\d{3,})\b")
_LABELS: Final = {"data_split": "split", "is_negative": "is_negative"} | {
    name: name for name in ("has_gratitude", "dialog_type")
}
_TYPES: Final = {"Жалоба": "complaint", "Вопрос": "question"}


def _parse(row: dict[str, Any], given: Given) -> Dialogue:
    turns = parse_transcript(text_at(row, "text"), _MARK)
    if not turns:
        raise FaultError("text", "no marked line", "lines that begin with Customer: or Agent:")
    return assemble(
        given,
        turns,
        id=id_of(row, given.id, "dialog_id"),
        customer=_customer(turns),
        references=_summaries(row),
        labels=_labels(row),
    )


def _summaries(row: dict[str, Any]) -> tuple[str, ...]:
    summaries = row.get("abstractive_summaries") or []
    if not isinstance(summaries, list) or not all(isinstance(each, str) for each in summaries):
        raise FaultError("abstractive_summaries", kind_of(summaries), "a list of texts")
    return tuple(text for text in summaries if text.strip())


def _labels(row: dict[str, Any]) -> dict[str, str]:
    known = {new: row.get(name) for name, new in _LABELS.items()}
    return {
        name: _TYPES.get(str(value), str(value))
        for name, value in known.items()
        if isinstance(value, str | int)  # an unknown one is NaN
    }


def _customer(turns: list[Turn]) -> str | None:
    """Return the number of the account that the agent addresses most, None without any."""
    said = (turn.text for turn in turns if turn.speaker == "agent")
    addressed = Counter(number for text in said for number in _ADDRESSED.findall(text))
    return addressed.most_common(1)[0][0] if addressed else None


TWEETSUMM = Reader(json_rows, _parse)

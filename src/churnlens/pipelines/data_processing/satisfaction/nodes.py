"""What the labels of dialogues are worth, and one document each, to find similar cases in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.review import review_ratings
from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.options import DialogueOptions


def review_labels(dialogues: Rows, options: DialogueOptions) -> dict[str, Any]:
    """Return what the ratings are worth: agreement of raters, merged ratings, likely errors.

    Args:
        dialogues: from `prepare_dialogues`.
        options: its `review`.

    Returns:
        See `dialogues.review.review_ratings`; each likely error has the `side` of its dialogue.
    """
    groups = [row["group"] for row in dialogues]
    report = review_ratings(dialogues_of(dialogues), groups, options.review)
    sides = {row["id"]: row["side"] for row in dialogues}
    for each in (report.get("likely_errors") or {}).get("listed", ()):
        each["side"] = sides[each["dialogue"]]
    return report


def write_cases(dialogues: Rows) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the past cases that new dialogues are compared with, and those that test this.

    Args:
        dialogues: from `prepare_dialogues`.

    Returns:
        Frames of the train and of the test side, one row a dialogue in their order: `dialogue`,
        `customer`, `language`, `reason` and `scenario` (empty where unknown), and what the
        customer said, as `text`, which is searched by words, and as `passage`, which is embedded.
    """
    return _documents(dialogues_of(dialogues, "train")), _documents(dialogues_of(dialogues, "test"))


def _documents(dialogues: Sequence[Dialogue]) -> pd.DataFrame:
    said = [each.words_of("customer") for each in dialogues]
    return pd.DataFrame(
        {
            "dialogue": [each.id for each in dialogues],
            "customer": [each.customer or "" for each in dialogues],
            "language": [each.language for each in dialogues],
            "reason": [each.labels.get("reason", "") for each in dialogues],
            "scenario": [each.labels.get("scenario", "") for each in dialogues],
            "text": said,
            "passage": said,
        }
    )

"""Questions to cited answers."""

from __future__ import annotations

from typing import Any, Unpack

from churnlens.options import IndexingOptions, InferenceOptions
from churnlens.tasks.churn.loading import Stored, load_analyst


def answer_questions(
    questions: list[str],
    indexing: IndexingOptions,
    options: InferenceOptions,
    **stored: Unpack[Stored],
) -> list[dict[str, Any]]:
    """Answer every question of the list.

    Args:
        questions: in any language.
        indexing: names the encoder.
        options: names the writer, and holds the gates and floors.
        stored: what the earlier stages made.

    Returns:
        One answer a question, in order, as JSON-able mappings.
    """
    analyst = load_analyst(stored, indexing, options)
    return [answer.model_dump(mode="json") for answer in analyst.answer(questions)]

"""The floor of every assistant: the nearest passage, word by word, whatever is asked."""

from __future__ import annotations

from collections.abc import Sequence

from churnlens.dialogues.words import language_of
from churnlens.models.generation import Message
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.reply import Reply


def nearest_faq(messages: Sequence[Message], knowledge: Knowledge) -> Reply:
    """Return the passage whose known texts are nearest to the last message.

    It keeps no turn in mind, never asks and never refuses.
    """
    asked = messages[-1].content
    language = language_of([asked])
    best = max(knowledge.find(asked, language), key=lambda found: found.cosine)
    return Reply(
        text=knowledge.handbook.text(best.passage, language),
        citations=(best.passage,),
        status="answered",
        intent=knowledge.handbook.passages[best.passage].intent,
        confidence=best.confidence,
        language=language,
        model="nearest-faq",
    )

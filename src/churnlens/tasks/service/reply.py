"""The assistant's reply to a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from churnlens.models.generation import Message
from churnlens.schema import Frozen, Language
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.plans import Plan, make_plan
from churnlens.tasks.service.scripts import Status
from churnlens.tasks.service.writers import Fault, TemplateWriter, Writer, fault_of

_TEMPLATE = TemplateWriter()


class Reply(Frozen):
    """What the customer gets, and what it rests on.

    Attributes:
        citations: ids of handbook passages; none for small talk.
        status: what the assistant did.
        intent: what the customer wants.
        confidence: that the intent is right, from 0 to 1.
        language: of the customer, and of the text.
        model: who wrote the text; `template` where a model's words were not taken.
        dropped: why a model's words were not taken, None where they were or none were written.
    """

    text: str
    citations: tuple[str, ...]
    status: Status
    intent: str
    confidence: float
    language: Language
    model: str
    dropped: Fault | None = None


def reply(messages: Sequence[Message], knowledge: Knowledge, writer: Writer = _TEMPLATE) -> Reply:
    """Answer the last message of a conversation.

    Args:
        messages: the conversation, the customer's words last; system messages are not read.
        knowledge: what the reply rests on.
        writer: who puts it into words.

    Raises:
        ValueError: when the last message is not the customer's, or is empty.
    """
    return put_into_words(messages, make_plan(messages, knowledge), knowledge, writer)


def put_into_words(
    messages: Sequence[Message], plan: Plan, knowledge: Knowledge, writer: Writer = _TEMPLATE
) -> Reply:
    """Return the reply that follows a plan; see `reply`."""
    said, dropped, model = None, None, writer.name
    asked = writer.name != _TEMPLATE.name and plan.language in writer.languages
    if asked and plan.citations:
        said = writer.write(messages, plan, knowledge)
        dropped = fault_of(said, messages, plan, knowledge)
    if said is None or dropped:
        said, model = _TEMPLATE.write(messages, plan, knowledge), _TEMPLATE.name
    allowed = {*plan.citations, *plan.shown}
    kept = tuple(key for key in said.citations if key in allowed)
    return Reply(
        text=said.text,
        citations=kept or plan.citations,
        status=plan.status,
        intent=plan.intent,
        confidence=plan.confidence,
        language=plan.language,
        model=model,
        dropped=dropped,
    )

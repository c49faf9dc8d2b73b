"""The arms of the comparison: with and without tuning, with and without retrieval; and the floor.

What a model writes is judged as it stands. An arm with retrieval is shown the passages of the plan
but not what is to be done; `tuned_checked` is what a customer would get, the checks applied and
the passages in place of what they drop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from churnlens.models.generation import Message, Request
from churnlens.schema import Frozen, Language
from churnlens.tasks.service.book import Book
from churnlens.tasks.service.cases import Case
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.plans import Plan
from churnlens.tasks.service.prompts import ServicePrompts
from churnlens.tasks.service.reply import Reply
from churnlens.tasks.service.scripts import Said, ScriptError, read_said
from churnlens.tasks.service.writers import Generates, request_of


class Arm(NamedTuple):
    """Which model writes, and whether it is shown passages."""

    tuned: bool
    retrieval: bool


ARMS = {
    "base": Arm(tuned=False, retrieval=False),
    "base_retrieval": Arm(tuned=False, retrieval=True),
    "tuned": Arm(tuned=True, retrieval=False),
    "tuned_retrieval": Arm(tuned=True, retrieval=True),
}
"""The arms that write with a model."""
FLOOR, PASSAGES, CHECKED = "nearest_faq", "passages", "tuned_checked"


class Told(Frozen):
    """One reply of an arm to one turn.

    Attributes:
        reply: what the customer would read.
        shown: passages that the writer saw.
        readable: whether the words had the form that was asked for.
        raw: what the model wrote.
    """

    reply: Reply
    shown: tuple[str, ...] = ()
    readable: bool = True
    raw: str = ""


class Answered(Frozen):
    """All replies of an arm to one case, and the plans that they follow."""

    case: str
    told: tuple[Told, ...]
    plans: tuple[Plan, ...] = ()


def answer_cases(
    cases: Sequence[Case],
    plans: Mapping[str, Sequence[Plan]],
    arm: Arm,
    knowledge: Knowledge,
    generator: Generates,
    name: str,
) -> list[Answered]:
    """Have a model answer cases turn by turn, all cases of a turn in one call.

    Args:
        cases: a probe is asked without any instructions, and not by an arm with retrieval.
        plans: of each case, by its id; a probe has none.
        arm: see there.
        knowledge: handbook, prompts and options; nothing is searched for.
        generator: writes.
        name: of the model.
    """
    told: dict[str, list[Told]] = {case.id: [] for case in cases}
    for turn in range(max((len(case.turns) for case in cases), default=0)):
        live = [case for case in cases if len(case.turns) > turn]
        requests = [_request(case, told[case.id], plans, arm, knowledge) for case in live]
        for case, written in zip(live, generator.generate(requests), strict=True):
            plan = plans[case.id][turn] if plans.get(case.id) else None
            shown = (*plan.citations, *plan.shown) if plan and arm.retrieval else ()
            told[case.id].append(_told(written.text, case.language, shown, knowledge, name))
    return [Answered(case=case.id, told=tuple(told[case.id])) for case in cases]


def conversation(case: Case, said: Sequence[str]) -> list[Message]:
    """Return the conversation up to the turn after `said`, what an arm has said between."""
    messages = []
    for place, text in enumerate(case.turns[: len(said) + 1]):
        messages.append(Message(role="user", content=text))
        if place < len(said):
            messages.append(Message(role="assistant", content=said[place]))
    return messages


def _request(
    case: Case,
    told: Sequence[Told],
    plans: Mapping[str, Sequence[Plan]],
    arm: Arm,
    knowledge: Knowledge,
) -> Request:
    messages = conversation(case, [each.reply.text or "…" for each in told])
    longest = knowledge.options.max_new_tokens
    if case.kind == "probe":
        short = tuple(messages)
        return Request(key=case.id, messages=short, max_new_tokens=min(longest, 32))
    plan = plans[case.id][len(told)]
    if not arm.retrieval:
        plan = plan.model_copy(update={"citations": (), "shown": ()})
    return request_of(messages, plan, knowledge).model_copy(update={"key": case.id})


def _told(
    text: str, language: Language, shown: tuple[str, ...], knowledge: Knowledge, name: str
) -> Told:
    readable = True
    try:
        said = read_said(text, knowledge.handbook)
    except ScriptError:
        said, readable = Said(text=" ".join(text.split())), False
    return Told(
        reply=Reply(
            text=said.text,
            citations=said.citations,
            status=said.status or "answered",
            intent="",
            confidence=0,
            language=language,
            model=name,
        ),
        shown=shown,
        readable=readable,
        raw=text,
    )


def silent_knowledge(book: Book, prompts: Mapping[str, Any], options: Any) -> Knowledge:
    """Return knowledge that can be read but not searched, for writers of plans made before."""
    words = ServicePrompts.model_validate(prompts)
    return Knowledge(book.handbook, book.rules, words, {}, _NoEncoder(), options)


class _NoEncoder:
    dimension = 0

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Any:
        """Refuse: plans were made before."""
        raise RuntimeError(f"{len(texts)} texts to encode (query: {query}), expected none")

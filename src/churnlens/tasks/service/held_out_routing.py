"""How well requests are routed whose situation the assistant has never seen.

The written dialogues are divided by situation; what customers say first in one part is routed by
an assistant that knows the others. So every situation is held out once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from churnlens.models.embedding import TextEncoder
from churnlens.options import AssistantOptions
from churnlens.schema import Frozen, Language
from churnlens.tasks.service.book import Book
from churnlens.tasks.service.floor import nearest_faq
from churnlens.tasks.service.knowledge import Knowledge, build_knowledge
from churnlens.tasks.service.plans import make_plan, searched
from churnlens.tasks.service.prompts import ServicePrompts
from churnlens.tasks.service.scores import first_turn, share
from churnlens.tasks.service.scripts import Script


class Routed(Frozen):
    """One request: what it is about, and what the assistant and the floor took it for.

    Attributes:
        wanted: intents of the passages of the written answer.
    """

    family: str
    language: Language
    wanted: tuple[str, ...]
    got: str
    floor: str


def route_held_out(
    book: Book,
    prompts: ServicePrompts,
    encoder: TextEncoder,
    options: AssistantOptions,
    folds: int,
    seed: int = 7,
) -> list[Routed]:
    """Route the first turn of every written dialogue without its situation.

    Args:
        book: handbook and dialogues.
        prompts: the assistant's own words.
        encoder: best one that remembers, since most texts are known to every fold.
        options: how the assistant is used.
        folds: parts of the situations.
        seed: another seed, other parts.
    """
    first = [script.turns[0].text for script in book.scripts]
    encoder.encode(
        [text for part in map(searched, ([t] for t in first)) for text in part[0]], query=True
    )
    fold_of = _folds(folds, seed)
    routed: list[Routed] = []
    for fold in range(folds):
        kept = [each for each in book.scripts if fold_of(each) != fold]
        asked = [each for each in book.scripts if fold_of(each) == fold]
        knowledge = build_knowledge(
            book.handbook, book.rules, prompts, encoder, options, kept, book.others
        )
        routed += [_routed(script, knowledge) for script in asked]
    return routed


def routing_scores(routed: Sequence[Routed]) -> dict[str, Any]:
    """Return the shares of right intents: whole, by language and by family, and of the floor."""
    right = [each.got in each.wanted for each in routed]
    floor = [each.floor in each.wanted for each in routed]

    def of(key: Callable[[Routed], str]) -> dict[str, Any]:
        groups: dict[str, list[bool]] = {}
        for each, ok in zip(routed, right, strict=True):
            groups.setdefault(key(each), []).append(ok)
        return {name: share(found).model_dump() for name, found in sorted(groups.items())}

    return {
        "requests": len(routed),
        "families": len({each.family for each in routed}),
        "assistant": share(right).model_dump(),
        "nearest_faq": share(floor).model_dump(),
        "languages": of(lambda each: each.language),
        "by_family": of(lambda each: each.wanted[0]),
    }


def _folds(folds: int, seed: int) -> Callable[[Script], int]:
    def fold(script: Script) -> int:
        digest = hashlib.sha256(f"{seed}\n{script.family}".encode()).digest()
        return int.from_bytes(digest[:8]) % folds

    return fold


def _routed(script: Script, knowledge: Knowledge) -> Routed:
    asked, answer = script.turns[:2]
    intents = knowledge.handbook.intents
    messages = first_turn(asked.text)
    return Routed(
        family=script.family,
        language=script.language,
        wanted=tuple(dict.fromkeys(intents[key] for key in answer.citations)),
        got=make_plan(messages, knowledge).intent,
        floor=nearest_faq(messages, knowledge).intent,
    )

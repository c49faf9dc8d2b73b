"""What is to be said, decided before anything is written: rules, passages, and what is missing.

A plan is made turn by turn from the customer's words alone, so that the same conversation always
gives the same plan and nothing has to be kept between requests. What the assistant is said to have
said is not believed: it comes from the client.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from churnlens.dialogues.words import language_of
from churnlens.models.generation import Message
from churnlens.privacy.untrusted import clean
from churnlens.schema import Frozen, Language
from churnlens.tasks.service.handbook import Slot
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.scripts import Status
from churnlens.tasks.service.search import Found

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?![\w]*\d)|[\u3400-\u9fff]")
_NUMBER = re.compile(r"[A-Za-z]?\d{6,}")  # of an order or the like, which says nothing of a subject
_CODE = re.compile(r"\S*\d\S*")
_QUESTION = re.compile(
    r"[?？]|^\W*(what|when|how|who|why|which|is|are|can|do|does)\b|几|多久|什么|怎么|吗", re.I
)
_FEW = 3  # words that do not yet change the language of a conversation
_SHORT = 6  # words of a turn that says nothing by itself and stays with what was spoken of
_SCOPE = "conduct.scope"
_HELD: dict[str, Status] = {
    "conduct.danger": "handed_over",
    "conduct.promises": "refused",
    "conduct.others": "refused",
    "conduct.secrets": "refused",
    "conduct.instructions": "refused",
    _SCOPE: "refused",
    "conduct.records": "refused",
}
# Before a case, even a complete one: a number opens no door and excuses no password.
_FIRST = ("conduct.danger", "conduct.instructions", "conduct.secrets", "conduct.others")
_ON_WISH = ("conduct.human", "conduct.complaint")


class Plan(Frozen):
    """What a turn gets.

    Attributes:
        citations: the passages that it rests on, the main one first; none for small talk.
        wording: key of the assistant's own sentence that is added, empty for none.
        slot: what is missing or was given.
        value: the given value, in the customer's words.
        intent: of the main passage; `greeting` or `thanks` for small talk.
        confidence: that the intent is right, 1 where a rule decided.
        language: of the customer.
        shown: further passages that a model may see.
    """

    status: Status
    citations: tuple[str, ...] = ()
    wording: str = ""
    slot: Slot | None = None
    value: str = ""
    intent: str
    confidence: float = 1.0
    language: Language
    shown: tuple[str, ...] = ()


class _Turn(Frozen):
    """A customer's turn, and what is searched for: it alone, and with the turn before it."""

    text: str
    language: Language
    alone: tuple[Found, ...]
    joined: tuple[Found, ...]


def make_plan(messages: Sequence[Message], knowledge: Knowledge) -> Plan:
    """Return the plan for the last customer turn of a conversation.

    Raises:
        ValueError: when the last message is not the customer's, or is empty.
    """
    if not messages or messages[-1].role != "user" or not clean(messages[-1].content).strip():
        raise ValueError("messages: expected the customer's words as the last message")
    options = knowledge.options
    said = [clean(m.content)[: options.characters].strip() for m in messages if m.role == "user"]
    turns = _read([text for text in said if text][-options.turns :], knowledge)
    plan: Plan | None = None
    case: Plan | None = None  # the open one, that waits for what it needs
    for place in range(len(turns)):
        plan = _step(turns[: place + 1], plan, case, knowledge)
        if plan.slot:
            case = plan if plan.status == "asks" else None
    if plan is None:
        raise RuntimeError("no turn was read, which is a fault of churnlens")
    return plan


def searched(said: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what is searched for at each turn: it alone, and with the turn before it."""
    plain = [_NUMBER.sub(" ", text).strip() or text for text in said]
    return plain, [plain[0], *(f"{a} {b}" for a, b in pairwise(plain))]


def _read(said: list[str], knowledge: Knowledge) -> list[_Turn]:
    """Search for every turn, with one call of the encoder."""
    plain, pairs = searched(said)
    vectors = knowledge.encoder.encode([*plain, *pairs], query=True)
    turns: list[_Turn] = []
    for place, (text, pair) in enumerate(zip(said, pairs, strict=True)):
        language = _language(text, turns[-1].language if turns else None)

        def found(words: str, vector: np.ndarray, of: Language = language) -> tuple[Found, ...]:
            return tuple(knowledge.find(words, of, vector)[:10])

        alone, joined = found(plain[place], vectors[place]), found(pair, vectors[len(said) + place])
        turns.append(_Turn(text=text, language=language, alone=alone, joined=joined))
    return turns


def _language(text: str, before: Language | None) -> Language:
    """Return the language of a turn; codes and a word or two do not change it."""
    plain = _CODE.sub(" ", text)
    if before and len(_WORD.findall(plain)) < _FEW:
        return before
    return language_of([plain])


def _step(
    turns: Sequence[_Turn], before: Plan | None, case: Plan | None, knowledge: Knowledge
) -> Plan:
    turn = turns[-1]
    given = _given(case, [turn], knowledge) if case else None
    sign = knowledge.rules.sign(turn.text)
    if sign and (not given or sign.passage in _FIRST):
        return _held(sign.passage, sign.status, turn, knowledge)
    if kind := knowledge.rules.chat(turn.text):
        status: Status = "asks" if kind == "greeting" else "answered"
        wording = "what" if kind == "greeting" else "thanks"
        return Plan(status=status, wording=wording, intent=kind, language=turn.language)
    if given:
        return given
    if case and knowledge.rules.lacks(turn.text):
        update = {"status": "handed_over", "wording": "without", "language": turn.language}
        return case.model_copy(update=update)
    return _searched(turns, before, knowledge)


def _searched(turns: Sequence[_Turn], before: Plan | None, knowledge: Knowledge) -> Plan:
    """Plan by the passage that is found, read with the turn before where a turn says too little."""
    turn, options = turns[-1], knowledge.options.search
    found, least = turn.alone, getattr(options.least, turn.language)
    if before and before.citations and found[0].cosine < getattr(options.alone, turn.language):
        if before.status in {"asks", "handed_over"} and before.slot:
            return _still(before, turn)
        found = turn.joined
        if found[0].cosine < least and len(_WORD.findall(turn.text)) <= _SHORT:
            return before.model_copy(update={"language": turn.language})
    if found[0].cosine < least:
        return _held(_SCOPE, "refused", turn, knowledge, "unsure")
    return _by_passage(_in_scope(found, least, options.scope_margin), turns, knowledge)


def _by_passage(found: tuple[Found, ...], turns: Sequence[_Turn], knowledge: Knowledge) -> Plan:
    """Plan by the best of the found passages."""
    turn, options = turns[-1], knowledge.options.search
    if found[0].confidence < options.sure:
        return Plan(status="asks", wording="what", intent="unclear", language=turn.language)
    main = found[0].passage
    passage = knowledge.handbook.passages[main]
    if passage.kind == "rule":
        wish = main in _ON_WISH and not _QUESTION.search(turn.text)
        status = "handed_over" if wish else _HELD.get(main, "answered")
        return _held(main, status, turn, knowledge, confidence=found[0].confidence)
    plan = Plan(
        status="answered" if passage.kind == "fact" else "asks",
        citations=(main,),
        slot=passage.needs[0] if passage.needs else None,
        intent=passage.intent,
        confidence=found[0].confidence,
        language=turn.language,
        shown=_shown(main, found, knowledge),
    )
    if plan.slot:
        return _given(plan, turns[::-1], knowledge) or plan.model_copy(
            update={"wording": plan.slot}
        )
    return plan.model_copy(update={"citations": (main, *_close(found, knowledge))})


def _in_scope(found: tuple[Found, ...], least: float, margin: float) -> tuple[Found, ...]:
    """Leave out the scope where a passage is hardly farther from the turn."""
    if found[0].passage != _SCOPE or found[1].cosine < max(least, found[0].cosine - margin):
        return found
    return found[1:]


def _close(found: Sequence[Found], knowledge: Knowledge) -> tuple[str, ...]:
    """Return the second passage where it is a fact and hardly behind."""
    first, second = found[:2]
    behind = first.score - second.score
    fact = knowledge.handbook.passages[second.passage].kind == "fact"
    return (second.passage,) if fact and behind < knowledge.options.search.close else ()


def _given(plan: Plan, turns: Sequence[_Turn], knowledge: Knowledge) -> Plan | None:
    """Return the hand-over of a case, where one of the turns gives what it needs."""
    if plan.slot is None:
        return None
    values = (knowledge.rules.slot(plan.slot, turn.text) for turn in turns)
    if not (value := next(filter(None, values), None)):
        return None
    update = {"status": "handed_over", "value": value, "wording": "hands_over"}
    return plan.model_copy(update={**update, "language": turns[0].language})


def _still(before: Plan, turn: _Turn) -> Plan:
    """Return the plan for a turn that adds nothing to an open case."""
    wording = before.slot if before.status == "asks" else "again"
    return before.model_copy(update={"wording": wording, "language": turn.language, "value": ""})


def _held(
    passage: str,
    status: Status,
    turn: _Turn,
    knowledge: Knowledge,
    wording: str = "",
    confidence: float = 1.0,
) -> Plan:
    return Plan(
        status=status,
        citations=(passage,),
        wording=wording,
        intent=knowledge.handbook.passages[passage].intent,
        confidence=confidence,
        language=turn.language,
    )


def _shown(main: str, found: Sequence[Found], knowledge: Knowledge) -> tuple[str, ...]:
    others = [each.passage for each in found if each.passage != main]
    return tuple(others[: knowledge.options.shown - 1])

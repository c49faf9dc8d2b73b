"""What is to be said, decided before anything is written: rules, passages, and what is missing.

A plan is made turn by turn from the customer's words alone, so that the same conversation always
gives the same plan and nothing has to be kept between requests. What the assistant is said to have
said is not believed: it comes from the client.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from churnlens.dialogues.words import language_of
from churnlens.models.generation import Message
from churnlens.privacy.untrusted import clean
from churnlens.schema import Frozen, Language
from churnlens.tasks.service.handbook import Slot
from churnlens.tasks.service.knowledge import Knowledge
from churnlens.tasks.service.scripts import Status
from churnlens.tasks.service.search import Found
from churnlens.tasks.service.subjects import Subject, sources

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?![\w]*\d)|[\u3400-\u9fff]")
_NUMBER = re.compile(r"[A-Za-z]?\d{6,}")  # of an order or the like, which says nothing of a subject
_CODE = re.compile(r"[^\s\u3000-\u9fff\uff00-\uffef]*\d[^\s\u3000-\u9fff\uff00-\uffef]*")
_QUESTION = re.compile(
    r"[?？]|^\W*(what|when|how|who|why|which|is|are|can|do|does)\b|几|多久|什么|怎么|吗", re.I
)
_ODD = re.compile(
    r"(?<![A-Za-z0-9])(?=(?:[A-Za-z-]*\d){4})[A-Za-z0-9][A-Za-z0-9-]{3,13}(?![A-Za-z0-9-])"
)
_FEW = 3  # words that do not yet change the language of a conversation
_SHORT = 6  # words of a turn that says nothing by itself and stays with what was spoken of
_SCOPE = "conduct.scope"
RULED: dict[str, Status] = {
    "conduct.danger": "handed_over",
    "conduct.distress": "handed_over",
    "conduct.promises": "refused",
    "conduct.others": "refused",
    "conduct.secrets": "refused",
    "conduct.instructions": "refused",
    _SCOPE: "refused",
    "conduct.records": "refused",
}
# Before a case, even a complete one: a number opens no door and excuses no password.
_FIRST = (
    "conduct.danger",
    "conduct.distress",
    "conduct.instructions",
    "conduct.secrets",
    "conduct.others",
)
ON_WISH = ("conduct.human", "conduct.complaint")


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
    plans: list[Plan] = []
    for place in range(len(turns)):
        plans.append(_step(turns[: place + 1], plans, knowledge))
    return plans[-1]


def searched(said: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what is searched for at each turn: it alone, and with the one that it goes on from.

    That is the turn before it, or where this says nothing but a number, the one before that.
    """
    plain = [_NUMBER.sub(" ", text).strip() or text for text in said]
    joined, before = [plain[0]], plain[0]
    for text, searched_for in zip(said[1:], plain[1:], strict=True):
        joined.append(f"{before} {searched_for}")
        if _words(text) >= _FEW:
            before = searched_for
    return plain, joined


def _words(text: str) -> int:
    """Return how many words a turn has, codes left out; signs count as words in Chinese."""
    return len(_WORD.findall(_CODE.sub(" ", text)))


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
    if before and _words(text) < _FEW:
        return before
    return language_of([_CODE.sub(" ", text)])


def _step(turns: Sequence[_Turn], plans: Sequence[Plan], knowledge: Knowledge) -> Plan:
    """Plan the last turn; `plans` are those of the turns before it."""
    turn = turns[-1]
    case = _open(plans)
    waits = case and not _turns_away(turn, case, knowledge)
    given = _given(case, [turn.text], turn, knowledge) if case and waits else None
    sign = knowledge.rules.sign(turn.text)
    if sign and (not given or sign.passage in _FIRST):
        return _held(sign.passage, sign.status, turn, knowledge)
    if kind := knowledge.rules.chat(turn.text):
        status: Status = "asks" if kind == "greeting" else "answered"
        wording = "what" if kind == "greeting" else "thanks"
        return Plan(status=status, wording=wording, intent=kind, language=turn.language)
    if given:
        return given
    if case and waits and (odd := _odd(plans, turn)):
        return odd
    if case and knowledge.rules.lacks(turn.text):
        update = {"status": "handed_over", "wording": "without", "language": turn.language}
        return case.model_copy(update=update)
    return _searched(turns, plans, knowledge)


def _open(plans: Sequence[Plan]) -> Plan | None:
    """Return the case that waits for what it needs, None where the last one got it."""
    last = next((plan for plan in reversed(plans) if plan.slot), None)
    return last if last and last.status == "asks" else None


def _odd(plans: Sequence[Plan], turn: _Turn) -> Plan | None:
    """Return the plan for a number that has not the shape that the open case waits for.

    Once the customer is told so; then it is handed over as it is, for nobody is to be asked for
    ever. No number as long as a card's is said back.
    """
    case = plans[-1]
    if not case.slot or case.slot == "transaction" or case.status != "asks":
        return None
    if not (found := _ODD.search(turn.text)):
        return None
    if case.wording != "unread":
        return case.model_copy(update={"wording": "unread", "language": turn.language})
    update = {"status": "handed_over", "value": found.group(), "wording": "hands_over"}
    return case.model_copy(update={**update, "language": turn.language})


def _turns_away(turn: _Turn, case: Plan, knowledge: Knowledge) -> bool:
    """Whether a turn asks or tells something else than what a case waits for.

    "The order number is 4402718365" is nearest to another passage too, but is short and no
    question.
    """
    options, best = knowledge.options.search, turn.alone[0]
    if not _QUESTION.search(turn.text) and len(_WORD.findall(turn.text)) <= _SHORT:
        return False
    if best.cosine < getattr(options.alone, turn.language) or best.confidence < options.sure:
        return False
    passage = knowledge.handbook.passages[best.passage]
    return passage.kind != "rule" and passage.intent != case.intent


def _searched(turns: Sequence[_Turn], plans: Sequence[Plan], knowledge: Knowledge) -> Plan:
    """Plan by the passage that is found, read with the turn before where a turn says too little.

    A turn that only points at a thing ("when will it come?") is read in the way that is surer.
    """
    turn, options = turns[-1], knowledge.options.search
    before = plans[-1] if plans else None
    found, least = turn.alone, getattr(options.least, turn.language)
    rules, near = knowledge.rules, found[0].cosine >= getattr(options.alone, turn.language)
    weak = not near and not rules.differs(turn.text)
    surer = rules.points(turn.text) and turn.joined[0].confidence > found[0].confidence
    if before and before.citations and (weak or surer):
        if weak and before.status in {"asks", "handed_over"} and before.slot:
            return _still(before, turn)
        found = turn.joined
        if found[0].cosine < least and len(_WORD.findall(turn.text)) <= _SHORT:
            return before.model_copy(update={"language": turn.language})
    if found[0].cosine < least:
        return _held(_SCOPE, "refused", turn, knowledge, "unsure")
    return _by_passage(_in_scope(found, least, options.scope_margin), turns, plans, knowledge)


def _by_passage(
    found: tuple[Found, ...],
    turns: Sequence[_Turn],
    plans: Sequence[Plan],
    knowledge: Knowledge,
) -> Plan:
    """Plan by the best of the found passages."""
    turn, options = turns[-1], knowledge.options.search
    if found[0].confidence < options.sure:
        return Plan(status="asks", wording="what", intent="unclear", language=turn.language)
    main = found[0].passage
    passage = knowledge.handbook.passages[main]
    if passage.kind == "rule":
        wish = main in ON_WISH and not _QUESTION.search(turn.text)
        status = "handed_over" if wish else RULED.get(main, "answered")
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
        said = [each.text for each in turns]
        about = [_subject(*each, knowledge) for each in zip(said[:-1], plans, strict=True)]
        given = sources(said, about, plan.intent, knowledge.rules)
        if known := _given(plan, given, turn, knowledge):  # the passage has not been told yet
            return known.model_copy(update={"wording": "at_once"})
        return plan.model_copy(update={"wording": plan.slot})
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


def _subject(text: str, plan: Plan, knowledge: Knowledge) -> Subject:
    """Return what a turn is about by its plan; a rule is no subject, nor are a few words.

    A longer turn that was not understood is about something, and what is not known.
    """
    main = plan.citations[0] if plan.citations else _SCOPE
    if main in _FIRST:
        return None
    rule = knowledge.handbook.passages[main].kind == "rule"
    return "" if rule and (main != _SCOPE or _words(text) <= _SHORT) else plan.intent


def _given(plan: Plan, texts: Sequence[str], turn: _Turn, knowledge: Knowledge) -> Plan | None:
    """Return the hand-over of a case at a turn, where one of the texts gives what it needs."""
    if plan.slot is None:
        return None
    values = (knowledge.rules.slot(plan.slot, text) for text in texts)
    if not (value := next(filter(None, values), None)):
        return None
    update = {"status": "handed_over", "value": value, "wording": "hands_over"}
    return plan.model_copy(update={**update, "language": turn.language})


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
    wish = status == "handed_over" and passage in ON_WISH
    return Plan(
        status=status,
        citations=(passage,),
        wording="passes" if wish else wording,
        intent=knowledge.handbook.passages[passage].intent,
        confidence=confidence,
        language=turn.language,
    )


def _shown(main: str, found: Sequence[Found], knowledge: Knowledge) -> tuple[str, ...]:
    others = [each.passage for each in found if each.passage != main]
    return tuple(others[: knowledge.options.shown - 1])

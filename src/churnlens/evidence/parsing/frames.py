"""What is said around a question, such as "the board meets on Friday and asks" or 老板让我解释."""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item, any_has, before_noun, item_at
from churnlens.evidence.parsing.quantities import QuantityItem

_SPEAKERS = frozenset({"i", "we", "me", "as", "我", "作为"})
_PEOPLE = ("noun", "left", "stayed", "join")
_ASKED = ("noun", "why", "many", "howto", "todo", "left", "compare", "versus", "wish", "which")


def clauses(items: list[Item]) -> list[tuple[int, int]]:
    """Return where every clause begins and ends (marks and commas belong to none)."""
    found, start = [], 0
    for at in range(len(items) + 1):
        if at == len(items) or items[at].has("stop", "comma"):
            found += [(start, at)] if at > start else []
            start = at + 1
    return found


def _frame_end(items: list[Item], start: int, end: int) -> int:
    """Return where the frame of a clause ends; `start` when the clause has none."""
    last = max((at for at in range(start, end) if items[at].has("frame")), default=None)
    if last is None:
        return start
    if item_at(items, last + 1).text == "的" and before_noun(items, last + 1):  # 苏州分公司的客户
        return start
    own = any(item.text in _SPEAKERS for item in items[start : start + 2])
    if not _is_question(items[start:end], own):
        return end
    return start if _is_question(items[start:last], own) else last + 1


def _is_question(items: list[Item], own: bool) -> bool:
    """Whether words hold a part of the question; what an asker tells of himself holds less."""
    mentioned = not own and any(item.mention for item in items)
    return mentioned or any_has(items, *_ASKED)


def _tells_own_time(items: list[Item]) -> bool:
    """Whether a clause is about the asker: "we debated this in three meetings"."""
    spoken = any(item.text in _SPEAKERS for item in items)
    return spoken and not any(item.mention for item in items) and not any_has(items, *_PEOPLE)


def _framed(items: list[Item]) -> set[int]:
    found: set[int] = set()
    parts = clauses(items)
    turn = max((at for at, item in enumerate(items) if item.has("resume")), default=0)
    for start, end in parts:
        if end <= turn and not _is_question(items[start:end], own=False):
            found |= set(range(start, end))
    for start, end in parts:
        found |= set(range(start, _frame_end(items, start, end)))
        if len(parts) > 1 and _tells_own_time(items[start:end]):
            found |= {at for at in range(start, end) if isinstance(items[at], QuantityItem)}
    return found


def without_frames(items: list[Item]) -> list[Item]:
    """Silence what tells who asks and what for.

    Args:
        items: the items of a question, quantities joined.

    Returns:
        As many items; those of a frame have the role `neutral` only, so that they restrict nobody.
    """
    found = _framed(items)
    return [
        Item(frozenset({"neutral"}), item.text) if at in found else item
        for at, item in enumerate(items)
    ]

"""What kind of answer a question wants, and about leaving or staying."""

from __future__ import annotations

from typing import Literal

from churnlens.evidence.parsing.scan import Item
from churnlens.evidence.query import Ask

Outcome = Literal["left", "stayed"]
_POLITE = (
    "please",
    "kindly",
    "let us",
    "请",
    "麻烦",
    "帮我",
    "帮忙",
    "我们",
    "now",
    "just",
    "also",
    "我们应",
    "应",
)
_INSTEAD = frozenset({"instead of", "rather than", "而不是", "而非"})
_MODALS = frozenset("can could would might will should may".split())
_REACH = 12  # words between "how can we" and the verb


def _is_command(items: list[Item]) -> bool:
    """Whether the sentence begins with "reduce …", "留住 …"."""
    if any(item.has("why") for item in items):
        return False
    for item in items:
        if item.text in _POLITE:
            continue
        return item.has("remedy") and not item.has("why")
    return False


def _wants_action(items: list[Item]) -> bool:
    if any(item.has("todo") for item in items) or _is_command(items):
        return True
    for at, item in enumerate(items):
        if item.has("howto") and at + 1 < len(items) and items[at + 1].has("unknown"):
            return True
        asked = at > 0 and items[0].has("which") and item.text in _MODALS
        if asked and not any(each.mention for each in items[:at]):
            asked = items[at + 1].has("remedy", "unknown") if at + 1 < len(items) else False
            if asked:
                return True
        if not item.has("howto", "wish"):
            continue
        for following in items[at + 1 : at + 1 + _REACH]:
            explained = following.has("why") or following.text in (
                "how",
                "which",
                "understand",
                "know",
            )
            if explained or (following.has("effect") and not following.has("remedy")):
                break
            if following.has("remedy") or (item.has("howto") and following.has("stayed")):
                return True
    return False


def _counts(item: Item) -> bool:
    """Whether an item asks for a number by itself ("how many"), whatever else is asked."""
    return item.has("many") and item.text.startswith(("how", "what", "多", "几", "百分"))


def _asks_degree(items: list[Item]) -> bool:
    """Whether the question is "is churn high among …", 流失严重吗."""
    spoken = [item for item in items if not item.has("stop")]
    opened = bool(spoken) and spoken[0].text in ("is", "are")
    asked = opened or any(item.text in ("吗", "是否", "是不是") for item in spoken)
    degrees = [at for at, item in enumerate(items) if item.has("degree") and not item.mention]
    return asked and any(_near_outcome(items, at) for at in degrees)


def _near_outcome(items: list[Item], at: int) -> bool:
    return any(item.has("left", "stayed") for item in items[max(0, at - 2) : at + 3])


def ask_of(items: list[Item]) -> Ask:
    """Return what is asked, comparisons aside.

    Args:
        items: the items of the question.

    Returns:
        `what_to_do`, `how_many` or `why`; the latter when nothing is said.
    """
    if _wants_action(items):
        return "what_to_do"
    why = next((at for at, item in enumerate(items) if item.has("why")), None)
    many = next((at for at, item in enumerate(items) if item.has("many")), None)
    strong = next((at for at, item in enumerate(items) if _counts(item)), None)
    if why is None:
        return "how_many" if many is not None or _asks_degree(items) else "why"
    return "how_many" if strong is not None and strong < why else "why"


def _polarities(items: list[Item], turned: set[int]) -> list[tuple[int, Outcome]]:
    found: list[tuple[int, Outcome]] = []
    for at, item in enumerate(items):
        if item.text in _INSTEAD:
            break
        if not item.has("left", "stayed"):
            continue
        left = item.has("left") and not item.has("stayed")
        kept = any(each.has("hinder") for each in items[:at]) or (
            at > 0
            and items[at - 1].text == "from"
            and any(each.has("remedy", "stayed") for each in items[: at - 1])
        )
        flipped = (at in turned) != (left and kept)
        found.append((at, "left" if left != flipped else "stayed"))
    return found


def outcome_of(items: list[Item], turned: set[int], ask: Ask) -> Outcome:
    """Return whether the question is about those who left or those who stayed.

    Args:
        items: the items of the question.
        turned: the outcome words that are negated.
        ask: what is asked; actions are always about leaving.

    Returns:
        `stayed` if the last word about the outcome says so; `left` otherwise, and when both are
        put side by side ("stay or leave").
    """
    if ask == "what_to_do":
        return "left"
    found = _polarities(items, turned)
    if not found:
        return "left"
    for (first, one), (second, other) in zip(found, found[1:], strict=False):
        between = items[first + 1 : second]
        if one != other and any(item.has("or", "versus", "and") for item in between):
            return "left"
    return found[-1][1]

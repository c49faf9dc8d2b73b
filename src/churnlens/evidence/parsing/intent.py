"""What kind of answer a question wants, and about leaving or staying."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.query import Ask

Outcome = Literal["left", "stayed"]
_POLITE = frozenset(
    {
        "please", "kindly", "now", "just", "also", "let us", "请", "麻烦", "帮我", "帮忙", "我们",
        "我们应", "应",
    }
)  # fmt: skip
_INSTEAD = frozenset({"instead of", "rather than", "而不是", "而非"})
_MODALS = frozenset({"can", "could", "would", "might", "will", "should", "may"})
_EXPLAINS = frozenset({"how", "which", "understand", "know"})
_COUNTS = ("how", "what", "多", "几", "百分")  # "how many" asks for a number, "rate" may not
_PROVOKES = frozenset({"what would make", "what could make", "what might make"})
_SECOND = frozenset({"before", "twice", "reconsider", "instead of", "rather than"})
_GOES = tuple("走跑溜撤离")  # a verb, so that what stands before it is an adverb: 怎么偏偏走
_DESIGNS = tuple("设做写定制安组搞弄开落改推排拟出打") + ("规划", "策划", "编")
_CAUSES = frozenset({"把", "将", "让", "使", "叫"})
_OWNERS = frozenset({"whose", "their", "his", "her", "its", "a", "the"})
_REACH = 12  # items between "how can we" and its verb


def _is_command(items: list[Item]) -> bool:
    """Whether the sentence begins with "reduce …", 留住…."""
    first = next((item for item in items if item.text not in _POLITE), None)
    if first is None or not first.has("remedy") or any_has(items, "why"):
        return False
    start = items.index(first)
    end = next((at for at in range(start, len(items)) if items[at].has("stop")), len(items))
    clause = items[start + 1 : end]  # "cut the chatter: …" tells nothing to do
    return end == len(items) - 1 or any(
        item.mention or item.has("left", "stayed", "noun") for item in clause
    )


def _asks_remedy(items: list[Item], at: int) -> bool:
    """Whether "how can we", "we want to" at a place leads to a remedy."""
    item, after = items[at], item_at(items, at + 1)
    about = any(each.mention or each.has("left", "stayed", "noun") for each in items)
    if item.has("howto") and (_plans(items, at) or (about and _brings_about(item, after))):
        return True
    opened = items[0].has("which") or items[0].text.startswith("what")
    if item.has("howto") and after.has("unknown"):
        behind = item_at(items, at + 2)
        return not (behind.has("left") and behind.text.startswith(_GOES))
    if at and opened and item.text in _MODALS and not any(each.mention for each in items[:at]):
        return after.has("remedy", "unknown")
    return item.has("howto", "wish") and _leads_to_remedy(items, at)


def _plans(items: list[Item], at: int) -> bool:
    """Whether a measure named before is to be planned: 挽留话术该怎么设计."""
    start = next((i for i in range(at, 0, -1) if items[i - 1].has("stop", "comma")), 0)
    named = any_has(items[start:at], "remedy", "todo")
    return named and item_at(items, at + 1).text.startswith(_DESIGNS)


def _brings_about(item: Item, after: Item) -> bool:
    """Whether something is to be brought about: 怎样才能把流失压下来."""
    return item.text.endswith(("才能", "才好", "能够")) and after.text in _CAUSES


def _leads_to_remedy(items: list[Item], at: int) -> bool:
    """Whether a remedy follows before another question begins."""
    wanted = ("remedy", "stayed") if items[at].has("howto") else ("remedy",)
    for following in items[at + 1 : at + 1 + _REACH]:
        asks = following.has("why") or following.text in _EXPLAINS
        asks = asks or following.text.startswith("talk")
        if asks or following.has(*wanted, "effect"):
            return not asks and following.has(*wanted)
    return False


def _near_outcome(items: list[Item], at: int) -> bool:
    return any_has(items[max(0, at - 2) : at + 3], "left", "stayed")


def _asks_degree(items: list[Item]) -> bool:
    """Whether the question is "is churn high among …", 流失严重吗."""
    spoken = [item.text for item in items if not item.has("stop")]
    opened = bool(spoken) and spoken[0] in ("is", "are")
    asked = opened or not {"吗", "是否", "是不是"}.isdisjoint(spoken)
    degrees = [at for at, item in enumerate(items) if item.has("degree") and not item.mention]
    return asked and any(_near_outcome(items, at) for at in degrees)


def _asks_rate(items: list[Item]) -> bool:
    """Whether a rate of leaving is named by two words: 退租率."""
    rates = (at for at, item in enumerate(items) if item.text == "率")
    return any(item_at(items, at - 1).has("left", "stayed") for at in rates)


def _acts(items: list[Item], at: int) -> bool:
    """Whether a measure is asked; "what would make them leave" asks for reasons."""
    if not items[at].has("todo"):
        return False
    told = next((i for i in range(at, len(items)) if items[i].has("left", "stayed")), at)
    between = items[at + 1 : told + 2]
    eased = any(item.has("neg", "more") or item.text in _SECOND for item in between)
    return not (items[at].text in _PROVOKES and items[told].has("left") and not eased)


def _first(items: list[Item], role: str, starts: tuple[str, ...] = ("",)) -> int | None:
    places = (
        at for at, item in enumerate(items) if item.has(role) and item.text.startswith(starts)
    )
    return next(places, None)


def ask_of(items: list[Item]) -> Ask:
    """Return what is asked, comparisons aside.

    Args:
        items: the items of the question.

    Returns:
        `what_to_do`, `how_many` or `why`; the latter when nothing is said.
    """
    acts = any(_acts(items, at) for at in range(len(items))) or _is_command(items)
    if acts or any(_asks_remedy(items, at) for at in range(len(items))):
        return "what_to_do"
    why, counted = _first(items, "why"), _first(items, "many", _COUNTS)
    if why is None:
        counts = any_has(items, "many") or _asks_degree(items) or _asks_rate(items)
        return "how_many" if counts else "why"
    return "how_many" if counted is not None and counted < why else "why"


def _keeps_from(items: list[Item], at: int) -> bool:
    """Whether the leaving at a place is prevented ("what keeps them from leaving")."""
    before = items[:at]
    held = any_has(before[:-1], "remedy", "stayed") and item_at(items, at - 1).text == "from"
    return any_has(before, "hinder") or held


def _polarities(items: list[Item], turned: set[int]) -> list[tuple[int, Outcome]]:
    found: list[tuple[int, Outcome]] = []
    told = [item for item in items if item.has("left", "stayed")]  # "the remaining customers"
    for at, item in enumerate(items):
        if item.text in _INSTEAD:
            break
        if item.text == "stay" and item_at(items, at - 1).text in _OWNERS:  # "whose stay lasted"
            continue
        if item.has("left", "stayed") and not (item.has("rest") and len(told) > 1):
            left = not item.has("stayed")
            flipped = (at in turned) != (left and _keeps_from(items, at))
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
    found = [] if ask == "what_to_do" else _polarities(items, turned)
    for (first, one), (second, other) in pairwise(found):
        if one != other and any_has(items[first + 1 : second], "or", "versus", "and"):
            return "left"
    return found[-1][1] if found else "left"

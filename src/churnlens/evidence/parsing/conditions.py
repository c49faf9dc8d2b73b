"""What restricts customers by something that no column records.

Known words may cut out a group too: "seniors with poor reception", 换过路由器的客户. What a
feedback says ("who complain about the router") is recorded and restricts nobody.
"""

from __future__ import annotations

from churnlens.evidence.parsing.classes import SIZES, chinese, specific, strange
from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.parsing.marks import asks_of, chinese_mark, means_call
from churnlens.evidence.parsing.relatives import english_mark

_HELPS = frozenset({"help", "helps", "帮助", "联系"})
_EXPLAINS = frozenset({"explain", "explains", "predict", "predicts", "解释", "预测"})
_OPENS = frozenset({"does", "do", "did", "can", "could", "how", "will", "is"})
_LATER = ("之后", "以后", "期间", "以来", "前后", "那天", "当天", "那阵", "那段", "间")
_EVENTS = frozenset({"since", "after", "ever since"})
_SPLITS = frozenset({"按", "按照", "分", "依"})
_CALENDAR = ("unit.week", "unit.day")


def _dated(items: list[Item], at: int) -> bool:
    """Whether a strange event or a calendar tells when: 球赛之后, 按星期."""
    item, after = items[at], item_at(items, at + 1)
    if item.text in _EVENTS and after.text in ("the", "our"):
        told = item_at(items, at + 2)
        plain = told.has("neutral", "anchor", "frame", "thing") and told.mention is None
        plain = plain and any_has(items[:at], "left", "stayed")
        return plain and not told.has("noun", "first", "last", "left", "stayed", "join", "rest")
    if item.text in _SPLITS:
        return after.has(*_CALENDAR) or (strange(after) and chinese(after))
    return strange(item) and chinese(item) and after.text.startswith(_LATER)


def _affects(item: Item) -> bool:
    """Whether a word says that something moves churn."""
    return (item.has("effect") and item.text not in _HELPS) or item.text in _EXPLAINS


def _leads(items: list[Item], at: int) -> bool:
    """Whether nothing but "does the …" stands before a strange word: "does moon phase affect"."""
    before = items[:at]
    opened = bool(before) and before[0].text in _OPENS and not chinese(items[at])
    easy = all(each.has("link", "neutral", "unknown") and not each.mention for each in before)
    return easy and (opened or (chinese(items[at]) and not before))


def _blamed(items: list[Item], at: int) -> bool:
    """Whether churn is asked by a thing that no column holds: "how does latency relate to it"."""
    item, after = items[at], item_at(items, at + 1)
    if not (specific(item) or (strange(item) and item.text not in SIZES)):
        return False
    effect = next((i for i, each in enumerate(items) if _affects(each)), len(items))
    asked = [each for each in items if each.text not in _EXPLAINS]
    told = any_has(items, "left", "stayed") and not any_has(asked, "why", "todo", "tone")
    if effect == len(items) or not told:
        return False
    if any(each.mention for each in items):
        beside = item_at(items, at - 1).mention is not None or after.text == "of"
        joined = after.has("and", "effect") or after.text in ("对", "跟", "和", "与", "of")
        return (beside and joined) or (at < effect and _leads(items, at))
    return True


def unrecorded(items: list[Item], at: int, numbers: frozenset[str]) -> str:
    """Return the problem of a word that restricts customers by what no column records.

    Args:
        items: the items of the question, quantities joined.
        at: the place of the word.
        numbers: names of the number columns.

    Returns:
        The key of the problem, or nothing.
    """
    if _dated(items, at):
        return "unknown_time"
    if means_call(items, at) or asks_of(items, at) or _blamed(items, at):
        return "unknown_topic"
    found = english_mark(items, at, numbers) or chinese_mark(items, at, numbers)
    return "unknown_attribute" if found else ""

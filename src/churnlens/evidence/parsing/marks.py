"""What Chinese words before 的 tell of customers that no column records: 换过路由器的客户."""

from __future__ import annotations

import re
from itertools import pairwise

from churnlens.evidence.parsing.classes import STATES, chinese, is_sized, specific, strange
from churnlens.evidence.parsing.items import Item, any_has, item_at, skip
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.evidence.parsing.relatives import CLOSED

_TOLD = ("抱怨", "投诉", "嫌", "骂", "吐槽", "觉得", "认为", "说", "反映", "反馈", "提到", "不满")
_PAIRED = re.compile(r"(.)\1(.)\2")  # 稳稳当当, 普普通通: mere colour
_EVERYTHING = frozenset({"什么", "啥", "样样"})  # 什么都开了的客户
_DONE = frozenset({"过", "了", "着", "被"})
_CALLS = ("打", "拨", "拨打", "致电")
_AGAINST = frozenset({"跟", "与", "和", "比", "同", "相比"})
_WHAT = frozenset({"什么", "啥", "哪种", "哪类", "哪些", "什么样的", "什么样"})
_ASKS_OF = frozenset({"哪", "哪个", "哪家", "哪位", "哪些", "哪一个", "哪一家"})


def _region(items: list[Item], at: int) -> list[Item]:
    """Return what stands before 的 as the mark of customers, nothing if 的 marks nobody."""
    head = at + 1
    while item_at(items, head).mentions("value", "term"):
        head += 1
    named = head > at + 1 and items[head - 1].text[-1:] in ("户", "人", "者", "客")
    compared = item_at(items, at + 1).text in _AGAINST  # 用路由器的跟没用的比
    if not item_at(items, head).has("noun") and not named and not compared:
        return []
    start = at
    while start > 0 and not items[start - 1].has(*CLOSED) and not items[start - 1].has("noun"):
        start -= 1
    return items[start:at]


def _coloured(region: list[Item]) -> bool:
    """Whether words tell a feeling or are mere colour: 抱怨网速的, 稳稳当当的."""
    told = any_has(region, "tone") or any(item.text.startswith(_TOLD) for item in region)
    told = told or any(item.text in _EVERYTHING for item in region)
    return told or bool(_PAIRED.fullmatch("".join(item.text for item in region)))


def _another(region: list[Item], at: int) -> bool:
    """Whether a strange word behind a verb makes another thing of a value: 装了智能电视的."""
    led, item = region[at - 1].has("with"), region[at]
    return led and strange(item) and len(item.text) > 1 and region[at + 1].mentions("value")


def _strangely(region: list[Item], numbers: frozenset[str]) -> bool:
    """Whether an attribute is told something of that no column holds: 账单总是晚到的."""
    amounts = [i for i in region if i.mention and i.mentions("column")]
    bare = [i for i in amounts if i.mention and i.mention.column in numbers]
    if any(not is_sized(region, item) for item in bare):
        return True
    if any(_another(region, at) for at in range(1, len(region) - 1)):
        return True
    return any(strange(b) and a.mention for a, b in pairwise(region))


def _strange_past(region: list[Item], at: int) -> bool:
    """Whether a strange verb says what was done: 搬过家的, 搬到新家的."""
    told = any(isinstance(item, QuantityItem) or item.mentions("column") for item in region)
    done = item_at(region, at + 1).text in ("过", "到", "进")
    return strange(region[at]) and chinese(region[at]) and done and not told


def chinese_mark(items: list[Item], at: int, numbers: frozenset[str]) -> bool:
    """Whether the words before a 的 restrict customers by what no column records.

    Args:
        items: the items of the question.
        at: the place of the word.
        numbers: names of the number columns that say nothing without a size.

    Returns:
        Whether they do.
    """
    region = _region(items, at) if items[at].text in ("的", "好的") else []
    if not region or _coloured(region):
        return False
    if any(_strange_past(region, place) for place in range(len(region))):
        return True
    named = [e for e in region if specific(e) and len(e.text) > 1 and not e.has("join")]
    if any(each.text in STATES for each in region):
        return True
    if named:
        known = ("column",) if any_has(named, "thing") else ("column", "value")
        return not any(each.mentions(*known) for each in region)
    if any(item.mention for item in region):
        return _strangely(region, numbers)
    odd = any(strange(item) and chinese(item) and len(item.text) > 1 for item in region)
    told = len(region) > 1 and not region[-1].has("link")
    told = told or any(item.text in _DONE for item in region)
    return odd and (told or item_at(items, at + 1).has("noun"))


def means_call(items: list[Item], at: int) -> bool:
    """Whether a call is meant, no phone service: 打过技术支持电话."""
    opened = items[at].text in _CALLS or items[at].text.endswith(_CALLS[:2])
    if not (opened and items[at].has("unknown")) or item_at(items, at - 1).text == "不":
        return False
    closed = skip(
        items, at + 1, "link", "neutral", "value", "tone", "anchor", "many", "unit.measure"
    )
    return any(item.text.endswith("电话") for item in items[at + 1 : closed])


def asks_of(items: list[Item], at: int) -> bool:
    """Whether somebody else is asked for: 哪家门市, 哪个班组."""
    before = item_at(items, at - 1)
    if before.text in ("家", "个", "位", "一个", "一家"):
        before = item_at(items, at - 2)
    if not (strange(items[at]) and chinese(items[at])):
        return False
    thing = before.text in _WHAT and len(items[at].text) > 1  # 平时看什么报纸
    told = any_has(items, "left", "stayed", "why", "many", "todo", "tone")
    closed = item_at(items, at + 1).has("stop") or item_at(items, at + 1).text in ("吗", "呢")
    return before.text in _ASKS_OF or (thing and closed and not told)

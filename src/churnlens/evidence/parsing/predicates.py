"""Light verbs, which only link an attribute and its number or value.

"Whose bill stays below $45", 月费落在 45 至 65 这一档 say no more than "is".
"""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item, item_at
from churnlens.evidence.parsing.quantities import QuantityItem

_REACH = 5  # items between an attribute and its number
_PRONOUNS = frozenset({"it", "they", "this", "that", "these"})
_CHANGES = frozenset("涨升降跌减增翻变调加超")  # 月费涨到 80 元: no state, an event
_EASY = ("link", "neutral", "with", "and", "between", "per", "range")
_STOPS = ("noun", "comma", "stop", "versus", "or", "neg", "except", "trend", "why", "many")
_TAILS = frozenset({"包", "路", "类", "型", "项"})  # 技术支持包
_NEEDS = frozenset({"要", "需", "需要", "得", "等着", "to"})
_TENDS = frozenset(
    [
        "养", "抚养", "赡养", "供养", "扶养", "照顾", "照料", "照看", "供", "管", "养活", "养育",
        "support", "feed", "raise", "rear", "mind", "look after", "care for", "provide for",
    ]
)  # fmt: skip
_LASTS = frozenset({"着", "住"})
_ACTS = (
    "exceed",
    "surpass",
    "超",
    "达",
    "低于",
    "高于",
    "不足",
    "不到",
    "多于",
    "少于",
    "大于",
    "小于",
)
_SILENT, _LINK = frozenset({"neutral"}), frozenset({"link"})
_LONGEST_VERB = 2


def _is_verb(item: Item) -> bool:
    """Whether a word between an attribute and its number may be a verb that only links them."""
    if item.mention is not None or item.has("trend", "tone", "thing"):
        return False
    if item.has("stayed", "takes"):
        return True
    if item.text.isascii():
        return item.has("unknown") and not item.text.endswith(("ed", "ly"))
    light = len(item.text) <= _LONGEST_VERB and _CHANGES.isdisjoint(item.text)
    return item.has("unknown") and light


def _subject(items: list[Item], at: int) -> int | None:
    """Return the place of the attribute or "it" that the verb before a number speaks of."""
    compared = items[at].text.split(" ")[0].startswith(_ACTS)  # "calls exceed 500"
    verbs = 0
    for place in range(at - 1, max(-1, at - 1 - _REACH), -1):
        item = items[place]
        named = item.mentions("column") or bool(item.mention and item.mention.also)
        if named and item.has("per") and verbs:  # 每月通话不足十次
            return None
        if named or (item.text in _PRONOUNS and verbs and place == at - 2):
            return place
        if _is_verb(item) and not compared:
            verbs += 1
        elif item.mention or item.has(*_STOPS) or not item.has(*_EASY):
            return None
        if verbs > (1 if item.text.isascii() else _LONGEST_VERB):  # 停 + 留在
            return None
    return None


def _adds_nothing(items: list[Item], at: int) -> bool:
    """Whether an unknown word repeats what stands before it: 技术支持包, 家属要抚养."""
    item, before = items[at], item_at(items, at - 1)
    if not item.has("unknown"):
        return False
    tends = item.text in _TENDS and before.text in _NEEDS and item_at(items, at - 2).mention
    lasts = item_at(items, at + 1).text in _LASTS and item_at(items, at - 2).has("with")
    held = before.mentions("value") and lasts and len(item.text) == 1  # 用一年合同绑着的
    return bool(tends or held or (item.text in _TAILS and before.mention))


def _heads_whose(items: list[Item], at: int) -> bool:
    """Whether a named group is only a thing with something: "whose service bundle lacks TV"."""
    owned = "whose" in (item_at(items, at - 1).text, item_at(items, at - 2).text)
    verb, object_ = item_at(items, at + 1), item_at(items, at + 2)
    acts = verb.has("with", "neg") or (verb.has("unknown") and verb.text.isascii())
    return items[at].mentions("term") and owned and acts and object_.mention is not None


def with_light_verbs(items: list[Item]) -> list[Item]:
    """Silence what stands between an attribute and its number: "charges lie between 20 and 40".

    Args:
        items: the items of a question, quantities joined.

    Returns:
        As many items.
    """
    found = list(items)
    for at, item in enumerate(items):
        if not isinstance(item, QuantityItem):
            if _adds_nothing(items, at) or _heads_whose(items, at):
                found[at] = Item(_SILENT, item.text)
            continue
        subject = _subject(items, at)
        if subject is not None:
            found[subject + 1 : at] = [Item(_LINK, each.text) for each in items[subject + 1 : at]]
    return found

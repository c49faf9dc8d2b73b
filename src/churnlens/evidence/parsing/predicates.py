"""Light verbs and appositions, which restrict nobody beyond what they join.

"Whose bill stays below $45", 月费落在 45 至 65 这一档 say no more than "is"; "autopay (transfer or
card)" and 电视、电影两种流媒体 say one thing twice.
"""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item, item_at
from churnlens.evidence.parsing.lexicon import positive_value
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.schema import Condition, Schema, Term

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
_SILENT, _LINK = frozenset({"neutral"}), frozenset({"link"})
_JOINS = ("or", "and", "comma", "link")
_LEADS = ("link", "noun", "either", "comma", "pair.both", "pair.neither")
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
    verbs = 0
    for place in range(at - 1, max(-1, at - 1 - _REACH), -1):
        item = items[place]
        named = item.mentions("column") or bool(item.mention and item.mention.also)
        if named or (item.text in _PRONOUNS and verbs and place == at - 2):
            return place
        if _is_verb(item):
            verbs += 1
        elif item.mention or item.has(*_STOPS) or not item.has(*_EASY):
            return None
        if verbs > 1:
            return None
    return None


def _adds_nothing(items: list[Item], at: int) -> bool:
    """Whether an unknown word repeats what stands before it: 技术支持包, 家属要抚养."""
    item, before = items[at], item_at(items, at - 1)
    if not item.has("unknown"):
        return False
    tends = item.text in _TENDS and before.text in _NEEDS and item_at(items, at - 2).mention
    return bool(tends or (item.text in _TAILS and before.mention))


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
            if _adds_nothing(items, at):
                found[at] = Item(_SILENT, item.text)
            continue
        subject = _subject(items, at)
        if subject is not None:
            found[subject + 1 : at] = [Item(_LINK, each.text) for each in items[subject + 1 : at]]
    return found


def _values(items: list[Item], at: int, step: int, means: set[tuple[str, str]]) -> list[int]:
    """Return the places of the values listed from a place on if they are all that is meant."""
    found: list[int] = []
    while (item := item_at(items, at)).text and (
        item.mentions("value") or item.has(*_JOINS) or item.text == "nor"
    ):
        found += [at] if item.mentions("value") else []
        if found and _said(items, found) == means:
            return found
        at += step
    return []


def _said(items: list[Item], places: list[int]) -> set[tuple[str, str]]:
    return {(m.column, m.name) for place in places if (m := items[place].mention)}


def _means(term: Term, schema: Schema) -> set[tuple[str, str]]:
    """Return the values that a named group consists of, of yes/no attributes those that say yes."""
    found: set[tuple[str, str]] = set()
    for part in term.means:
        if not isinstance(part, Condition):
            return set()
        yes = positive_value(schema.column(part.column))
        values = part.value if isinstance(part.value, tuple) else (part.value,)
        found |= {(part.column, yes or str(value)) for value in values}
    return found


def _apposed(items: list[Item], at: int, schema: Schema) -> tuple[Term, list[int]] | None:
    """Return the named group at a place and where its members are listed beside it."""
    mention = items[at].mention
    if mention is None or mention.kind != "term":
        return None
    term = next(each for each in schema.terms if each.name == mention.name)
    means = _means(term, schema)
    behind = at + 1
    while item_at(items, behind).has(*_LEADS) and not item_at(items, behind).mention:
        behind += 1
    places = _values(items, at - 1, -1, means) or _values(items, behind, 1, means)
    return (term, places) if len(places) > 1 else None


def with_appositions(items: list[Item], schema: Schema) -> list[Item]:
    """Say once what is said twice: "autopay (transfer or card)", "stream neither TV nor movies".

    Args:
        items: the items of a question.
        schema: the table.

    Returns:
        As many items; either the group's name or its listed members are silent.
    """
    found = list(items)
    for at in range(len(items)):
        told = _apposed(items, at, schema)
        if told is None:
            continue
        term, places = told
        chosen = any(item.has("pair.either") for item in items[at + 1 : at + 4])
        twice = [at] if term.match == "any" or chosen else places
        for place in twice:
            found[place] = Item(_SILENT, items[place].text)
        if twice == places:
            inner = range(min(places), max(places) + 1)
            for place in inner:
                found[place] = Item(_SILENT, items[place].text)
    return found

"""Words for attributes named before: "tech support … those without it", "… those with both"."""

from __future__ import annotations

from churnlens.evidence.parsing.atoms import says_yes
from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.schema import Schema

_PRONOUNS = frozenset({"it", "one", "1", "them", "它"})
_BLANK = frozenset({"neutral"})
_AND, _OR = Item(frozenset({"and"}), "and"), Item(frozenset({"or"}), "or")
_NOT, _HAVE = Item(frozenset({"neg"}), "not"), Item(frozenset({"with"}), "with")
_BEFORE = ("with", "neg", "link")


def _is_had(item: Item, schema: Schema) -> bool:
    mention = item.mention
    if mention is None or mention.kind != "value":
        return mention is not None
    label = schema.column(mention.column).value(mention.name).label.en
    return not label.startswith("who are ")


def _attributes(items: list[Item], schema: Schema) -> list[int]:
    """Return the places of what somebody has: yes/no attributes, but not "who are seniors"."""
    return [at for at, item in enumerate(items) if says_yes(item, schema) and _is_had(item, schema)]


def _antecedent(items: list[Item], at: int, schema: Schema) -> int | None:
    """Return the place of what a pronoun means: the last yes/no attribute, else the last value."""
    if attributes := _attributes(items[:at], schema):
        return attributes[-1]
    for place in range(at - 1, -1, -1):
        mention = items[place].mention
        if mention is not None and mention.kind != "term":
            return place if mention.bare or mention.kind == "column" else None
    return None


def _stands_alone(items: list[Item], at: int) -> bool:
    """Whether nothing follows that "it", "one" or "both" would belong to."""
    after = item_at(items, at + 1)
    return after.mention is None and not after.has("noun", "unknown", "anchor")


def _is_pronoun(items: list[Item], at: int) -> bool:
    owned = item_at(items, at - 1).has("with", "neg")
    return owned and items[at].text in _PRONOUNS and _stands_alone(items, at)


def _pair(items: list[Item], at: int, schema: Schema) -> list[Item]:
    """Return what "both" or "neither" at a place means, nothing when it names no pair."""
    kind = items[at].suffix("pair")
    english = items[at].text.isascii()
    owned = item_at(items, at - 1).has(*_BEFORE) or item_at(items, at).has("neg") or not english
    if not kind or not owned or (english and not _stands_alone(items, at)):
        return []
    places = [place for place in _attributes(items[:at], schema)][-2:]
    if len(places) < 2 or items[places[0]].mention == items[places[1]].mention:
        return []
    one, other = (items[place] for place in places)
    if kind == "both":
        return [_HAVE, one, _AND, other]
    return [_NOT, one, _OR, other] if kind == "neither" else []


def with_antecedents(items: list[Item], schema: Schema) -> list[Item]:
    """Put the attributes that are meant in the place of their pronouns.

    Args:
        items: the items of a question.
        schema: the table.

    Returns:
        The items. An attribute named in a sentence before the pronoun is only its name there
        and selects nobody: "security makes people sticky. Why do those without it leave?"
    """
    found: list[list[Item]] = [[item] for item in items]
    for at in range(len(items)):
        place = _antecedent(items, at, schema) if _is_pronoun(items, at) else None
        if place is None:
            found[at] = _pair(items, at, schema) or found[at]
            continue
        found[at] = [items[place]]
        if any_has(items[place:at], "stop"):
            found[place] = [Item(_BLANK, items[place].text)]
    return [item for part in found for item in part]

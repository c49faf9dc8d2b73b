"""Pronouns for an attribute: "tech support … those without it", "with a partner or without one"."""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item, any_has, item_at

_PRONOUNS = frozenset({"it", "one", "1", "them", "它"})
_BLANK = frozenset({"neutral"})


def _antecedent(items: list[Item], at: int) -> int | None:
    """Return the place of the last attribute that is named without negation before a place."""
    for place in range(at - 1, -1, -1):
        mention = items[place].mention
        if mention is not None and mention.kind != "term":
            return place if mention.bare or mention.kind == "column" else None
    return None


def with_antecedents(items: list[Item]) -> list[Item]:
    """Put the attribute that is meant in the place of its pronoun.

    Args:
        items: the items of a question.

    Returns:
        As many items. An attribute named in a sentence before the pronoun is only its name there
        and selects nobody: "security makes people sticky. Why do those without it leave?"
    """
    found = list(items)
    for at, item in enumerate(items):
        if item.text not in _PRONOUNS or not item_at(items, at - 1).has("with", "neg"):
            continue
        if item_at(items, at + 1).mention or item_at(items, at + 1).has("noun", "unknown"):
            continue
        place = _antecedent(items, at)
        if place is None:
            continue
        found[at] = items[place]
        if any_has(items[place:at], "stop"):
            found[place] = Item(_BLANK, items[place].text)
    return found

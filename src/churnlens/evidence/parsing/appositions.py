"""What is said twice: "autopay (transfer or card)", 电视、电影两种流媒体."""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item, item_at
from churnlens.evidence.parsing.lexicon import positive_value
from churnlens.schema import Condition, Schema, Term

_SILENT = frozenset({"neutral"})
_JOINS = ("or", "and", "comma", "link")
_LEADS = ("link", "noun", "either", "comma", "pair.both", "pair.neither")


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

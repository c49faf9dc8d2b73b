"""What English customers have or do that no column records.

"Seniors with poor reception", "customers whose router is old", "users of streaming radio".
"""

from __future__ import annotations

from churnlens.evidence.parsing.classes import (
    chinese,
    is_people,
    is_sized,
    selects,
    specific,
    strange,
)
from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.parsing.quantities import QuantityItem

_OWN = frozenset(
    {"with", "having", "using", "on", "through", "via", "without", "with no", "lacking", "owning"}
)
_BETWEEN = ("link", "modifier", "neutral", "quantity", "high", "unit.measure")
_PAYS = frozenset({"paying", "pay", "pays", "paid", "settling", "settle"})
_MANNER = frozenset({"by", "with", "in", "via", "through", "using"})
_WHO = frozenset({"who", "that", "which", "whose"})
_PASSIVE = frozenset({"was", "were", "got", "been", "being"})
_IS = frozenset({"is", "are", "was", "were", "has", "have", "had"})
CLOSED = ("comma", "stop", "why", "many", "left", "stayed", "versus", "todo", "howto", "contrast")
_BEHIND = ("left", "stayed", "noun", "with", "comma", "stop", "versus", "and", "or", "effect")


def _owned(items: list[Item], at: int) -> bool:
    """Whether customers have it or lack it: "seniors with poor reception"."""
    if not specific(items[at]) or chinese(items[at]):
        return False
    before = at - 1
    while item_at(items, before).has(*_BETWEEN) and item_at(items, before).text not in _OWN:
        before -= 1
    after = item_at(items, at + 1)
    sized = isinstance(after, QuantityItem) or after.text == "of"
    return item_at(items, before).text in _OWN and is_people(items, before - 1) and not sized


def _closes(items: list[Item], at: int) -> bool:
    """Whether a relative clause ends; "the bill falls between", "goes by mail" goes on."""
    goes_on = items[at].has("left", "stayed") and item_at(items, at + 1).has("between", "with")
    after = item_at(items, at + 1)
    return items[at].has(*CLOSED) and not (goes_on or (items[at].has("left") and selects(after)))


def _clause(items: list[Item], who: int) -> list[Item]:
    """Return the items of a relative clause, its pronoun aside."""
    end = who + 1
    while end < len(items) and not _closes(items, end):
        end += 1
    return items[who + 1 : end]


def _related(items: list[Item], at: int, numbers: frozenset[str]) -> bool:
    """Whether a relative clause tells what no column holds: "who were charged twice"."""
    if items[at].text not in _WHO or not is_people(items, at - 1):
        return False
    clause = _clause(items, at)
    if any_has(clause, "tone") or not clause:
        return False
    first = next((i for i, each in enumerate(clause) if each.mention), len(clause))
    if items[at].text == "whose":
        return _of_theirs(clause, first, numbers)
    if any(selects(each) for each in clause):
        return False
    amounts = [each for each in clause if each.mention and each.mention.column in numbers]
    gone = any_has([each for each in items if each not in clause], "left", "stayed")
    if gone and any(strange(each) for each in clause):
        return True
    return any(specific(each) for each in clause) or any(
        not is_sized(clause, each) for each in amounts
    )


def _suffered(clause: list[Item]) -> bool:
    """Whether something strange was done to what they have: "whose plan was mis-sold"."""
    done = (at for at, item in enumerate(clause) if item.text in _PASSIVE)
    return any(any(strange(each) for each in clause[at + 1 :]) for at in done)


def _of_theirs(clause: list[Item], first: int, numbers: frozenset[str]) -> bool:
    """Whether something of the customers is told that no column holds: "whose router is old"."""
    head = item_at(clause, first)
    if head.mention is not None and head.mention.negative:
        return False
    if head.mention is None and _suffered(clause):
        return True
    valued = any(each.mentions("value", "term") for each in clause)
    if any(specific(each) for each in clause[:first]) and not valued:
        return True
    told = any(selects(each) for each in clause[first + 1 :])
    number = head.mention is not None and head.mention.column in numbers
    if any(strange(each) for each in clause) and head.mention and not (number and told):
        return True
    if head.mentions("value") and all(each.has("link", "modifier") for each in clause[:first]):
        acts = item_at(clause, first + 1)
        return bool(acts.text) and not acts.has("neg") and acts.text not in _IS and not told
    return number and not is_sized(clause, head)


def _compounded(items: list[Item], at: int) -> bool:
    """Whether a strange noun makes another thing of an attribute: "users of streaming radio"."""
    if not (strange(items[at]) or specific(items[at])) or chinese(items[at]):
        return False
    before = item_at(items, at - 1)
    if before.mention is None:
        return False
    end = at + 1
    while item_at(items, end).has("unknown") or specific(item_at(items, end)):
        end += 1
    if not item_at(items, end).has(*_BEHIND):
        return False
    start = at - 1
    while item_at(items, start - 1).has("link", "modifier") and items[start - 1].text != "of":
        if items[start - 1].has("with"):
            break
        start -= 1
    lead = item_at(items, start - 1)
    owned = lead.has("with") or lead.text in ("of", "between") or before.text.split(" ")[0] in _OWN
    between = lead.text == "between" and strange(items[at])
    owned = owned and (is_people(items, start - 2) or between or start == at - 1)
    last = items[end - 1]
    plural = last.text.endswith("s") and not last.text.endswith("ss")
    headed = item_at(items, end).has("noun", "left", "stayed") and (
        item_at(items, end).has("noun") or plural
    )
    return owned or headed


def _paid(items: list[Item], at: int) -> bool:
    """Whether it is a way to pay that no value names: "paying in instalments"."""
    if not strange(items[at]):
        return False
    before = at - 1
    while item_at(items, before).has("link") and items[before].text not in _MANNER:
        before -= 1
    manner = item_at(items, before).text in _MANNER
    return manner and item_at(items, before - 1).text in _PAYS


def english_mark(items: list[Item], at: int, numbers: frozenset[str]) -> bool:
    """Whether a word restricts customers by what no column records.

    Args:
        items: the items of the question.
        at: the place of the word.
        numbers: names of the number columns that say nothing without a size.

    Returns:
        Whether it does.
    """
    found = _owned(items, at) or _compounded(items, at) or _paid(items, at)
    return found or _related(items, at, numbers)

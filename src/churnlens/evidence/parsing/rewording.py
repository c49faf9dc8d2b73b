"""What is said otherwise than meant: "fiber, no, DSL customers", "who did not go paperless".

Also what is left out ("the first year versus the second") and what counts customers.
"""

from __future__ import annotations

from dataclasses import replace

from churnlens.evidence.parsing.amounts import Amount
from churnlens.evidence.parsing.items import Item, any_has, item_at, skip
from churnlens.evidence.parsing.lexicon import Mention
from churnlens.evidence.parsing.quantities import ORDINALS, Bound, Quantity, QuantityItem
from churnlens.schema import Schema

_REFUSED = frozenset({"no", "不", "不不", "不是"})  # between two commas; elsewhere they deny
_BETWEEN = ("link", "neutral", "unknown")
_SILENT = frozenset({"neutral"})
_WONDER = ("吗", "么", "没有", "没")
_AROUND = ("comma", "neutral", "noun", "link", "with", "repair", "stop")


def _selects(item: Item) -> bool:
    return isinstance(item, QuantityItem) or item.mentions("value", "term")


def _nearest(items: list[Item], at: int, step: int) -> int | None:
    """Return the place of the next selection in one direction, only small words between."""
    at += step
    while item_at(items, at).text and not _selects(items[at]):
        if not items[at].has(*_AROUND) and items[at].text not in _REFUSED:
            return None
        at += step
    return at if item_at(items, at).text else None


def _corrects(items: list[Item], at: int) -> bool:
    opened, closed = (item_at(items, place).has("comma") for place in (at - 1, at + 1))
    return opened and (items[at].has("repair") or (items[at].text in _REFUSED and closed))


def _replacement(wrong: Item, right: Item) -> Item | None:
    """Return what stands instead of a slip; None when the two are not of one kind."""
    if isinstance(wrong, QuantityItem) and isinstance(right, QuantityItem):
        known, said = wrong.quantity, right.quantity
        if said.compared or len(known.bounds) != 1 or len(said.bounds) != 1:
            return right
        amount = said.with_unit(min(known.units(), default="")).bounds[0][1]
        return replace(right, quantity=replace(known, bounds=((known.bounds[0][0], amount),)))
    if wrong.mention is None or right.mention is None:
        return None
    alike = wrong.mention.column == right.mention.column or right.mention.kind == "term"
    return right if alike else None


def corrected(items: list[Item]) -> list[Item]:
    """Take back what the asker corrects: "fiber, no, DSL customers" are those on DSL.

    Args:
        items: the items of a question, quantities joined.

    Returns:
        As many items; a slip and the words that take it back are silent.
    """
    found = list(items)
    for at in range(len(items)):
        if not _corrects(items, at):
            continue
        wrong, right = _nearest(items, at, -1), _nearest(items, at, 1)
        if wrong is None or right is None:
            continue
        meant = _replacement(items[wrong], items[right])
        if meant is not None:
            silent = [Item(_SILENT, item.text) for item in items[wrong:right]]
            found[wrong:right], found[right] = silent, meant
    return found


def with_absences(items: list[Item], schema: Schema) -> list[Item]:
    """Read "where tech support says 'no internet service'" as that value of tech support.

    Args:
        items: the items of a question.
        schema: the table.

    Returns:
        As many items; the words of the value are silent.
    """
    found = list(items)
    for at, item in enumerate(items):
        if not item.mentions("value"):
            continue
        for step in (-1, 1):
            place = at + step
            while _sees_through(item_at(items, place)):
                place += step
            named = item_at(items, place).mention
            value = _absent_value(named, item, schema)
            if named and value:
                mention = replace(named, kind="value", name=value, negative=True)
                found[place] = replace(items[place], mention=mention)
                found[at] = Item(_SILENT, item.text)
    return found


def _sees_through(item: Item) -> bool:
    easy = item.has(*_BETWEEN) or item.text in ("in", "under", "for", "on")
    return easy and item.mention is None and not item.has("noun", "neg")


def _absent_value(named: Mention | None, item: Item, schema: Schema) -> str:
    """Return the value of a named column that says that it does not apply, in an item's words."""
    if named is None or named.kind == "term" or item.mention is None:
        return ""
    values = schema.column(named.column).values if named.column != item.mention.column else ()
    return next((v.value for v in values if v.absent and v.value.lower() == item.text), "")


def with_takers(items: list[Item]) -> list[Item]:
    """Read "go paperless", 走电子支票 as having it: no outcome is meant.

    Args:
        items: the items of a question.

    Returns:
        As many items; a verb of that kind right before a value is a preposition.
    """
    found = list(items)
    for at, item in enumerate(items):
        role = "neg" if item.has("untaken") else "with"
        if item.has("takes", "untaken") and item_at(items, at + 1).mentions("value", "term"):
            found[at] = Item(frozenset({role}), item.text)
    return found


def _is_tally(items: list[Item], at: int, quantity: Quantity) -> bool:
    """Whether customers are counted: "are there more than 500 seniors", 有没有五百个."""
    before, after = item_at(items, at - 1), item_at(items, skip(items, at + 1, "unit.measure"))
    asked = before.has("exists") and (after.has("noun", "stop") or after.mention is not None)
    behind = skip(items, at + 1, "unit.measure", "noun")
    asked = asked or (behind > at + 1 and item_at(items, behind).text in _WONDER)
    named = after.mentions("column") or before.mentions("column")
    return asked and bool(quantity.bounds) and not named and not quantity.units() - {"measure"}


def with_tallies(items: list[Item]) -> list[Item]:
    """Mark the numbers that are asked of a group ("are there 500 such seniors?").

    Args:
        items: the items of a question, quantities joined.

    Returns:
        As many items; such a number restricts nobody and asks how many there are.
    """
    return [
        replace(item, roles=frozenset({"many"}))
        if isinstance(item, QuantityItem) and _is_tally(items, at, item.quantity)
        else item
        for at, item in enumerate(items)
    ]


def _turn_before(items: list[Item]) -> str:
    """Return the unit of "the first year" if only a comparison or a list follows it."""
    place = max((i for i, each in enumerate(items) if isinstance(each, QuantityItem)), default=-1)
    last = items[place] if place >= 0 else None
    linked = any_has(items[place + 1 :], "versus", "and", "or")
    turn = isinstance(last, QuantityItem) and linked and last.quantity.turn
    return min(last.quantity.units()) if turn and isinstance(last, QuantityItem) else ""


def with_shared_turns(items: list[Item]) -> list[Item]:
    """Read "the first year versus the second", whose unit was said before.

    Args:
        items: the items of a question, quantities joined.

    Returns:
        As many items; the bare ordinal is a quantity.
    """
    found = list(items)
    for at, item in enumerate(items):
        number = 1 if item.text == "first" else ORDINALS.get(item.text, 0)
        after = item_at(items, at + 1)
        own = after.has("noun", "unknown", "anchor") or after.mention is not None
        unit = _turn_before(found[:at]) if number and not own else ""
        if unit:
            low, high = Amount(number - 1.0, unit), Amount(float(number), unit)
            bounds: tuple[tuple[Bound, Amount], ...] = (("gt", low), ("le", high))
            quantity = Quantity(bounds if number > 1 else bounds[1:], turn=True)
            found[at] = QuantityItem(frozenset({"quantity"}), item.text, quantity=quantity)
    return found


def reworded(items: list[Item]) -> list[Item]:
    """Apply what is read only when the quantities are joined: ellipses, corrections, tallies."""
    return with_tallies(corrected(with_shared_turns(items)))

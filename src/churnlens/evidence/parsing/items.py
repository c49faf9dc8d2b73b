"""The items of a question: phrases with the roles that they can play."""

from __future__ import annotations

from dataclasses import dataclass

from churnlens.evidence.parsing.lexicon import Mention


@dataclass(slots=True)
class Item:
    """A phrase of the question.

    Attributes:
        roles: what it can do in the grammar; `unknown` for words that nobody knows.
        text: the words, for messages.
        mention: what it refers to in the schema, if anything.
        number: its value, if it is a number.
    """

    roles: frozenset[str]
    text: str
    mention: Mention | None = None
    number: float | None = None

    def has(self, *roles: str) -> bool:
        """Whether the item has one of the roles."""
        return not self.roles.isdisjoint(roles)

    def suffix(self, head: str) -> str:
        """Return what follows `head.` in one of the roles ("ge" of `cmp.ge`), or nothing."""
        found = sorted(role for role in self.roles if role.startswith(head + "."))
        return found[0].removeprefix(head + ".") if found else ""

    def mentions(self, *kinds: str) -> bool:
        """Whether the item refers to something of one of the kinds in the schema."""
        return self.mention is not None and self.mention.kind in kinds


END = Item(frozenset({"stop"}), "")


def item_at(items: list[Item], at: int) -> Item:
    """Return an item, or the end of a sentence beyond the question."""
    return items[at] if 0 <= at < len(items) else END


def skip(items: list[Item], at: int, *roles: str) -> int:
    """Return the place behind all items from `at` on that have one of the roles."""
    while at < len(items) and items[at].has(*roles):
        at += 1
    return at


def any_has(items: list[Item], *roles: str) -> bool:
    """Whether one of the items has one of the roles."""
    return any(item.has(*roles) for item in items)


def before_noun(items: list[Item], at: int) -> bool:
    """Whether "customers" follows, 的 aside."""
    at += 1
    while item_at(items, at).text == "的":
        at += 1
    return item_at(items, at).has("noun")

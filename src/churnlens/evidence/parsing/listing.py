"""Requests for single customers one by one: "list fiber customers who left", 列出流失的光纤客户."""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.parsing.quantities import QuantityItem

_LISTS = frozenset(
    {
        "list", "list out", "enumerate", "name", "export", "a list of", "list of", "列出", "列一下",
        "列举", "罗列", "导出", "列出来", "列",
    }
)  # fmt: skip
_RANKS = frozenset({"top", "first", "前", "最前"})
_NAMED = frozenset({"名单", "清单", "花名册"})
_EXPLAINS = ("why", "many", "compare", "todo", "howto", "versus", "effect")
_PASSED = ("link", "epithet", "left", "stayed", "with", "and", "or", "neg", "more", "comma")
_FOLLOWS = ("stop", "comma", "which", "with", "epithet", "neg", "and", "or", "range")
_THEMSELVES = frozenset({"leaving", "left", "churned", "churning", "gone", "lost", "leave"})


def _reaches_customers(items: list[Item], at: int) -> bool:
    """Whether what stands behind a place is customers, not something of theirs."""
    while at < len(items) and not items[at].has("noun"):
        item = items[at]
        plain = isinstance(item, QuantityItem) or item.has(*_PASSED) or item.number is not None
        if not (plain or item.mention or item.text in _RANKS or item.text in ("all", "every")):
            return False
        at += 1
    after = item_at(items, at + 1)
    if not item_at(items, at).has("noun"):
        return False
    return after.text in _THEMSELVES or (after.has(*_FOLLOWS) and after.text != "的")


def _counts_customers(items: list[Item], at: int) -> bool:
    """Whether "top 5", 前五名 is said of customers."""
    numbered = items[at + 1 : at + 2]
    ranked = items[at].text in _RANKS and any(
        isinstance(each, QuantityItem) or each.number is not None for each in numbered
    )
    return ranked and _reaches_customers(items, at + 1)


def asks_for_list(items: list[Item]) -> bool:
    """Whether single customers are to be listed and neither reasons nor rates are asked.

    Args:
        items: the items of a question.
    """
    if any_has(items, *_EXPLAINS):
        return False
    if any(item.text in _NAMED for item in items) and any_has(items, "noun", "left", "stayed"):
        return True
    return any(
        (item.text in _LISTS and _reaches_customers(items, at + 1)) or _counts_customers(items, at)
        for at, item in enumerate(items)
    )

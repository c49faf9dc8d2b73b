"""Requests for single customers one by one: "list fiber customers who left", 列出流失的光纤客户."""

from __future__ import annotations

from collections.abc import Iterable

from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.parsing.quantities import QuantityItem

_LISTS = frozenset(
    {
        "list", "list out", "enumerate", "name", "export", "a list of", "list of", "列出", "列一下",
        "列举", "罗列", "导出", "列出来", "列",
    }
)  # fmt: skip
_RANKS = frozenset({"top", "first", "前", "最前"})
_NAMED = (
    "名单", "清单", "花名册", "customer list", "list of customer", "list of all customer",
    "list all customer", "list all the customer",
)  # fmt: skip
_EXPLAINS = ("why", "many", "compare", "todo", "howto", "versus", "effect")
_PASSED = ("link", "epithet", "left", "stayed", "with", "and", "or", "neg", "more", "comma")
_PLAIN = _LISTS | _RANKS | {"all", "every", "所有", "全部", "高风险", "high risk", "at risk"}
_FOLLOWS = ("stop", "comma", "which", "with", "epithet", "neg", "and", "or", "range", "more")
_THEMSELVES = frozenset({"leaving", "left", "churned", "churning", "gone", "lost", "leave"})
_WHO = frozenset({"who", "that"})
_TAKES = frozenset({"把", "将"})


def _reaches_customers(items: list[Item], at: int) -> bool:
    """Whether what stands behind a place is customers, not something of theirs."""
    while at < len(items) and not items[at].has("noun"):
        item = items[at]
        if item.mentions("value", "term") and item_at(items, at + 1).text in _WHO:
            return True  # "the seniors who churned"
        plain = isinstance(item, QuantityItem) or item.has(*_PASSED) or item.number is not None
        if not (plain or item.mention or item.text in _PLAIN):
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


def _lists(items: list[Item], at: int) -> bool:
    """Whether a word of listing is said of customers: "list customers", 把客户列出来."""
    if items[at].text not in _LISTS:
        return False
    taken = any(item.text in _TAKES for item in items[:at]) and item_at(items, at - 1).has("noun")
    return taken or _reaches_customers(items, at + 1)


def _is_list(words: str) -> bool:
    return any(name in words for name in _NAMED)


def asks_for_list(items: list[Item]) -> bool:
    """Whether single customers are to be listed and neither reasons nor rates are asked.

    Args:
        items: the items of a question.
    """
    if any_has(items, *_EXPLAINS):
        return False
    about = any_has(items, "noun", "left", "stayed")
    if any(_is_list(item.text) and (about or "customer" in item.text) for item in items):
        return True
    return any(_lists(items, at) or _counts_customers(items, at) for at in range(len(items)))


def without_list_words(problems: Iterable[str]) -> list[str]:
    """Return the problems of a request for a list but those that only its own words are."""
    told = ("personal_data", "instruction")
    return [
        problem
        for problem in problems
        if not problem.startswith(told)
        or not (_is_list(problem) or problem.partition(": ")[2] in _LISTS)
    ]

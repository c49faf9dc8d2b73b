"""Which words tell something that no column records, and which select customers."""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item, item_at
from churnlens.evidence.parsing.quantities import QuantityItem

_GENERIC = frozenset(
    [
        "service", "services", "plan", "plans", "package", "packages", "product", "products",
        "business", "offering", "offerings", "bundle", "bundles", "option", "options", "network",
        "line", "deal", "deals", "quality", "feature", "features",
        "服务", "产品", "业务", "套餐", "功能", "选项",
    ]
)  # fmt: skip
STATES = frozenset(
    [
        "problem", "problems", "issue", "issues", "error", "errors", "fault", "faults", "failure",
        "failures", "difficulties", "dispute", "disputes", "trouble", "troubles", "出错", "问题",
        "毛病", "差错", "错误", "纠纷", "出过问题", "故障",
    ]
)  # fmt: skip
SIZES = frozenset(
    [
        "length", "type", "kind", "size", "amount", "level", "duration", "share", "choice", "lack",
        "use", "presence", "absence", "price", "cost", "price tag", "costs", "prices",
    ]
)  # fmt: skip
_PEOPLE = frozenset({"those", "anyone", "everyone", "everybody", "people", "someone", "ones"})
_SIZED = ("high", "degree", "more", "top", "bottom", "average", "reason", "tone", "per")


def chinese(item: Item) -> bool:
    """Whether an item begins with a Chinese character."""
    return "\u3400" <= item.text[:1] <= "\u9fff"


def _adverb(item: Item) -> bool:
    return item.text.endswith("ly") and len(item.text) > len("only")


def strange(item: Item) -> bool:
    """Whether an item is a word that nobody knows, adverbs aside."""
    return item.has("unknown") and not _adverb(item)


def specific(item: Item) -> bool:
    """Whether an item is a thing or a state of the trade that no column holds."""
    if item.mention is not None or item.has("tone", "noun") or item.text in _GENERIC | SIZES:
        return False
    return item.has("thing") or bool(item.suffix("reason")) or item.text in STATES


def selects(item: Item) -> bool:
    """Whether an item selects customers by itself."""
    return isinstance(item, QuantityItem) or item.mentions("value", "term")


def is_people(items: list[Item], at: int) -> bool:
    """Whether customers are named at a place."""
    item = item_at(items, at)
    return item.has("noun") or item.text in _PEOPLE or item.mentions("value", "term")


def is_sized(clause: list[Item], item: Item) -> bool:
    """Whether a number column is told anything about: "who pay a lot", "whose bill is high"."""
    others = [each for each in clause if each is not item]
    told = any(selects(each) or each.has(*_SIZED) or each.suffix("cmp") for each in others)
    return told or any(each.suffix("reason") for each in others)

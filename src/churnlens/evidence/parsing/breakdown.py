"""The columns whose values are to be put beside each other: "which contract …", 按合同比较."""

from __future__ import annotations

from churnlens.evidence.candidates import column_candidates
from churnlens.evidence.parsing.atoms import Reading
from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.schema import Schema

_EACH = frozenset(
    {
        "by", "per", "across", "each", "every", "which", "what", "between", "among", "against",
        "of each", "for each", "按", "按照", "各", "各个", "各类", "各种", "每", "每个", "每种", "每类",
        "分", "什么", "不同", "哪", "不同的",
    }
)  # fmt: skip
_BEFORE = ("which", "compare", "whether")
_ANYWHERE = ("effect", "compare")
_PASSED = frozenset({"the", "a", "our", "different", "various", "type of", "kind of", "的", "种"})


def _is_led(items: list[Item], at: int) -> bool:
    """Whether "by", "which", 各 stands before a column."""
    before = at - 1
    while item_at(items, before).text in _PASSED and not items[before].has(*_BEFORE):
        before -= 1
    item = item_at(items, before)
    return item.text in _EACH or item.has(*_BEFORE)


def read_breakdown(
    items: list[Item], reading: Reading, schema: Schema
) -> tuple[tuple[str, ...], list[str]]:
    """Return the columns by whose values leaving is asked.

    A column with a condition of its own ("charges above 80") is none.

    Args:
        items: the items of a question that compares no two groups and asks for no advice.
        reading: its selections.
        schema: the table.

    Returns:
        The columns in the order of the question, and the problems `unknown_breakdown: label` of
        numbers that the schema does not divide into bands.
    """
    if not any_has(items, "left", "stayed"):
        return (), []
    taken = {name for atom in reading.atoms for name in atom.columns}
    wide = any_has(items, *_ANYWHERE)
    named = [
        item.mention.column
        for at, item in enumerate(items)
        if item.mention and item.mention.kind == "column" and (wide or _is_led(items, at))
    ]
    attributes = {column.name: column for column in schema.attributes()}
    asked = [attributes[n] for n in dict.fromkeys(named) if n in attributes and n not in taken]
    divided = tuple(column.name for column in asked if column_candidates(column))
    words = [items_text(items, column.name) for column in asked if column.name not in divided]
    return divided, [f"unknown_breakdown: {each}" for each in words]


def items_text(items: list[Item], column: str) -> str:
    """Return the words by which a column is named."""
    return next(item.text for item in items if item.mention and item.mention.column == column)

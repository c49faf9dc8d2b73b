"""The columns whose values are to be put beside each other: "which contract …", 按合同比较."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from churnlens.evidence.candidates import column_candidates
from churnlens.evidence.parsing.atoms import Atom, Reading, says_yes
from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.parsing.lexicon import name_phrase
from churnlens.evidence.parsing.vocabulary import phrase
from churnlens.schema import Schema

_DIVIDES = frozenset({"by", "per", "按", "按照", "分", "依"})
_EACH = _DIVIDES | frozenset(
    {
        "across", "each", "every", "which", "what", "between", "among", "against", "of each",
        "for each", "各", "各个", "各类", "各种", "每", "每个", "每种", "每类", "什么", "不同",
        "不同的", "哪",
    }
)  # fmt: skip
_PEOPLE = frozenset({"who", "whom", "whose", "that", "where"})  # "customers who pay"
_BEFORE = ("which", "compare", "whether")
_PASSED = frozenset({"the", "a", "our", "different", "various", "type of", "kind of", "的", "种"})
_SEEN_THROUGH = ("link", "with", "left", "stayed", "neutral", "and", "comma", "column")
_JOINS = ("and", "or", "comma")


@dataclass(frozen=True)
class Division:
    """By what a question divides its customers.

    Attributes:
        columns: in the order of the question.
        problems: `unknown_breakdown: label` of numbers that the schema does not divide into bands.
        atoms: the selections of the question without those that only name a column.
        one_group: whether columns are asked inside one group: "compare churn by plan for seniors"
            does not set seniors against others.
    """

    columns: tuple[str, ...]
    problems: tuple[str, ...]
    atoms: list[Atom]
    one_group: bool = False


def _is_led(items: list[Item], at: int) -> bool:
    """Whether "by", "which", 各 stands before a column."""
    before = at - 1
    while item_at(items, before).text in _PASSED and not items[before].has(*_BEFORE):
        before -= 1
    item = item_at(items, before)
    if item.text == "by" and item_at(items, before - 1).has("or"):
        return False  # "caused by support or by price"
    return (item.text in _EACH or item.has(*_BEFORE)) and item.text not in _PEOPLE


def _is_listed(between: list[Item]) -> bool:
    """Whether a column stands behind another that is asked: "by gender and contract"."""
    small = all(item.has(*_JOINS) or item.text in _PASSED for item in between)
    return small and any_has(between, *_JOINS)


def _is_weighed(items: list[Item], at: int) -> bool:
    """Whether an effect or a comparison is said of a column: "is churn correlated with gender"."""
    if item_at(items, at - 1).has("except"):  # "besides price, what else …"
        return False
    for step in (-1, 1):
        place = at + step
        while _is_seen_through(items, place):
            place += step
        if item_at(items, place).has("effect", "compare"):
            return True
    return False


def _is_seen_through(items: list[Item], at: int) -> bool:
    item = item_at(items, at)
    if item.has("noun"):  # 客户流失, "customer churn"
        return item_at(items, at + 1).has("left", "stayed")
    plain = item.has(*_SEEN_THROUGH) and not item.has("effect", "compare")
    return plain and item.text not in _PEOPLE


def _names_column(items: list[Item], at: int, schema: Schema) -> bool:
    """Whether a yes/no column is named, not its customers: "tech support", no "seniors"."""
    mention, after = items[at].mention, item_at(items, at + 1)
    if mention is None or not says_yes(items[at], schema):
        return False
    column = schema.column(mention.column)
    spoken = (column.label.en, column.label.zh, *column.words.en, *column.words.zh)
    names = {name_phrase(column.name), *map(phrase, spoken)}
    people = (
        after.has("noun", "unknown", "with", "anchor")
        or after.mention
        or after.text in ("的", "only")
    )
    return phrase(items[at].text) in names and not people


def _divides_by_yes(items: list[Item], at: int) -> bool:
    """Whether rates are asked by a yes/no column: "churn by tech support", 按技术支持比较."""
    before = item_at(items, at - 2)
    divided = before.has("left", "stayed", "many", "compare", "stop", "comma")
    return item_at(items, at - 1).text in _DIVIDES and divided


def _named(items: list[Item], schema: Schema) -> Iterator[tuple[int, str]]:
    """Yield the place and the name of each column by which rates are asked."""
    last = -1
    for at, item in enumerate(items):
        if item.mention is None or item.mention.kind == "term":
            continue
        listed = last >= 0 and _is_listed(items[last + 1 : at])
        if item.mention.kind == "column":
            asked = listed or _is_led(items, at) or _is_weighed(items, at)
        else:
            asked = listed or _divides_by_yes(items, at)
            asked = asked and _names_column(items, at, schema)
        if asked:
            last = at
            yield at, item.mention.column


def _is_one_group(items: list[Item], reading: Reading, atoms: list[Atom]) -> bool:
    """Whether nothing is set against the selections: no others, and no two of one column."""
    told = [name for atom in atoms for name in atom.columns]
    against = any_has(items, "versus", "rest", "relative") or bool(reading.dangling)
    return not against and len(told) == len(set(told))


def read_breakdown(items: list[Item], reading: Reading, schema: Schema) -> Division:
    """Return the columns by whose values leaving is asked.

    A column with a condition of its own ("charges above 80") is none.

    Args:
        items: the items of a question that asks for no advice.
        reading: its selections.
        schema: the table.
    """
    if not any_has(items, "left", "stayed"):
        return Division((), (), reading.atoms)
    places = dict(_named(items, schema))
    named_only = {at for at in places if items[at].mentions("value")}
    atoms = [atom for atom in reading.atoms if atom.at not in named_only]
    taken = {name for atom in atoms for name in atom.columns}
    columns = {column.name: column for column in schema.attributes() if column.name not in taken}
    asked = [columns[name] for name in dict.fromkeys(places.values()) if name in columns]
    words = {column: items[at].text for at, column in reversed(places.items())}
    return Division(
        columns=tuple(column.name for column in asked if column_candidates(column)),
        problems=tuple(
            f"unknown_breakdown: {words[column.name]}"
            for column in asked
            if not column_candidates(column)
        ),
        atoms=atoms,
        one_group=bool(asked) and _is_one_group(items, reading, atoms),
    )

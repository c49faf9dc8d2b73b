"""Words for attributes named before: "tech support … those without it", "… those with both"."""

from __future__ import annotations

from churnlens.evidence.parsing.atoms import says_yes
from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.parsing.lexicon import Mention, negative_value, positive_value
from churnlens.schema import Column, Schema

_PRONOUNS = frozenset({"it", "one", "1", "them", "它"})
_BLANK = frozenset({"neutral"})
_AND, _OR = Item(frozenset({"and"}), "and"), Item(frozenset({"or"}), "or")
_NOT, _HAVE = Item(frozenset({"neg"}), "not"), Item(frozenset({"with"}), "with")
_OF, _PEOPLE = Item(frozenset({"link"}), "的"), Item(frozenset({"noun"}), "客户")
_LISTED = ("and", "comma")
_BEFORE = ("with", "neg", "link")


def _is_had(item: Item, schema: Schema) -> bool:
    mention = item.mention
    if mention is None or mention.kind != "value":
        return mention is not None
    label = schema.column(mention.column).value(mention.name).label.en
    return not label.startswith("who are ")


def _attributes(items: list[Item], schema: Schema) -> list[int]:
    """Return the places of what somebody has: yes/no attributes, but not "who are seniors"."""
    return [at for at, item in enumerate(items) if says_yes(item, schema) and _is_had(item, schema)]


def _had(column: Column, text: str) -> Item:
    """Return an attribute that customers have."""
    mention = Mention("value", column.name, positive_value(column) or "", bare=True)
    return Item(frozenset({"value"}), text, mention)


def _lacked(item: Item, schema: Schema) -> Item | None:
    """Return the attribute that a phrase says is not there ("without tech support")."""
    mention = item.mention
    if mention is None or mention.kind != "value" or says_yes(item, schema):
        return None
    column = schema.column(mention.column)
    told = positive_value(column) is not None and mention.name == negative_value(column)
    lacks = column.value(mention.name).label.en.startswith("without ")
    return _had(column, item.text) if told and lacks else None


def _of_term(item: Item, schema: Schema) -> list[Item]:
    """Return the two attributes that a group is about ("streaming": TV and movies), or none."""
    if not item.mentions("term") or item.mention is None:
        return []
    term = next(each for each in schema.terms if each.name == item.mention.name)
    named = [schema.column(part.column) for part in term.means]
    pair = len(named) == 2 and all(positive_value(column) for column in named)
    return [_had(column, item.text) for column in named] if pair else []


def _antecedent(items: list[Item], at: int, schema: Schema) -> int | None:
    """Return the place of what a pronoun means: the last yes/no attribute, else the last value."""
    attributes = _attributes(items[:at], schema)
    lacked = [place for place in range(at) if _lacked(items[place], schema)]
    if attributes or lacked:
        return max([*attributes, *lacked])
    for place in range(at - 1, -1, -1):
        mention = items[place].mention
        if mention is not None and mention.kind != "term":
            return place if mention.bare or mention.kind == "column" else None
    return None


def _stands_alone(items: list[Item], at: int) -> bool:
    """Whether nothing follows that "it", "one" or "both" would belong to."""
    after = item_at(items, at + 1)
    return after.mention is None and not after.has("noun", "unknown", "anchor")


def _has_named(items: list[Item], at: int) -> bool:
    """Whether a verb has what was named before: 没买的人，跟买了的人比."""
    before, after = item_at(items, at - 1), item_at(items, at + 1)
    owns = items[at].has("with") and items[at].text.endswith("了")
    return owns and after.text == "的" and before.has("and", "versus", "comma", "stop", "compare")


def _is_pronoun(items: list[Item], at: int) -> bool:
    if items[at].has("has_it") or _has_named(items, at):  # 没有技术支持的和有的
        return any(item.mention for item in items[:at])
    owned = item_at(items, at - 1).has("with", "neg")
    return owned and items[at].text in _PRONOUNS and _stands_alone(items, at)


def _pair(items: list[Item], at: int, schema: Schema) -> list[Item]:
    """Return what "both" or "neither" at a place means, nothing when it names no pair."""
    kind = items[at].suffix("pair")
    english = items[at].text.isascii()
    before = item_at(items, at - 1)
    owned = before.has(*_BEFORE) or items[at].has("neg") or bool(_of_term(before, schema))
    if not kind or not (owned or not english) or (english and not _stands_alone(items, at)):
        return []
    places = set(_attributes(items[:at], schema))
    named = [
        each
        for place, item in enumerate(items[:at])
        for each in ([item] if place in places else _of_term(item, schema))
    ][-2:]
    listed = [items[place] for place in _apposed(items, at, schema)]
    named = listed if len(listed) > len(named) else named
    if len(named) < 2 or named[0].mention == named[1].mention:
        return []
    joint = _AND if kind == "both" else _OR
    tail = [part for other in named[1:] for part in (joint, other)]
    return [_NOT if kind == "neither" else _HAVE, named[0], *tail]


def _apposed(items: list[Item], at: int, schema: Schema) -> list[int]:
    """Return the places of the attributes that 都没有 closes, if nothing else is between."""
    end = at
    while end > 0 and items[end - 1].has("link", "unit.measure", "neutral"):
        end -= 1
    start = end
    while start > 0 and (says_yes(items[start - 1], schema) or items[start - 1].has(*_LISTED)):
        start -= 1
    before = item_at(items, start - 1)
    places = [place for place in _attributes(items, schema) if start <= place < end]
    listed = any_has(items[start:end], "and", "comma") and not before.has("neg")
    told = items[at].has("neg") and not before.has("with") and end == at
    told = told or items[at].suffix("pair") == "either"
    return places if told and listed else []


def with_antecedents(items: list[Item], schema: Schema) -> list[Item]:
    """Put the attributes that are meant in the place of their pronouns.

    Args:
        items: the items of a question.
        schema: the table.

    Returns:
        The items. An attribute named in a sentence before the pronoun is only its name there
        and selects nobody: "security makes people sticky. Why do those without it leave?"
    """
    found: list[list[Item]] = [[item] for item in items]
    for at in range(len(items)):
        if items[at].has("has_it") and item_at(items, at - 1).has("neg"):  # 家属没有的客户
            found[at] = [_OF, _PEOPLE]
            continue
        place = _antecedent(items, at, schema) if _is_pronoun(items, at) else None
        if place is None:
            if pair := _pair(items, at, schema):
                found[at] = pair
                for named in _apposed(items, at, schema):  # A、B两样都没有
                    found[named] = [Item(_BLANK, items[named].text)]
                if _of_term(item_at(items, at - 1), schema):  # "stream neither"
                    found[at - 1] = [Item(_BLANK, items[at - 1].text)]
            continue
        has_it = items[at].has("has_it") or _has_named(items, at)
        found[at] = [_HAVE] if has_it else []
        found[at].append(_lacked(items[place], schema) or items[place])
        if any_has(items[place:at], "stop"):
            found[place] = [Item(_BLANK, items[place].text)]
    return [item for part in found for item in part]

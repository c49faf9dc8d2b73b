"""What every "not", "without", "except", 没有, 除…外 reaches."""

from __future__ import annotations

from churnlens.evidence.parsing.atoms import Atom, Reading, Selector, joint
from churnlens.evidence.parsing.items import Item, any_has, item_at, skip
from churnlens.evidence.parsing.lexicon import negative_value
from churnlens.evidence.parsing.logic import negated
from churnlens.evidence.parsing.thresholds import Thresholds
from churnlens.schema import Schema

_LONGEST_VERB = 2  # characters of an unknown verb behind 没
_BUT = frozenset({"but", "但", "但是", "却"})
_PAIRED = frozenset({"neither", "nor"})
_AMONG = frozenset({"among", "amongst", "for", "of", "in"})
_ANY = frozenset({"一个", "一项", "一种", "一样", "任何", "什么", "啥"})
_POINTS = ("link", "unit.measure")  # 这项, 都, 一直
_SPHERES = frozenset(
    {"块", "这块", "这一块", "方面", "这方面", "那块", "东西", "服务", "业务", "功能"}
)
_EASILY = frozenset(
    {
        "那么",
        "这么",
        "怎么",
        "容易",
        "轻易",
        "太",
        "大",
        "太容易",
        "那么容易",
        "easily",
        "readily",
        "lightly",
    }
)
_OBLIGED = frozenset({"should", "ought", "supposed", "meant", "该", "应该", "应"})
_AUXILIARIES = frozenset(
    {
        "do", "does", "did", "are", "is", "was", "were", "has", "have", "had", "can", "could",
        "will", "would", "should",
    }
)  # fmt: skip


def _transparent(item: Item) -> bool:
    easy = item.has("link", "with", "noun", "either", "unit.measure")
    return easy and not item.has("stop", "versus", "why")


def _inverted(items: list[Item], at: int) -> bool:
    """Whether "not" belongs to the verb behind the subject: "why don't seniors leave"."""
    if items[at].text != "not" or item_at(items, at - 1).text not in _AUXILIARIES or at == 0:
        return False
    before = item_at(items, at - 2)
    return before.has("why", "stop", "comma") or before.text == "how"


class _Negation:
    """Applies the negating words of a question to its selections and outcome words."""

    def __init__(self, items: list[Item], schema: Schema, reading: Reading) -> None:
        self.items, self.schema, self.reading = items, schema, reading
        self.atoms = {atom.at: atom for atom in reading.atoms}

    def run(self) -> None:
        """Negate what is reached."""
        for at, item in enumerate(self.items):
            if item.mention is not None:
                if item.mention.negative and at in self.atoms:
                    self.atoms[at].negative = True
                    self.spread(at, strict=False)
            elif item.has("excluded") and self.ends(at + 1):
                self.exclude_before(at)
            elif item.has("except", "neg"):
                self.reach(at, strict=item.has("except") and item.text != "but not")

    def reach(self, at: int, strict: bool) -> None:
        """Negate the first thing behind the word at `at`."""
        if _inverted(self.items, at):
            self.turn_next(at)
        elif self.regrets(at):
            return
        elif (none := self.none_of(at)) is not None:
            self.negate(none, strict)
        elif topic := self.topic(at):
            for atom in topic:
                self.negate(atom, strict)
                atom.reached = atom is not topic[0]
        elif item_at(self.items, at + 1).text == "的":  # 没订的: those who have not what was named
            self.reading.dangling.append(at)
        else:
            self.deny(at, self.behind(at), strict)

    def regrets(self, at: int) -> bool:
        """Whether what has happened is wished away: "they should not be leaving"."""
        wished = item_at(self.items, at - 1).text in _OBLIGED
        wished = wished or item_at(self.items, at + 1).text in _OBLIGED
        behind = self.items[skip(self.items, at + 1, "link", "neutral") :][:1]
        return wished and any_has(behind, "left", "stayed")

    def deny(self, at: int, position: int, strict: bool) -> None:
        """Negate what stands at a position, or what was stated before the word at `at`."""
        if position in self.atoms:
            self.negate(self.atoms[position], strict)
            self.spread(position, strict)
        elif self.turns(at, position):
            self.reading.turned.add(position)
        elif (stated := self.stated(at)) and stated.yes and stated.bare and self.ends(at + 1):
            self.negate(stated, strict)
        elif not strict and not any(item.mention for item in self.items[at + 1 : position]):
            self.reading.dangling.append(at)

    def behind(self, at: int) -> int:
        """Return the place of the first thing behind a word that it may deny."""
        position = at + 1
        while position < len(self.items) and position not in self.atoms:
            item = self.items[position]
            verb = position == at + 1 and item.has("unknown") and len(item.text) <= _LONGEST_VERB
            seen_through = _transparent(item) or item.mentions("column") or verb
            seen_through = seen_through or item.text in _EASILY or self.acts(at, position)
            if item.has("left", "stayed") or not seen_through:
                break
            position += 1
        return position

    def acts(self, at: int, position: int) -> bool:
        """Whether a verb stands behind "neither", "nor": "who neither live with a partner"."""
        paired = self.items[at].text in _PAIRED and position == at + 1
        after = item_at(self.items, position + 1)
        return paired and (after.has("with", "link") or after.mention is not None)

    def turns(self, at: int, position: int) -> bool:
        """Whether an outcome is negated; "those without leave" speaks of an attribute."""
        item = item_at(self.items, position)
        owned = self.items[at].text == "without" and not item.text.endswith("ing")
        return item.has("left", "stayed") and not owned

    def stated(self, at: int) -> Atom | None:
        """Return the selection before a place, "is" aside (because support is missing)."""
        if self.items[at].text == "without":  # "parents without" lack something else
            return None
        before = at - 1
        while item_at(self.items, before).text in _AUXILIARIES:
            before -= 1
        return self.atoms.get(before)

    def none_of(self, at: int) -> Atom | None:
        """Return what 一个…都没订 denies altogether."""
        counted = item_at(self.items, at - 2).text in _ANY
        return self.atoms.get(at - 1) if counted else None

    def points(self, item: Item) -> bool:
        """Whether a word only points at the topic before it."""
        small = item.has(*_POINTS) or item.text in _SPHERES
        return small and item.text != "的" and item.mention is None

    def topic(self, at: int) -> list[Atom]:
        """Return what stands before its denial as the topic: 设备保障这项没买的人."""
        verb = item_at(self.items, at + 1)  # 都不看的
        marked = verb.text == "的" or (len(verb.text) == 1 and verb.has("link"))
        if not marked or "的" not in (verb.text, item_at(self.items, at + 2).text):
            return []
        place = at - 1
        while self.points(item_at(self.items, place)):
            place -= 1
        found: list[Atom] = []
        while place in self.atoms:
            found = [self.atoms[place], *found]
            tie = item_at(self.items, place - 1)
            joined = tie.has("and", "comma") and tie.text not in _BUT and place - 2 in self.atoms
            place -= 2 if joined else 1
        owned = item_at(self.items, place).has("with", "neg")
        if owned and len(found) > 1:  # 订了安全、备份没订的
            found, owned = found[-1:], False
        plain = all(atom.yes and atom.bare and not atom.negative for atom in found)
        return [] if owned or not plain else found

    def ends(self, at: int) -> bool:
        """Whether a clause ends here, so that it denied what it began with (电视没开、)."""
        return item_at(self.items, at).has("comma", "stop")

    def exclude_before(self, at: int) -> None:
        """Negate what stands before "excluded", "aside", 除外, up to a comma."""
        while at > 0 and not self.items[at - 1].has("comma", "stop", "except", "excluded"):
            at -= 1
            if at in self.atoms and not self.atoms[at].negative:
                self.negate(self.atoms[at], strict=True)

    def turn_next(self, at: int) -> None:
        """Negate the next outcome word."""
        for position in range(at + 1, len(self.items)):
            if self.items[position].has("stop"):
                return
            if self.items[position].has("left", "stayed"):
                self.reading.turned.add(position)
                return

    def negate(self, atom: Atom, strict: bool) -> None:
        """Negate one selection."""
        atom.clauses = negated(atom.clauses, self.schema, strict)
        atom.negative = True

    def spread(self, start: int, strict: bool) -> None:
        """Carry the negation on: "without A or B", "excluding A and B"."""
        while (position := self.next_listed(start, strict)) is not None:
            after, before = self.atoms[position], self.atoms[start]
            alike = after.bare and (after.yes or after.columns == before.columns)
            if self.items[position].mention == self.items[start].mention:  # "non-A and A"
                return
            if not strict and self.adds(start, position):
                return
            if not alike and not (strict and self.items[position].mention is not None):
                return
            self.negate(after, strict)
            after.reached = True
            start = position

    def adds(self, start: int, position: int) -> bool:
        """Whether "and" adds a kind of its own: "no phone and paperless bills"."""
        after = self.atoms[position]
        between = self.items[start + 1 : position]
        if not after.yes or any_has(between, "or", "comma") or not any_has(between, "and"):
            return False
        column = self.schema.column(min(after.columns))
        label = column.value(negative_value(column) or column.values[0].value).label.en
        return not label.startswith("without ")

    def next_listed(self, start: int, strict: bool) -> int | None:
        """Return the next selection if only a list joins it, without a preposition of its own."""
        position, linked, own = start + 1, False, False
        while position < len(self.items) and position not in self.atoms:
            item = self.items[position]
            joins = item.has("and", "or", "comma")
            closed = item.has("noun") and item_at(self.items, position + 1).has("comma")
            if item.has("neg", "except") or not (_transparent(item) or joins):
                return None
            if closed and not strict:  # 没技术支持的客户，和有电视的客户
                return None
            linked = linked or item.has("and", "or") or item.text == "、" or self.lists(position)
            own = own or item.has("with") or item.text in _BUT or item.text in _AMONG
            position += 1
        return position if position in self.atoms and linked and (strict or not own) else None

    def lists(self, comma: int) -> bool:
        """Whether a comma stands in a list of attributes that "and" or "or" closes."""
        following = sorted(at for at in self.atoms if at > comma)[:3]
        if not self.items[comma].has("comma"):
            return False
        for first, second in zip(following, following[1:], strict=False):
            here, between = self.atoms[first], self.items[first + 1 : second]
            plain = here.bare and here.yes and self.atoms[second].bare
            if not plain or any_has(between, "with", "neg", "noun", "stop"):
                return False
            if any_has(between, "and", "or"):
                return True
        return False


def _at_once(items: list[Item], first: int) -> bool:
    """Whether both must hold together: "DSL and fiber simultaneously", 同时装着DSL和光纤."""
    return any_has(items, "at_once") or any_has(
        [i for i in items[:first] if i.text == "同时"], "and"
    )


def _means_still(items: list[Item], first: Atom, second: Atom) -> bool:
    """Whether 还是 says that somebody is something too: 老客户，还是按月付的."""
    still = any(item.text == "还是" for item in items[first.at + 1 : second.at])
    asked = any_has(items, "more", "degree", "which", "compare")
    return still and not asked and first.columns.isdisjoint(second.columns)


def read_atoms(items: list[Item], schema: Schema, thresholds: Thresholds) -> Reading:
    """Read every selection of a question.

    Args:
        items: the items, quantities joined.
        schema: the table.
        thresholds: its quantiles and averages.

    Returns:
        The selections with polarity and ties, and what else was noticed.
    """
    selector = Selector(schema, thresholds, items)
    reading = Reading(atoms=selector.atoms(), problems=selector.problems, notes=selector.notes)
    _Negation(items, schema, reading).run()
    for first, second in zip(reading.atoms, reading.atoms[1:], strict=False):
        second.joint = joint(items, first.at, second.at)
        if second.joint == "and" and _at_once(items, reading.atoms[0].at):
            second.joint = "none"
        if second.joint == "or" and _means_still(items, first, second):
            second.joint = "none"
    return reading

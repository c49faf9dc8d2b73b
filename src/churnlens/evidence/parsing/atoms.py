"""Items to single selections: what each phrase selects, negated or not, and how they are joined."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from churnlens.evidence.parsing.columns import Attacher, Thresholds, Unclear
from churnlens.evidence.parsing.lexicon import Mention, negative_value, positive_value
from churnlens.evidence.parsing.logic import Clauses, any_of, negated
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.evidence.parsing.scan import Item
from churnlens.schema import Condition, Quantile, Schema

Joint = Literal["or", "and", "comma", "none", "far"]
_AUXILIARIES = frozenset(
    "do does did are is was were has have had can could will would should".split()
)
_IGNORED_COUNT = 100  # "top 10 reasons": a number up to here without a comparison counts answers


@dataclass(slots=True)
class Atom:
    """One selection at its place in the question.

    Attributes:
        at: index of its item.
        clauses: what it selects, with its polarity.
        columns: the columns involved.
        bare: "without X or …" reaches it.
        yes: it says that a yes/no attribute is there.
        joint: how it is tied to the selection before it.
        reached: its negation began at an earlier selection ("without A or B").
    """

    at: int
    clauses: Clauses
    columns: frozenset[str]
    bare: bool = False
    yes: bool = False
    joint: Joint = "none"
    negative: bool = False
    reached: bool = False


@dataclass(slots=True)
class Reading:
    """What the items say.

    Attributes:
        atoms: the selections in order.
        turned: items of the outcome that are negated ("not leaving").
        dangling: items that negate what was said before ("with support and those without").
        problems: what the table cannot answer.
        notes: words that were understood but select nobody.
        used: items that are accounted for.
    """

    atoms: list[Atom] = field(default_factory=list)
    turned: set[int] = field(default_factory=set)
    dangling: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Selector:
    """Turns mentions and numbers into clauses."""

    def __init__(self, schema: Schema, thresholds: Thresholds, items: list[Item]) -> None:
        self.schema, self.thresholds, self.items = schema, thresholds, items
        self.attacher = Attacher(schema, thresholds, items)
        self.reading = Reading()

    def clauses(self, at: int) -> Clauses:
        """Return what an item selects; empty when it selects nobody."""
        item = self.items[at]
        if isinstance(item, QuantityItem):
            return self._quantity(at, item)
        mention = item.mention
        if mention is None:
            return ()
        if mention.kind == "term":
            return self._term(mention.name)
        if mention.also and self._beside_number(at):
            return ()
        if mention.kind == "value":
            condition = Condition(column=mention.column, op=mention.op, value=mention.name)
            return ((condition,),)
        return self._possession(at, mention)

    def _beside_number(self, at: int) -> bool:
        following = (item for item in self.items[at + 1 :] if not item.has("link", "between"))
        return isinstance(next(following, None), QuantityItem)

    def _term(self, name: str) -> Clauses:
        term = next(term for term in self.schema.terms if term.name == name)
        parts = tuple(
            Condition(
                column=part.column, op=part.op, value=self.thresholds.of(part.column, part.quantile)
            )
            if isinstance(part, Quantile)
            else part
            for part in term.means
        )
        self.reading.notes.append(f"term: {name}")
        return (parts,) if term.match == "any" else tuple((part,) for part in parts)

    def _possession(self, at: int, mention: Mention) -> Clauses:
        """Read "customers with internet" where internet has kinds, one of them none."""
        column = self.schema.column(mention.column)
        none = negative_value(column)
        if none is None or positive_value(column) is not None:
            return ()
        if any(
            item.mention and item.mention.kind == "value" and item.mention.column == column.name
            for item in self.items
        ):
            return ()
        before = at - 1
        while before >= 0 and self.items[before].has("link") and not self.items[before].has("with"):
            before -= 1
        owned = before >= 0 and self.items[before].has("with", "neg", "except")
        follower = self.items[at + 1] if at + 1 < len(self.items) else None
        if owned or (follower is not None and follower.has("noun")):
            return ((Condition(column=column.name, op="ne", value=none),),)
        return ()

    def _quantity(self, at: int, item: QuantityItem) -> Clauses:
        quantity = item.quantity
        if self.attacher.calendar(at, quantity):
            self.reading.problems.append(f"unknown_time: {item.text}")
            return ()
        units = {amount.unit for _, amount in quantity.bounds} - {"", "measure"}
        unit = sorted(units)[0] if units else ""
        column = self.attacher.column(at, quantity, unit)
        if column is not None:
            try:
                return tuple((each,) for each in self.attacher.conditions(at, quantity, column))
            except Unclear as fault:
                self.reading.problems.append(str(fault))
                return ()
        counts = not quantity.compared and all(
            not isinstance(amount.value, str) and amount.value <= _IGNORED_COUNT
            for _, amount in quantity.bounds
        )
        if unit == "age":
            self.reading.problems.append("unknown_attribute: age")
        elif self._counts_something(at, item):
            self.reading.problems.append(f"unclear_number: {item.text}")
        elif unit != "percent" and not (counts and not unit and not quantity.quantile):
            self.reading.problems.append(f"unclear_number: {item.text}")
        return ()

    def _counts_something(self, at: int, item: QuantityItem) -> bool:
        """Whether a yes/no attribute is counted ("with two kids"), which no column does."""
        before = self.items[at - 1] if at else None
        following = (i for i in self.items[at + 1 :] if not i.has("unit.measure"))
        after = next(following, None)
        counted = after is not None and after.mention is not None and after.mention.kind == "value"
        single = item.text in ("1", "one", "一")
        owned = before is not None and before.has("with", "neg")
        return counted and owned and not single and after is not None and _yes(after, self.schema)


def _transparent(item: Item) -> bool:
    return item.has("link", "with", "noun", "either", "unit.measure") and not item.has(
        "stop", "versus", "why"
    )


def _inverted(items: list[Item], at: int) -> bool:
    """Whether "not" belongs to the verb behind the subject: "why don't seniors leave"."""
    if items[at].text != "not" or at == 0 or items[at - 1].text not in _AUXILIARIES:
        return False
    before = items[at - 2] if at >= 2 else None
    return before is None or before.has("why", "stop", "comma") or before.text in ("how", "and")


class _Negation:
    """Finds what every "not", "without" and "except" reaches."""

    def __init__(
        self, items: list[Item], atoms: dict[int, Atom], schema: Schema, reading: Reading
    ) -> None:
        self.items, self.atoms, self.schema, self.reading = items, atoms, schema, reading

    def run(self) -> None:
        """Negate the selections and outcomes that are reached."""
        for at, item in enumerate(self.items):
            if item.mention is not None:
                if item.mention.negative and at in self.atoms:
                    self.atoms[at].negative = True
                    self.spread(at, strict=False)
            elif item.has("except") or item.has("neg"):
                self.reach(at, strict=item.has("except"))

    def reach(self, at: int, strict: bool) -> None:
        """Negate the first thing behind the word at `at`."""
        if _inverted(self.items, at):
            self.turn(at, anywhere=True)
            return
        position = at + 1
        while position < len(self.items) and position not in self.atoms:
            item = self.items[position]
            if item.has("left", "stayed"):
                self.reading.turned.add(position)
                return
            passed = item.mention is not None and item.mention.kind == "column"
            if not (_transparent(item) or passed):
                break
            position += 1
        if position in self.atoms:
            self.negate(position, strict)
            self.spread(position, strict)
        elif not strict and all(not self.items[i].mention for i in range(at + 1, position)):
            self.reading.dangling.append(at)

    def turn(self, at: int, anywhere: bool) -> None:
        """Negate the outcome that follows."""
        for position in range(at + 1, len(self.items)):
            if self.items[position].has("left", "stayed") and (anywhere or position == at + 1):
                self.reading.turned.add(position)
                return

    def negate(self, position: int, strict: bool) -> None:
        """Negate one selection."""
        atom = self.atoms[position]
        atom.clauses = negated(atom.clauses, self.schema, strict)
        atom.negative = True

    def spread(self, start: int, strict: bool) -> None:
        """Carry the negation on: "without A or B", "excluding A and B"."""
        while True:
            position, linked, own = start + 1, False, False
            while position < len(self.items) and position not in self.atoms:
                item = self.items[position]
                linked = linked or item.has("and", "or") or item.text == "、"
                own = own or item.has("with") or item.text == "but"
                if item.has("neg", "except"):
                    return
                if not (_transparent(item) or item.has("and", "or", "comma")):
                    return
                position += 1
            if position not in self.atoms or not linked or (own and not strict):
                return
            after, before = self.atoms[position], self.atoms[start]
            alike = after.columns == before.columns and after.bare
            mentioned = self.items[position].mention is not None
            if not (alike or (after.bare and after.yes) or (strict and mentioned)):
                return
            self.negate(position, strict)
            after.reached = True
            start = position


def _joint(items: list[Item], first: int, second: int) -> Joint:
    """Say how two neighbouring selections are tied."""
    between = items[first + 1 : second]
    loose = ("stop", "why", "left", "stayed", "versus", "many", "todo", "howto")
    if any(item.has(*loose) and not item.has("and", "or", "link") for item in between):
        return "far"
    if any(item.has("or") for item in between):
        return "or"
    if any(item.has("and") for item in between):
        return "and"
    return "comma" if any(item.has("comma") for item in between) else "none"


def _bare(item: Item) -> bool:
    return bool(item.mention and (item.mention.bare or item.mention.kind == "column"))


def _yes(item: Item, schema: Schema) -> bool:
    mention = item.mention
    if mention is None or mention.kind == "term":
        return False
    column = schema.column(mention.column)
    return mention.kind == "column" or mention.name == positive_value(column)


def read_atoms(items: list[Item], schema: Schema, thresholds: Thresholds) -> Reading:
    """Read every selection of a question.

    Args:
        items: the items, quantities joined.
        schema: the table.
        thresholds: its quantiles and averages.

    Returns:
        The selections with polarity and ties, and what else was noticed.
    """
    selector = _Selector(schema, thresholds, items)
    atoms: dict[int, Atom] = {}
    for at, item in enumerate(items):
        clauses = selector.clauses(at)
        if clauses:
            columns = frozenset(each.column for clause in clauses for each in clause)
            atoms[at] = Atom(at, clauses, columns, _bare(item), _yes(item, schema))
    _Negation(items, atoms, schema, selector.reading).run()
    order = sorted(atoms)
    for first, second in zip(order, order[1:], strict=False):
        atoms[second].joint = _joint(items, first, second)
    selector.reading.atoms = [atoms[at] for at in order]
    return selector.reading


_TOWARD = frozenset(
    "to toward towards onto into 转为 转成 改为 改用 改成 换成 换到 转到 升级到 升级为 切换到 迁移到 转向 换为 变成 变为".split()
)
_CAUSED = ("让", "使", "说服", "引导", "鼓励", "吸引", "劝", "推动")


def without_destinations(items: list[Item], atoms: list[Atom]) -> list[Atom]:
    """Leave out what customers should be moved to ("move e-check users to autopay").

    Args:
        items: the items of a question that asks what to do.
        atoms: its selections.

    Returns:
        The selections that describe the customers.
    """
    kept: list[Atom] = []
    for atom in atoms:
        after = items[atom.at + 1 : atom.at + 3]
        people = any(item.has("noun") for item in after[:1]) or (
            len(after) == 2 and after[0].text == "的" and after[1].has("noun")
        )
        between = items[kept[-1].at + 1 : atom.at] if kept else []
        moved = any(item.text in _TOWARD for item in between)
        caused = bool(kept) and any(item.text.endswith(_CAUSED) for item in items[: kept[-1].at])
        adopted = caused and any(item.has("noun") for item in between)
        if (
            kept
            and not people
            and (moved or adopted)
            and not any(i.has("and", "or") for i in between)
        ):
            continue
        kept.append(atom)
    return kept


def _single(atom: Atom) -> str:
    """Return the only column of a plain selection, or nothing."""
    return next(iter(atom.columns)) if len(atom.columns) == 1 else ""


def _joined(atoms: list[Atom]) -> list[Atom]:
    """Make one selection of "without A or B": neither of them."""
    joined: list[Atom] = []
    for atom in atoms:
        if atom.reached and joined:
            last = joined[-1]
            joined[-1] = replace(
                last, clauses=last.clauses + atom.clauses, columns=last.columns | atom.columns
            )
        else:
            joined.append(atom)
    return joined


def _lists(atoms: list[Atom]) -> set[int]:
    """Return the places of commas that mean "or" ("A, B or C")."""
    found: set[int] = set()
    for end, atom in enumerate(atoms):
        start = end
        while start > 0 and atoms[start - 1].joint == "comma":
            start -= 1
        if atom.joint != "or" or start == end or start == 0 or atoms[start - 1].joint == "or":
            continue
        columns = [_single(each) for each in atoms[start - 1 : end + 1]]
        if len(set(columns)) in (1, len(columns)) and "" not in columns:
            found |= set(range(start, end))
    return found


def _unites(before: Atom, atom: Atom, schema: Schema) -> bool:
    """Whether "A and B" means both groups together, because nobody can be both."""
    same = _single(before) and _single(before) == _single(atom)
    if not same or before.negative or atom.negative:
        return False
    if schema.column(_single(atom)).kind == "category":
        return True
    return atom.bare and before.bare


def combine(atoms: list[Atom], schema: Schema) -> Clauses:
    """Join selections: "or" makes alternatives, everything else must hold together.

    Args:
        atoms: neighbouring selections of one side of the question.
        schema: the table.

    Returns:
        The clauses that all must hold.
    """
    atoms = _joined(atoms)
    commas = _lists(atoms)
    groups: list[list[Atom]] = []
    for at, atom in enumerate(atoms):
        before = groups[-1] if groups else []
        either = atom.joint == "or" or at in commas
        pure = bool(before) and len({_single(each) for each in before}) == 1
        together = pure and atom.joint in ("and", "comma") and _unites(before[-1], atom, schema)
        if before and at > 0 and (either or together):
            before.append(atom)
        else:
            groups.append([atom])
    return tuple(clause for group in groups for clause in any_of([each.clauses for each in group]))

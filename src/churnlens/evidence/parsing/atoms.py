"""Items to single selections: what each phrase selects, negations included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from typing import Literal

from churnlens.evidence.parsing.amounts import ARTICLES
from churnlens.evidence.parsing.columns import Attacher, Unclear, durations
from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.parsing.lexicon import Mention, negative_value, positive_value
from churnlens.evidence.parsing.logic import Clauses
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.evidence.parsing.thresholds import Thresholds
from churnlens.schema import Condition, Quantile, Schema

Joint = Literal["or", "and", "comma", "none", "far"]
_IGNORED_COUNT = 100  # "top 10 reasons": a number up to here without a comparison counts answers
_ONE = ("1", "one", "一")
_LISTED = ("left", "stayed", "and", "or", "link")
_CAUSES = frozenset({"because of", "due to", "thanks to"})
_DIVIDES = frozenset({"by", "per", "按", "按照", "分", "依"})
_INSIDE = ("within", "inside")  # "within the one-year contracts" bounds nothing
_LOOSE = ("stop", "why", "left", "stayed", "many", "todo", "howto")


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
        negative: it is negated.
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
        turned: places of the outcome words that are negated ("not leaving").
        dangling: places of words that negate what was said before ("… and those without").
        problems: what the table cannot answer.
        notes: what was understood without selecting anybody.
    """

    atoms: list[Atom] = field(default_factory=list)
    turned: set[int] = field(default_factory=set)
    dangling: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def says_yes(item: Item, schema: Schema) -> bool:
    """Whether an item says that a customer has a yes/no attribute."""
    mention = item.mention
    if mention is None or mention.kind == "term":
        return False
    yes = positive_value(schema.column(mention.column))
    return mention.kind == "column" or (yes is not None and mention.name == yes)


class Selector:
    """Turns mentions and numbers into clauses, and notes what it cannot."""

    def __init__(self, schema: Schema, thresholds: Thresholds, items: list[Item]) -> None:
        self.schema, self.thresholds, self.items = schema, thresholds, items
        self.attacher = Attacher(schema, thresholds, items)
        self.problems: list[str] = []
        self.notes: list[str] = []

    def atoms(self) -> list[Atom]:
        """Return the selections of the question, not yet negated."""
        found = []
        for at, item in enumerate(self.items):
            if clauses := self._clauses(at, item):
                columns = frozenset(each.column for clause in clauses for each in clause)
                bare = item.mention is not None and (item.mention.bare or item.mentions("column"))
                found.append(Atom(at, clauses, columns, bare, says_yes(item, self.schema)))
        return found

    def _clauses(self, at: int, item: Item) -> Clauses:
        if isinstance(item, QuantityItem):
            return () if item.has("many") else self._quantity(at, item)
        mention = item.mention
        if mention is None or (mention.also and self._beside_number(at)):
            return ()
        if mention.kind == "term":
            return () if self._is_plain_adjective(at) else self._term(mention.name)
        if mention.kind == "column":
            return self._possession(at, mention)
        if self._is_cause(at):
            self.notes.append(f"topic: {item.text}")
            return ()
        return ((self._bounded(at, mention),),)

    def _bounded(self, at: int, mention: Mention) -> Condition:
        """Return what a value selects, "at least a one-year contract" the longer ones too."""
        before = at - 1
        while item_at(self.items, before).text in ARTICLES:
            before -= 1
        sign = item_at(self.items, before)
        lengths = durations(self.schema.column(mention.column))
        tests: dict[str, Callable[[float, float], bool]] = {"ge": ge, "gt": gt, "le": le, "lt": lt}
        context = sign.has("versus") or sign.text.startswith(_INSIDE)
        test = None if context else tests.get(sign.suffix("cmp"))
        length = lengths.get(mention.name, 0.0)
        names = tuple(
            n for n, months in lengths.items() if test and length and test(months, length)
        )
        if not names:
            return Condition(column=mention.column, op=mention.op, value=mention.name)
        return Condition(column=mention.column, op="in", value=names)

    def _beside_number(self, at: int) -> bool:
        following = (item for item in self.items[at + 1 :] if not item.has("link", "between"))
        return isinstance(next(following, None), QuantityItem)

    def _is_cause(self, at: int) -> bool:
        """Whether an attribute is only blamed: "leave because of tech support"."""
        blamed = item_at(self.items, at - 1).text in _CAUSES
        return blamed and says_yes(self.items[at], self.schema)

    def _is_plain_adjective(self, at: int) -> bool:
        """Whether the word of a term describes something else ("new ideas")."""
        item, after = self.items[at], item_at(self.items, at + 1)
        if item_at(self.items, at - 1).has("with"):
            return False
        word = " " not in item.text if item.text.isascii() else len(item.text) == 1
        return (
            word
            and after.has("neutral", "anchor", "todo")
            and not after.has("noun", "link", "with")
        )

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
        self.notes.append(f"term: {name}")
        return (parts,) if term.match == "any" else tuple((part,) for part in parts)

    def _possession(self, at: int, mention: Mention) -> Clauses:
        """Read "customers with internet" where internet has kinds, one of them none."""
        column = self.schema.column(mention.column)
        none = negative_value(column)
        if none is None or positive_value(column) is not None:
            return ()
        values = (
            item.mention
            for at, item in enumerate(self.items)
            if item.mentions("value") and not self._is_denied(at)
        )
        told = any(v is not None and v.column == column.name and v.name != none for v in values)
        if told and not self._lacks(at):
            return ()
        before = at - 1
        while self._is_small(item_at(self.items, before)):
            before -= 1
        divides = item_at(self.items, before).text in _DIVIDES  # "churn by internet service"
        owned = before >= 0 and self.items[before].has("with", "neg", "except") and not divides
        topic = item_at(self.items, at + 1).has("neg") and item_at(self.items, at + 2).text == "的"
        owned = owned or topic  # 宽带没开通的用户
        if owned or item_at(self.items, at + 1).has("noun"):
            return ((Condition(column=column.name, op="ne", value=none),),)
        return ()

    def _is_small(self, item: Item) -> bool:
        """Whether a word stands between a preposition and its attribute: 没有开通互联网."""
        timed = item.mentions("column") and item.mention and item.mention.column == self.schema.time
        return (item.has("link") and not item.has("with")) or bool(timed)

    def _lacks(self, at: int) -> bool:
        """Whether "no" denies the attribute itself ("no internet"), not a kind of it behind."""
        denied = item_at(self.items, at - 1).has("neg")
        return denied and not item_at(self.items, at + 1).mentions("value")

    def _is_denied(self, at: int) -> bool:
        """Whether "not", "except" stands right before an item or "excluded" behind it."""
        before, after = at - 1, at + 1
        while item_at(self.items, before).has("link", "with") and before > 0:
            before -= 1
        while item_at(self.items, after).has("noun", "link"):
            after += 1
        denied = item_at(self.items, before).has("neg", "except")
        return denied or item_at(self.items, after).has("excluded")

    def _quantity(self, at: int, item: QuantityItem) -> Clauses:
        quantity = item.quantity
        if self.attacher.is_date(at, quantity):
            self.problems.append(f"unknown_time: {item.text}")
            return ()
        column = self.attacher.column(at, quantity)
        if column is None:
            self._complain(at, item)
            return ()
        try:
            return tuple((each,) for each in self.attacher.conditions(quantity, column))
        except Unclear as fault:
            self.problems.append(str(fault))
            return ()

    def _complain(self, at: int, item: QuantityItem) -> None:
        """Note a number without a column, unless it only counts answers or customers."""
        quantity, units = item.quantity, item.quantity.units()
        small = not quantity.compared and all(
            not isinstance(amount.value, str) and amount.value <= _IGNORED_COUNT
            for _, amount in quantity.bounds
        )
        counts = small and not (units - {"measure"}) and not quantity.quantile
        if "age" in units:
            self.problems.append("unknown_attribute: age")
        elif self._says_any(at, item):
            return
        elif self._counts_attribute(at, item) or not (counts or "percent" in units):
            self.problems.append(f"unclear_number: {item.text}")

    def _says_any(self, at: int, item: QuantityItem) -> bool:
        """Whether a number only says that there is some: "at least one add-on"."""
        bounds = [(op, amount.value) for op, amount in item.quantity.bounds]
        counted = item_at(self.items, at + 1).mentions("value", "term")
        return counted and bounds in ([("ge", 1.0)], [("gt", 0.0)])

    def _counts_attribute(self, at: int, item: QuantityItem) -> bool:
        """Whether a yes/no attribute is counted ("with two kids"), which no column does."""
        after = at + 1
        while item_at(self.items, after).has("unit.measure"):
            after += 1
        counted = item_at(self.items, after)
        owned = item_at(self.items, at - 1).has("with", "neg") and item.text not in _ONE
        return owned and counted.mentions("value") and says_yes(counted, self.schema)


def _without_aside(between: list[Item]) -> list[Item]:
    """Leave out what commas enclose if it tells kinds by unknown words: ", mailed or not, "."""
    commas = [at for at, item in enumerate(between) if item.has("comma")]
    if len(commas) < 2:
        return between
    aside = between[commas[0] : commas[-1]]
    told = any(item.has("unknown", "neutral") for item in aside) and any_has(aside, "or")
    return between[: commas[0]] + between[commas[-1] :] if told else between


_BOTH = frozenset({"且", "而且", "并且", "又", "又是"})  # one person is both, unlike with 和


def joint(items: list[Item], first: int, second: int) -> Joint:
    """Say how two neighbouring selections are tied.

    Args:
        items: the items of the question.
        first: place of the first selection.
        second: place of the second one.

    Returns:
        `far` when another clause begins between them, `none` when nothing does.
    """
    between = _without_aside(items[first + 1 : second])
    listed = all(item.has(*_LISTED) for item in between)  # "fiber churn or DSL churn"
    if not listed and any(
        item.has(*_LOOSE) and not item.has("and", "or", "link") for item in between
    ):
        return "far"
    if any_has(between, "or", "versus"):
        return "or"
    if any(item.text in _BOTH for item in between):
        return "none"
    chinese = not between and not items[first].text.isascii() and not items[second].text.isascii()
    if chinese or any_has(between, "and"):
        return "and"
    return "comma" if any_has(between, "comma") else "none"

"""A versus B: where a comparison splits the question, and which conditions both sides share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

from churnlens.evidence.parsing.atoms import Atom, Reading
from churnlens.evidence.parsing.combine import combine
from churnlens.evidence.parsing.items import Item, any_has, before_noun, item_at
from churnlens.evidence.parsing.logic import Clauses, negated
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.schema import Schema

_QUESTION_VERBS = frozenset(
    {"do", "does", "did", "are", "is", "was", "were", "has", "have", "will", "can", "would"}
)
_YES_NO = frozenset({"吗", "是否", "是不是", "会不会", "要不要", "么", "能不能"})
_OF = frozenset({"of", "between", "does", "do", "having", "from"})
_BOUNDARY = (
    "noun", "comma", "stop", "left", "stayed", "many", "why", "compare", "which", "more",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sides:
    """The cohort of a question and, for a comparison, the other group."""

    cohort: Clauses
    other: Clauses | None = None


def _contrast(left: list[Atom], right: list[Atom]) -> set[str]:
    """Return the columns on which two groups differ."""
    return {n for a in left for b in right for n in a.columns & b.columns if a.clauses != b.clauses}


def _mirrored(atoms: list[Atom], tied: tuple[str, ...]) -> int | None:
    """Return where "women on fiber and men on DSL" divides: the same columns on both sides."""
    for cut in range(1, len(atoms)):
        left, right = atoms[:cut], atoms[cut:]
        columns = [sorted(sorted(atom.columns) for atom in side) for side in (left, right)]
        differ = {atom.clauses for atom in left} != {atom.clauses for atom in right}
        if columns[0] == columns[1] and differ and right[0].joint in tied:
            return cut
    return None


class _Splitter:
    """Looks for the ways in which people compare, the most explicit first."""

    def __init__(self, items: list[Item], reading: Reading, schema: Schema, plain: bool) -> None:
        self.items, self.schema, self.plain = items, schema, plain
        self.atoms, self.dangling = reading.atoms, reading.dangling

    def split(self) -> Sides | None:
        """Return the two sides, or None when nothing is compared."""
        if any_has(self.items, "whether") and (found := self.with_or_without()):
            return found
        return (
            self.versus()
            or self.listed()
            or self.opposed()
            or self.with_or_without()
            or self.implied()
        )

    def has(self, *roles: str) -> bool:
        """Whether some item has one of the roles."""
        return any_has(self.items, *roles)

    def rests(self, start: int, end: int | None = None) -> list[int]:
        """Return where "the rest", "everyone else" is said between two places."""
        places = range(start, len(self.items) if end is None else end)
        return [i for i in places if self.items[i].has("rest") and not self.items[i].mention]

    def breaks(self, start: int, end: int | None) -> bool:
        """Whether a clause ends between two places."""
        return any_has(self.items[start + 1 : end], "comma", "stop")

    # A versus B ---------------------------------------------------------------------------

    def versus(self) -> Sides | None:
        """Read "A versus B", "A more than B", "compared with B, A", "A leave while B stay"."""
        for pivot, item in enumerate(self.items):
            if not item.has("versus", "contrast") or isinstance(item, QuantityItem):
                continue
            left = [atom for atom in self.atoms if atom.at < pivot]
            right = [atom for atom in self.atoms if atom.at > pivot]
            if not item.has("versus"):
                if self.opposes(left, right, pivot):
                    return self.divide(left, right, pivot)
                continue
            denied = any(at > pivot for at in self.dangling)
            if self.closes(left, pivot):
                return self.cut(left[0], left[1])
            if left and (right or denied or self.rests(pivot)):
                return self.divide(left, right, pivot)
            opens = not left and right and not self.rests(0, pivot)
            if opens and (found := self.leading(right, pivot)):
                return found
        return None

    def closes(self, left: list[Atom], pivot: int) -> bool:
        """Whether the word of comparison stands behind both groups: 男性跟女性比，…."""
        ended = item_at(self.items, pivot + 1).has("comma", "stop")
        return ended and len(left) == 2 and bool(_contrast(left[:1], left[1:]))

    def opposes(self, left: list[Atom], right: list[Atom], pivot: int) -> bool:
        """Whether "while" sets two groups with outcomes of their own against each other."""
        told = [
            any_has(side, "left", "stayed") for side in (self.items[:pivot], self.items[pivot:])
        ]
        denied = any(at > pivot for at in self.dangling)
        return bool(_contrast(left, right)) and told[0] and (told[1] or denied)

    def leading(self, right: list[Atom], pivot: int) -> Sides | None:
        """Read "compared with B, A" and "versus the rest, A"."""
        first = right[0].at
        if self.rests(pivot, first):
            return self.against_rest(right, [], [])
        ends = (i for i in range(first + 1, len(self.items)) if self.items[i].has("comma", "stop"))
        end = next(ends, first)
        other = [atom for atom in right if atom.at <= end]
        cohort = [atom for atom in right if atom.at > end]
        if not cohort:
            return None
        return Sides(combine(cohort, self.schema), combine(other, self.schema))

    # compare A and B ----------------------------------------------------------------------

    def listed(self) -> Sides | None:
        """Read "difference between A and B", "which churns more, A or B"."""
        if self.is_relative():
            return self.leading(self.atoms, self.atoms[0].at - 1)
        compare = self.has("compare") or self.ends_in_versus()
        asked = self.plain and self.has("more", "degree") and self.has("which", "or")
        if not (compare or asked or self.has("choice")):
            return None
        tied: tuple[str, ...] = ("or", "and", "comma", "none") if self.has("which") else ("or",)
        tied = ("and", "or", "comma", "none", "far") if compare else tied
        if (cut := _mirrored(self.atoms, tied)) is not None:
            return self.divide(self.atoms[:cut], self.atoms[cut:], self.atoms[cut].at)
        for first, second in pairwise(self.atoms):
            same = first.columns & second.columns
            if same and first.clauses != second.clauses and second.joint in tied:
                kinds = {atom.clauses for atom in self.atoms if atom.columns & same}
                alone = len(kinds) == 2 or second.joint == "none"
                return self.cut(first, second) if alone else None
        if asked and len(self.atoms) == 2 and self.atoms[1].joint in tied:
            return self.cut(*self.atoms)
        return self.unlike() if compare or (asked and self.dangling) else None

    def unlike(self) -> Sides | None:
        """Read comparisons of one group, and of groups that differ in different columns."""
        if not self.atoms:
            return None
        start = self.atoms[0].at
        pivots = [i for i in (*self.rests(0), *self.dangling) if i > start]
        if pivots:
            left = [atom for atom in self.atoms if atom.at < min(pivots)]
            return self.divide(left, self.atoms[len(left) :], min(pivots))
        if not self.rests(0):
            for first, second in pairwise(self.atoms):
                between = self.items[first.at + 1 : second.at]
                if second.joint == "and" and any_has(between, "noun"):
                    return self.cut(first, second)
            if not self.plain:
                return None
        return self.against_rest(self.atoms, [], [])

    def ends_in_versus(self) -> bool:
        """Whether 比 stands behind both groups (A 跟 B 比)."""
        places = [at for at, item in enumerate(self.items) if item.text == "比"]
        if not places or not self.atoms or self.atoms[-1].at > places[-1]:
            return False
        return len(self.atoms) > 1 or bool(self.rests(0, places[-1]))

    def is_relative(self) -> bool:
        """Whether the other group comes first (与 B 相比，A)."""
        if len(self.atoms) < 2:
            return False
        first, second = self.atoms[0].at, self.atoms[1].at
        before = item_at(self.items, first - 1)
        opened = any_has(self.items[:first], "relative")
        joined = before.has("and") and any_has(self.items[first:second], "relative")
        return self.breaks(first, second) and (opened or joined)

    def cut(self, first: Atom, second: Atom) -> Sides:
        """Divide between two neighbouring selections."""
        left = [atom for atom in self.atoms if atom.at <= first.at]
        return self.divide(left, self.atoms[len(left) :], second.at)

    def opposed(self) -> Sides | None:
        """Read "kids or no kids" and "payers by check and those not paying by check"."""
        if not self.has("left", "stayed", "effect", "more", "which", "tone", "compare"):
            return None
        for first, second in combinations(self.atoms, 2):
            between = self.items[first.at + 1 : second.at]
            joined = second.joint != "none" and any_has(between, "or", "and", "versus", "comma")
            if not joined or first.negative == second.negative:
                continue
            if negated(first.clauses, self.schema, strict=False) == second.clauses:
                rest = [atom for atom in self.atoms if atom not in (first, second)]
                shared = combine(rest, self.schema)
                return Sides(shared + first.clauses, shared + second.clauses)
        return None

    # with or without X --------------------------------------------------------------------

    def with_or_without(self) -> Sides | None:
        """Read "what effect does tech support have": those with it against those without."""
        if not self.plain or not self.has("effect", "whether"):
            return None
        for atom in self.atoms:
            if atom.yes and not atom.negative and self.is_factor(atom.at):
                shared = combine([each for each in self.atoms if each is not atom], self.schema)
                return self.opposite(atom, shared)
        return None

    def opposite(self, atom: Atom, shared: Clauses) -> Sides:
        """Compare those who have an attribute with those who have it not."""
        without = negated(atom.clauses, self.schema, strict=False)
        return Sides(shared + atom.clauses, shared + without)

    def is_factor(self, at: int) -> bool:
        """Whether an attribute is spoken of as a cause, not as the mark of a group."""
        if before_noun(self.items, at):
            return False
        before, linked = at - 1, False
        while before >= 0 and self.items[before].has("link", "with"):
            if self.items[before].has("whether"):
                return True
            linked = linked or self.items[before].text in _OF
            before -= 1
        owner = item_at(self.items, before)
        if owner.has("whether") or (owner.has("effect") and linked):
            return True
        after = at + 1
        while item_at(self.items, after).has("link", "left", "stayed", "with", "neutral", "and"):
            if self.items[after].has("effect", "noun"):
                break
            after += 1
        return not owner.has("noun") and item_at(self.items, after).has("effect")

    # do seniors leave more? ---------------------------------------------------------------

    def implied(self) -> Sides | None:
        """Read "do seniors churn more": more than everybody else."""
        spoken = [item.text for item in self.items if not item.has("stop")]
        asked = bool(spoken) and (spoken[0] in _QUESTION_VERBS or not _YES_NO.isdisjoint(spoken))
        if self.atoms and self.plain and self.has("more") and asked:
            return self.against_rest(self.atoms, [], [])
        return None

    # dividing -----------------------------------------------------------------------------

    def divide(self, left: list[Atom], right: list[Atom], pivot: int) -> Sides:
        """Give every selection to one side or to both."""
        common = {name for a in left for b in right for name in a.columns & b.columns}
        if self.rests(left[-1].at) and not common:
            shared = [atom for atom in left if self.breaks(atom.at, left[-1].at)]
            return self.against_rest([a for a in left if a not in shared], shared, right)
        repeated = [atom for atom in left if atom.clauses in [a.clauses for a in right]]
        own = [atom for atom in left if atom not in repeated]
        again = bool(own) and len(repeated) == len(right)
        if again and self.rests(left[-1].at):
            return self.against_rest(own, repeated, [])
        if not right or (again and any(at > pivot for at in self.dangling)):
            factor = next((atom for atom in reversed(own or left) if atom.yes), left[-1])
            others = [atom for atom in left if atom is not factor]
            return self.opposite(factor, combine(others, self.schema))
        contrast = _contrast(left, right)
        for_both = [*self.shared_left(left, contrast, pivot), *_shared_right(right, left, contrast)]
        clauses = [
            combine([atom for atom in side if atom not in for_both], self.schema)
            for side in (left, right)
        ]
        shared_clauses = combine([a for a in left if a in for_both], self.schema)
        shared_clauses += combine([a for a in right if a in for_both], self.schema)
        return Sides(shared_clauses + clauses[0], shared_clauses + clauses[1])

    def shared_left(self, left: list[Atom], contrast: set[str], pivot: int) -> list[Atom]:
        """Return the selections before A that hold for B too ("among seniors, A versus B")."""
        inside = [atom.at for atom in left if atom.columns & contrast]
        if not inside:
            return [atom for atom in left[:-1] if self.breaks(atom.at, left[-1].at)]
        named = any_has(self.items[inside[-1] + 1 : pivot], "noun")
        return [
            atom
            for atom in left
            if atom.at < inside[0]
            and (not named or any_has(self.items[atom.at + 1 : inside[0]], *_BOUNDARY))
        ]

    def against_rest(self, own: list[Atom], shared: list[Atom], trailing: list[Atom]) -> Sides:
        """Compare a group with everybody else."""
        common = combine(shared, self.schema) + combine(trailing, self.schema)
        group = combine(own, self.schema)
        return Sides(common + group, common + negated(group, self.schema, strict=True))


def _shared_right(right: list[Atom], left: list[Atom], contrast: set[str]) -> list[Atom]:
    """Return the selections behind B that hold for A too ("A versus B with a partner")."""
    inside = [atom.at for atom in right if atom.columns & contrast]
    taken = {name for atom in left for name in atom.columns}
    return [a for a in right if inside and a.at > inside[-1] and not a.columns & (contrast | taken)]


def read_sides(items: list[Item], reading: Reading, schema: Schema, plain: bool) -> Sides:
    """Read the cohort and the group that it is compared with.

    Args:
        items: the items of the question.
        reading: its selections.
        schema: the table.
        plain: whether no "why" and no "what should we do" is asked, so that "do seniors leave
            more" compares.

    Returns:
        Clauses of the cohort, and of the other group or None.
    """
    splitter = _Splitter(items, reading, schema, plain)
    return splitter.split() or Sides(combine(reading.atoms, schema))

"""Gives every selection of a comparison to one side or to both."""

from __future__ import annotations

from dataclasses import dataclass, replace

from churnlens.evidence.parsing.atoms import Atom, Reading
from churnlens.evidence.parsing.combine import combine
from churnlens.evidence.parsing.items import Item, any_has, item_at
from churnlens.evidence.parsing.logic import Clauses, negated
from churnlens.schema import Schema

_BOUNDARY = (
    "noun", "comma", "stop", "left", "stayed", "many", "why", "compare", "which", "more",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sides:
    """The cohort of a question and, for a comparison, the other group."""

    cohort: Clauses
    other: Clauses | None = None


def differing(left: list[Atom], right: list[Atom]) -> set[str]:
    """Return the columns on which two groups differ."""
    return {n for a in left for b in right for n in a.columns & b.columns if a.clauses != b.clauses}


def _shared_right(right: list[Atom], left: list[Atom], contrast: set[str]) -> list[Atom]:
    """Return the selections behind B that hold for A too ("A versus B with a partner")."""
    inside = [atom.at for atom in right if atom.columns & contrast]
    taken = {name for atom in left for name in atom.columns}
    return [a for a in right if inside and a.at > inside[-1] and not a.columns & (contrast | taken)]


class Divider:
    """The items and selections of a question that compares.

    Attributes:
        items: the items of the question.
        schema: the table.
        plain: whether neither reasons nor advice are asked.
        atoms: the selections.
        dangling: places of words that negate what was said before ("… and those without").
    """

    def __init__(self, items: list[Item], reading: Reading, schema: Schema, plain: bool) -> None:
        self.items, self.schema, self.plain = items, schema, plain
        self.atoms, self.dangling = reading.atoms, reading.dangling

    def has(self, *roles: str) -> bool:
        """Whether some item has one of the roles."""
        return any_has(self.items, *roles)

    def rests(self, start: int, end: int | None = None) -> list[int]:
        """Return where "the rest", "everyone else" is said between two places."""
        places = range(start, len(self.items) if end is None else end)
        return [i for i in places if self.items[i].has("rest") and not self.items[i].mention]

    def breaks(self, start: int, end: int | None) -> bool:
        """Whether a clause ends between two places."""
        return any(i.has("comma", "stop") and i.text != "、" for i in self.items[start + 1 : end])

    def ends(self, at: int) -> bool:
        """Whether a clause ends at a place."""
        return item_at(self.items, at).has("comma", "stop")

    def opposite(self, atom: Atom, shared: Clauses) -> Sides:
        """Compare those who have an attribute with those who have it not."""
        without = negated(atom.clauses, self.schema, strict=False)
        return Sides(shared + atom.clauses, shared + without)

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
        if not right or (again and any(at >= pivot for at in self.dangling)):
            factor = next((atom for atom in reversed(own or left) if atom.yes), left[-1])
            others = [atom for atom in left if atom is not factor]
            return self.opposite(factor, combine(others, self.schema))
        right = [*right, *self.denied_behind(left, right)]
        contrast = differing(left, right)
        for_both = [*self.shared_left(left, contrast, pivot), *_shared_right(right, left, contrast)]
        clauses = [
            combine([atom for atom in side if atom not in for_both], self.schema)
            for side in (left, right)
        ]
        shared_clauses = combine([a for a in left if a in for_both], self.schema)
        shared_clauses += combine([a for a in right if a in for_both], self.schema)
        return Sides(shared_clauses + clauses[0], shared_clauses + clauses[1])

    def denied_behind(self, left: list[Atom], right: list[Atom]) -> list[Atom]:
        """Return what "couples with kids versus singles without" denies of the other group."""
        taken = {name for atom in right for name in atom.columns}
        factors = [atom for atom in left if atom.yes and not atom.columns & taken]
        if not factors or not any(at > right[-1].at for at in self.dangling):
            return []
        denied = negated(factors[-1].clauses, self.schema, strict=False)
        return [replace(factors[-1], clauses=denied, negative=True)]

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

"""A versus B: where a comparison splits the question, and which conditions both sides share."""

from __future__ import annotations

from dataclasses import dataclass

from churnlens.evidence.parsing.atoms import Atom, Reading, combine
from churnlens.evidence.parsing.logic import Clauses, negated
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.evidence.parsing.scan import Item
from churnlens.schema import Schema

_QUESTION_VERBS = frozenset("do does did are is was were has have will can would".split())
_CHINESE_YES_NO = ("吗", "是否", "是不是", "会不会", "要不要", "么", "能不能")
_OF = frozenset({"of", "between", "does", "do", "having", "from"})


@dataclass(frozen=True, slots=True)
class Sides:
    """The cohort of a question and, for a comparison, the other group."""

    cohort: Clauses
    other: Clauses | None = None


class _Splitter:
    def __init__(self, items: list[Item], reading: Reading, schema: Schema, plain: bool) -> None:
        self.items, self.schema, self.plain = items, schema, plain
        self.atoms, self.dangling = reading.atoms, reading.dangling

    def has(self, *roles: str) -> bool:
        return any(item.has(*roles) for item in self.items)

    def rests(self, start: int, end: int) -> list[int]:
        """Return where "the rest", "everyone else" is said."""
        return [
            i for i in range(start, end) if self.items[i].has("rest") and not self.items[i].mention
        ]

    def split(self) -> Sides | None:
        """Return the two sides, or None when nothing is compared."""
        first = self._attribute() if self.has("whether") else None
        return first or self._versus() or self._listed() or self._attribute() or self._implied()

    # A versus B ------------------------------------------------------------------------------

    def _versus(self) -> Sides | None:
        for pivot, item in enumerate(self.items):
            if not item.has("versus") or isinstance(item, QuantityItem):
                continue
            left = [atom for atom in self.atoms if atom.at < pivot]
            right = [atom for atom in self.atoms if atom.at > pivot]
            if left and (right or self.rests(pivot, len(self.items)) or self._denied(pivot)):
                return self._divide(left, right, pivot)
            if not left and right and not self.rests(0, pivot):
                if found := self._leading(right, pivot):
                    return found
        return None

    def _denied(self, pivot: int) -> bool:
        return any(at > pivot for at in self.dangling)

    def _leading(self, right: list[Atom], pivot: int) -> Sides | None:
        """Read "compared with B, A" and "versus the rest, A"."""
        breaks = [i for i in range(pivot, len(self.items)) if self.items[i].has("comma", "stop")]
        rest = self.rests(pivot, right[0].at)
        if rest:
            return self._rest(right, [], [])
        ends = [i for i in breaks if right[0].at < i] or [right[0].at]
        other = [atom for atom in right if atom.at <= ends[0]]
        cohort = [atom for atom in right if atom.at > ends[0]]
        if not cohort:
            return None
        return Sides(combine(cohort, self.schema), combine(other, self.schema))

    # compare A and B -------------------------------------------------------------------------

    def _listed(self) -> Sides | None:
        """Read "difference between A and B", "which churns more, A or B"."""
        asked = self.has("more", "degree") and self.has("which", "or") and self.plain
        if not (self.has("compare") or self.has("choice") or asked or self._ends_in_versus()):
            return None
        tied: tuple[str, ...] = ("or", "and", "comma", "none") if self.has("which") else ("or",)
        compare = self.has("compare") or self._ends_in_versus()
        if compare:
            tied = ("and", "or", "comma", "none", "far")
        if self._is_relative():
            return self._leading(self.atoms, self.atoms[0].at - 1)
        pairs = list(zip(self.atoms, self.atoms[1:], strict=False))
        for first, second in pairs:
            same = first.columns & second.columns if first.clauses != second.clauses else None
            if same and second.joint in tied:
                kinds = {atom.clauses for atom in self.atoms if atom.columns & same}
                return self._cut(first, second) if len(kinds) == 2 else None
        if asked and len(self.atoms) == 2 and self.atoms[1].joint in tied:
            return self._cut(*self.atoms)
        if not compare:
            return None
        rest = self.rests(0, len(self.items))
        if self.atoms and (rest or self.dangling):
            pivot = min([i for i in (*rest, *self.dangling) if i > self.atoms[0].at], default=None)
            if pivot is not None:
                left = [atom for atom in self.atoms if atom.at < pivot]
                return self._divide(left, [a for a in self.atoms if a.at > pivot], pivot)
            return self._rest(self.atoms, [], [])
        for first, second in pairs:
            if second.joint == "and" and self._noun_between(first.at, second.at):
                return self._cut(first, second)
        return self._rest(self.atoms, [], []) if self.atoms and self.plain else None

    def _ends_in_versus(self) -> bool:
        """Whether 比 stands at the end: A 跟 B 比。"""
        spoken = [item for item in self.items if not item.has("stop")]
        return bool(spoken) and spoken[-1].text == "比"

    def _is_relative(self) -> bool:
        """Whether the other group comes first: 与 B 相比，A …"""
        if len(self.atoms) < 2:
            return False
        first, second = self.atoms[0].at, self.atoms[1].at
        opened = any(item.has("relative") for item in self.items[:first])
        before = self.items[first - 1] if first else None
        joined = before is not None and before.has("and") and not before.has("link")
        closed = any(item.has("relative") for item in self.items[first:second])
        broken = any(item.has("comma", "stop") for item in self.items[first:second])
        return broken and (opened or (joined and closed))

    def _noun_between(self, first: int, second: int) -> bool:
        return any(item.has("noun") for item in self.items[first + 1 : second])

    def _cut(self, first: Atom, second: Atom) -> Sides:
        left = [atom for atom in self.atoms if atom.at <= first.at]
        right = [atom for atom in self.atoms if atom.at >= second.at]
        return self._divide(left, right, second.at)

    # with or without X -----------------------------------------------------------------------

    def _attribute(self) -> Sides | None:
        """Read "what effect does tech support have": those with it against those without."""
        if not self.plain or not self.has("effect", "whether"):
            return None
        for atom in self.atoms:
            if atom.yes and not atom.negative and self._is_factor(atom.at):
                shared = combine([each for each in self.atoms if each is not atom], self.schema)
                without = negated(atom.clauses, self.schema, strict=False)
                return Sides(shared + atom.clauses, shared + without)
        return None

    def _is_factor(self, at: int) -> bool:
        items = self.items
        if at + 1 < len(items) and items[at + 1].has("noun"):
            return False
        before = at - 1
        linked = False
        while (
            before >= 0 and items[before].has("link", "with") and not items[before].has("whether")
        ):
            linked = linked or items[before].text in _OF
            before -= 1
        if before >= 0 and items[before].has("whether"):
            return True
        if before >= 0 and items[before].has("effect") and linked:
            return True
        if before >= 0 and items[before].has("noun"):
            return False
        after = at + 1
        easy = ("link", "left", "stayed", "with", "neutral", "and")
        while (
            after < len(items)
            and items[after].has(*easy)
            and not items[after].has("noun", "effect")
        ):
            after += 1
        return after < len(items) and items[after].has("effect")

    # do seniors leave more? ------------------------------------------------------------------

    def _implied(self) -> Sides | None:
        """Read "do seniors churn more": more than everybody else."""
        spoken = [item for item in self.items if not item.has("stop")]
        opened = bool(spoken) and spoken[0].text in _QUESTION_VERBS
        chinese = any(item.text in _CHINESE_YES_NO for item in spoken)
        if self.atoms and self.plain and self.has("more") and (opened or chinese):
            return self._rest(self.atoms, [], [])
        return None

    # dividing --------------------------------------------------------------------------------

    def _divide(self, left: list[Atom], right: list[Atom], pivot: int) -> Sides:
        if any(i > left[-1].at for i in self.rests(left[-1].at, len(self.items))) and not (
            right and any(set(a.columns) & set(b.columns) for a in left for b in right)
        ):
            shared = [atom for atom in left if self._clause_end(atom.at, left[-1].at)]
            return self._rest([a for a in left if a not in shared], shared, right)
        if not right:
            factor = left[-1]
            shared_clauses = combine(left[:-1], self.schema)
            without = negated(factor.clauses, self.schema, strict=False)
            return Sides(shared_clauses + factor.clauses, shared_clauses + without)
        contrast = {
            name
            for a in left
            for b in right
            for name in a.columns & b.columns
            if a.clauses != b.clauses
        }
        own_left, shared_left = self._left(left, contrast, pivot)
        own_right, shared_right = self._right(right, left, contrast)
        shared = combine(shared_left, self.schema) + combine(shared_right, self.schema)
        return Sides(
            shared + combine(own_left, self.schema), shared + combine(own_right, self.schema)
        )

    def _clause_end(self, at: int, before: int) -> bool:
        """Whether a clause ends between two places."""
        return any(item.has("comma", "stop") for item in self.items[at + 1 : before])

    def _left(
        self, left: list[Atom], contrast: set[str], pivot: int
    ) -> tuple[list[Atom], list[Atom]]:
        inside = [atom for atom in left if atom.columns & contrast]
        if not inside:
            shared = [a for a in left[:-1] if self._clause_end(a.at, left[-1].at)]
            return [a for a in left if a not in shared], shared
        first = inside[0].at
        named = any(item.has("noun") for item in self.items[inside[-1].at + 1 : pivot])
        shared = []
        for atom in left:
            if atom.columns & contrast or atom.at > first:
                continue
            between = self.items[atom.at + 1 : first]
            boundary = (
                "noun",
                "comma",
                "stop",
                "left",
                "stayed",
                "many",
                "why",
                "compare",
                "which",
                "more",
            )
            if not named or any(item.has(*boundary) for item in between):
                shared.append(atom)
        return [a for a in left if a not in shared], shared

    @staticmethod
    def _right(
        right: list[Atom], left: list[Atom], contrast: set[str]
    ) -> tuple[list[Atom], list[Atom]]:
        inside = [atom.at for atom in right if atom.columns & contrast]
        if not inside:
            return right, []
        taken = {name for atom in left for name in atom.columns}
        shared = [
            a
            for a in right
            if a.at > inside[-1] and not a.columns & contrast and not a.columns & taken
        ]
        return [a for a in right if a not in shared], shared

    def _rest(self, own: list[Atom], shared: list[Atom], trailing: list[Atom]) -> Sides:
        """Compare a group with everybody else."""
        common = combine(shared, self.schema) + combine(trailing, self.schema)
        group = combine(own, self.schema)
        return Sides(common + group, common + negated(group, self.schema, strict=True))


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

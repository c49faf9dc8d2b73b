"""A versus B: where a comparison splits the question, and which conditions both sides share."""

from __future__ import annotations

from itertools import combinations, pairwise

from churnlens.evidence.parsing.atoms import Atom, Reading
from churnlens.evidence.parsing.combine import combine
from churnlens.evidence.parsing.dividing import Divider, Sides, differing
from churnlens.evidence.parsing.items import Item, any_has, before_noun, item_at
from churnlens.evidence.parsing.logic import negated
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.schema import Schema

_QUESTION_VERBS = frozenset(
    {"do", "does", "did", "are", "is", "was", "were", "has", "have", "will", "can", "would"}
)
_YES_NO = frozenset({"吗", "是否", "是不是", "会不会", "要不要", "么", "能不能"})
_OF = frozenset({"of", "between", "does", "do", "having", "from"})
_AMONG = frozenset({"among", "amongst", "within", "of", "for", "in"})
_INSIDE = frozenset({"里", "中", "当中", "里面", "之中", "里头"})


def _mirrored(atoms: list[Atom], tied: tuple[str, ...]) -> int | None:
    """Return where "women on fiber and men on DSL" divides: the same columns on both sides."""
    for cut in range(1, len(atoms)):
        left, right = atoms[:cut], atoms[cut:]
        columns = [sorted(sorted(atom.columns) for atom in side) for side in (left, right)]
        differ = {atom.clauses for atom in left} != {atom.clauses for atom in right}
        if columns[0] == columns[1] and differ and right[0].joint in tied:
            return cut
    return None


class _Splitter(Divider):
    """Looks for the ways in which people compare, the most explicit first."""

    def split(self) -> Sides | None:
        """Return the two sides, or None when nothing is compared."""
        if any_has(self.items, "whether") and (found := self.with_or_without()):
            return found
        return (
            self.versus()
            or self.set_beside()
            or self.listed()
            or self.opposed()
            or self.with_or_without()
            or self.implied()
        )

    # A versus B ---------------------------------------------------------------------------

    def versus(self) -> Sides | None:
        """Read "A versus B", "A more than B", "compared with B, A", "A leave while B stay"."""
        for pivot, item in enumerate(self.items):
            if isinstance(item, QuantityItem):
                continue
            left = [atom for atom in self.atoms if atom.at < pivot]
            right = [atom for atom in self.atoms if atom.at > pivot]
            if item.has("versus"):
                found = self.around(left, right, pivot)
            else:
                found = self.set_against(left, right, pivot)
            if found:
                return found
        return None

    def around(self, left: list[Atom], right: list[Atom], pivot: int) -> Sides | None:
        """Read what stands around a word of comparison."""
        if self.closes(left, pivot):
            return self.cut(left[0], left[1])
        if turned := self.turned_round(left, right, pivot):
            return turned
        if left and (right or self.denies(left[-1].at, pivot) or self.rests(pivot)):
            return self.divide(left, right, pivot)
        if left or not right:
            return None
        if self.rests(0, pivot):  # 跟其他人比，A …
            return self.against_rest(right, [], []) if self.ends(pivot + 1) else None
        return self.leading(right, pivot)

    def denies(self, last: int, pivot: int) -> bool:
        """Whether "those without" stands behind, or before in 开了备份的，跟没开的比，…."""
        before = self.ends(pivot + 1) and any(last < at < pivot for at in self.dangling)
        return before or any(at > pivot for at in self.dangling)

    def set_against(self, left: list[Atom], right: list[Atom], pivot: int) -> Sides | None:
        """Read "A leave while B stay" and "A leave; B stay"."""
        item = self.items[pivot]
        parted = item.text in (",", ";") and self.parallel(left, right)
        if (item.has("contrast") or parted) and self.opposes(left, right, pivot):
            return self.divide(left, right, pivot)
        return None

    def closes(self, left: list[Atom], pivot: int) -> bool:
        """Whether the word of comparison stands behind both groups: 男性跟女性比，…."""
        return self.ends(pivot + 1) and len(left) == 2 and bool(differing(left[:1], left[1:]))

    def turned_round(self, left: list[Atom], right: list[Atom], pivot: int) -> Sides | None:
        """Read 跟 B 比，A … and A，跟 B 比，…, where B stands before the word of comparison."""
        if not left or not self.ends(pivot + 1):
            return None
        last = [atom for atom in left if not self.breaks(atom.at, pivot)]
        before = last[0].at - 1 if last else 0
        while item_at(self.items, before).has("with") and not self.items[before].has("and"):
            before -= 1
        if not last or not item_at(self.items, before).has("and"):
            return None
        groups = [atom for atom in left if atom not in last] or right
        if not groups:
            return None
        taken = {name for atom in last for name in atom.columns}
        shared = [atom for atom in self.context() if atom in groups and not atom.columns & taken]
        other = combine(shared, self.schema) + combine(last, self.schema)
        return Sides(combine(groups, self.schema), other)

    def opposes(self, left: list[Atom], right: list[Atom], pivot: int) -> bool:
        """Whether "while" sets two groups with outcomes of their own against each other."""
        told = [
            any_has(side, "left", "stayed") for side in (self.items[:pivot], self.items[pivot:])
        ]
        denied = any(at > pivot for at in self.dangling)
        others = (
            bool(left) and not right and any(self.denies_group(at, pivot) for at in self.dangling)
        )
        return (bool(differing(left, right)) or others) and told[0] and (told[1] or denied)

    def denies_group(self, at: int, pivot: int) -> bool:
        """Whether "those without", 没有的 stands behind a place."""
        behind = item_at(self.items, at + 1).text == "的"
        return at > pivot and (behind or self.items[at].text == "without")

    def parallel(self, left: list[Atom], right: list[Atom]) -> bool:
        """Whether two clauses without "while" are about two kinds: "men leave; women stay"."""
        if not (left and right):
            return bool(left)
        last = {name for name in left[-1].columns if self.schema.column(name).kind == "category"}
        return bool(last & right[0].columns) and differing(left[-1:], right[:1]) == last

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
        if not (compare or asked or self.has("choice", "each")):
            return None
        tied: tuple[str, ...] = ("or", "and", "comma", "none") if self.has("which") else ("or",)
        tied = ("and", "or", "comma", "none", "far") if compare or self.has("each") else tied
        if (cut := _mirrored(self.atoms, tied)) is not None:
            return self.divide(self.atoms[:cut], self.atoms[cut:], self.atoms[cut].at)
        for first, second in pairwise(self.atoms):
            same = first.columns & second.columns
            if same and first.clauses != second.clauses and second.joint in tied:
                kinds = {atom.clauses for atom in self.atoms if atom.columns & same}
                alone = len(kinds) == 2 or second.joint == "none"
                return self.cut(first, second) if alone else None
        if asked and len(self.atoms) == 2 and self.atoms[1].joint in tied and not self.dangling:
            return self.cut(*self.atoms)
        each = asked or self.has("each")
        wanted = compare or (each and self.dangling)
        return ((self.apart() if compare else None) or self.unlike()) if wanted else None

    def apart(self) -> Sides | None:
        """Read 没有多条线路的电话用户和有多条线路的比, another selection between the two kinds."""
        for first, second in combinations(self.atoms, 2):
            same = first.columns & second.columns
            kinds = {atom.clauses for atom in self.atoms if atom.columns & same}
            named = all(self.schema.column(name).kind == "category" for name in same)
            if same and named and len(kinds) == 2 and first.clauses != second.clauses:
                left = [atom for atom in self.atoms if atom.at < second.at]
                return self.divide(left, self.atoms[len(left) :], second.at)
        return None

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
            if not self.plain or (self.has("left") and self.has("stayed")):
                return None
        return self.against_rest(self.atoms, [], [])

    def ends_in_versus(self) -> bool:
        """Whether 比 stands behind both groups (A 跟 B 比)."""
        places = [at for at, item in enumerate(self.items) if item.text == "比"]
        if not places or not self.atoms or self.atoms[-1].at > places[-1]:
            return False
        return len(self.atoms) > 1 or bool(self.rests(0, places[-1]))

    def set_beside(self) -> Sides | None:
        """Read A…，与 B 相比，…, where each may be a list."""
        for end, item in enumerate(self.items):
            if not (item.has("relative") or item.text == "比"):
                continue
            for start in range(end - 1, 0, -1):
                if not (self.items[start].has("and") and self.items[start - 1].text == ","):
                    continue
                left = [atom for atom in self.atoms if atom.at < start]
                right = [atom for atom in self.atoms if start < atom.at < end]
                return self.divide(left, right, start) if left and right else None
        return None

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
        cut = _mirrored(self.atoms, ("and", "or", "comma"))
        if cut is not None and cut > 1:  # "married parents and childless singles"
            return self.divide(self.atoms[:cut], self.atoms[cut:], self.atoms[cut].at)
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
        splits = any(self.splits(at, before=True) for at in range(len(self.items)))
        if not splits and not (self.plain and self.has("effect", "whether")):
            return None
        for atom in self.atoms:
            if atom.yes and not atom.negative and self.is_factor(atom.at):
                shared = combine([each for each in self.atoms if each is not atom], self.schema)
                return self.opposite(atom, shared)
        return None

    def splits(self, at: int, before: bool = False) -> bool:
        """Whether 有和没有 stands at a place, behind its attribute or `before` it."""
        item = item_at(self.items, at)
        named = item_at(self.items, at + 1).mention is not None
        return item.has("whether") and item.text not in _YES_NO and (before or not named)

    def is_factor(self, at: int) -> bool:
        """Whether an attribute is spoken of as a cause, not as the mark of a group."""
        if before_noun(self.items, at):
            return False
        if any(self.splits(place) for place in (at + 1, at + 2)):
            return True
        before, linked = at - 1, False
        while before >= 0 and self.items[before].has("link", "with", "between"):
            if self.items[before].has("whether"):
                return True
            linked = linked or self.items[before].text in _OF
            before -= 1
        owner = item_at(self.items, before)
        linked = linked or owner.text.split(" ")[-1] in _OF  # "a link between"
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
        spoken = [item.text for item in self.items]
        opened = [text for before, text in pairwise([",", *spoken]) if before in (",", ".")]
        asked = not (_QUESTION_VERBS.isdisjoint(opened) and _YES_NO.isdisjoint(spoken))
        if self.atoms and self.plain and self.has("more") and asked:
            shared = self.context()
            return self.against_rest([a for a in self.atoms if a not in shared], shared, [])
        return None

    def context(self) -> list[Atom]:
        """Return the selections of "among fiber users, …" and 光纤用户里…."""
        first, last = self.atoms[0].at, self.atoms[-1].at
        inside = [at for at in range(first, last) if self.items[at].text in _INSIDE]
        if not inside and item_at(self.items, first - 1).text in _AMONG:
            inside = [at for at in range(first, last) if self.items[at].text == ","][:1]
        return [atom for atom in self.atoms if inside and atom.at < inside[-1]]


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

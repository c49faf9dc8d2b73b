"""Joins single selections: "or" makes alternatives, everything else must hold together."""

from __future__ import annotations

from dataclasses import replace

from churnlens.evidence.parsing.atoms import Atom
from churnlens.evidence.parsing.items import Item, any_has, before_noun
from churnlens.evidence.parsing.lexicon import positive_value
from churnlens.evidence.parsing.logic import Clauses, any_of
from churnlens.schema import Schema

_TOWARD = frozenset(
    {
        "to", "toward", "towards", "onto", "into", "转为", "转成", "改为", "改用", "改成", "换成",
        "换到", "转到", "升级到", "升级为", "切换到", "迁移到", "转向", "换为", "变成", "变为",
    }
)  # fmt: skip
_CAUSING = ("让", "使", "说服", "引导", "鼓励", "吸引", "劝", "推动")


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
        if kept and not before_noun(items, atom.at):
            between = items[kept[-1].at + 1 : atom.at]
            moved = any(item.text in _TOWARD for item in between)
            caused = any(item.text.endswith(_CAUSING) for item in items[: kept[-1].at])
            adopted = caused and any_has(between, "noun")
            told = any_has(between, "and", "or", "left")  # "get seniors to stop churning early"
            if (moved or adopted) and not told:
                continue
        kept.append(atom)
    return kept


def _single(atom: Atom) -> str:
    """Return the only column of a selection, or nothing."""
    return next(iter(atom.columns)) if len(atom.columns) == 1 else ""


def _joined(atoms: list[Atom]) -> list[Atom]:
    """Make one selection of "without A or B": neither of them."""
    joined: list[Atom] = []
    for atom in atoms:
        if atom.reached and joined:
            last = joined[-1]
            clauses, columns = last.clauses + atom.clauses, last.columns | atom.columns
            joined[-1] = replace(last, clauses=clauses, columns=columns)
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
        if atom.joint != "or" or start in (0, end) or atoms[start - 1].joint == "or":
            continue
        columns = [_single(each) for each in atoms[start - 1 : end + 1]]
        if len(set(columns)) in (1, len(columns)) and "" not in columns:
            found |= set(range(start, end))
    return found


def _is_kind(atom: Atom) -> bool:
    """Whether a selection is one value, though a word of denial says so ("no internet")."""
    return [each.op for clause in atom.clauses for each in clause] == ["eq"]


def _unites(before: Atom, atom: Atom, schema: Schema) -> bool:
    """Whether "A and B" means both groups together, because nobody can be both."""
    if not _single(atom) or _single(before) != _single(atom):
        return False
    kinds = positive_value(schema.column(_single(atom))) is None  # "no internet" is a kind of it
    if any(each.negative and not (kinds and _is_kind(each)) for each in (before, atom)):
        return False
    return schema.column(_single(atom)).kind == "category" or (atom.bare and before.bare)


def combine(atoms: list[Atom], schema: Schema) -> Clauses:
    """Join selections.

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
        pure = bool(before) and len({_single(each) for each in before}) == 1
        listed = pure and atom.joint in ("and", "comma") and _unites(before[-1], atom, schema)
        if before and (atom.joint == "or" or at in commas or listed):
            before.append(atom)
        else:
            groups.append([atom])
    return tuple(clause for group in groups for clause in any_of([each.clauses for each in group]))

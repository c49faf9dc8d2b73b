"""Sides of an experiment that share no customer, no near-identical dialogue and no family.

The side of a dialogue is drawn by a hash and not by its place, so that the same seed gives the
same side after new dialogues have come in, unless these join two groups that were apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.near import near_pairs


def group_dialogues(
    dialogues: Sequence[Dialogue], near: float = 0.8, family: str = ""
) -> list[str]:
    """Return the group of each dialogue, called after the least id in it.

    In one group are dialogues of one customer, those in which customer and agent say near-identical
    things, those of one family, and whatever these join.

    Args:
        dialogues: n dialogues with different ids.
        near: least Jaccard similarity of near-identical ones, see `near.near_pairs`.
        family: name of a label; dialogues without it are of no family.

    Raises:
        ValueError: when an id is used twice.
    """
    ids = [dialogue.id for dialogue in dialogues]
    if len(set(ids)) < len(ids):
        raise ValueError(f"{len(ids) - len(set(ids))} dialogues have the id of another")
    links = [*near_pairs([_said(dialogue) for dialogue in dialogues], near)]
    links += _linked(dialogue.customer for dialogue in dialogues)
    if family:
        links += _linked(dialogue.labels.get(family) for dialogue in dialogues)
    roots = joined(len(ids), links)
    names: dict[int, str] = {}
    for root, name in zip(roots, ids, strict=True):
        names[root] = min(name, names.get(root, name))
    return [names[root] for root in roots]


def split_dialogues(
    dialogues: Sequence[Dialogue],
    shares: Mapping[str, float],
    seed: int,
    near: float = 0.8,
    family: str = "",
) -> dict[str, list[Dialogue]]:
    """Return side → its dialogues, in their order; whole groups only.

    Args:
        dialogues: with different ids.
        shares: side → share of the groups, together 1; reached on average, not exactly.
        seed: another seed, another draw.
        near: least similarity of near-identical dialogues, see `group_dialogues`.
        family: name of a label whose values stay whole, empty for none.

    Raises:
        ValueError: when the shares are none, or a side comes out empty.
    """
    groups = group_dialogues(dialogues, near, family)
    sides: dict[str, list[Dialogue]] = {side: [] for side in shares}
    for dialogue, side in zip(dialogues, draw_sides(groups, shares, seed), strict=True):
        sides[side].append(dialogue)
    return sides


def draw_sides(
    groups: Sequence[str], shares: Mapping[str, float], seed: int, may_be_empty: bool = False
) -> list[str]:
    """Return the side of each group named, the same for the same name.

    Args:
        groups: names.
        shares: side → share of the groups, together 1.
        seed: another seed, another draw.
        may_be_empty: whether a side may come out empty, as where others fill it.

    Raises:
        ValueError: when the shares are none, or a side comes out empty.
    """
    if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-9:
        raise ValueError(f"shares: got {dict(shares)}, expected shares above 0 that add up to 1")
    drawn = [_side(group, shares, seed) for group in groups]
    empty = [side for side in shares if side not in drawn]
    if empty and not may_be_empty:
        raise ValueError(
            f"no dialogue for {', '.join(empty)}: {len(groups)} dialogues in {len(set(groups))} "
            "groups; take another seed, larger shares or a `near` closer to 1"
        )
    return drawn


def _said(dialogue: Dialogue) -> str:
    """Return the words of both people; a system's text may be the same in every dialogue."""
    people = (turn for turn in dialogue.turns if turn.speaker in {"customer", "agent"})
    return "\n".join(turn.text for turn in people)


def _side(group: str, shares: Mapping[str, float], seed: int) -> str:
    digest = hashlib.sha256(f"{seed}\n{group}".encode()).digest()
    drawn = int.from_bytes(digest[:8]) / 2**64
    borders = zip(shares, accumulate(shares.values()), strict=True)
    return next((side for side, border in borders if drawn < border), list(shares)[-1])


def _linked(keys: Iterable[str | None]) -> Iterator[tuple[int, int]]:
    """Yield each place with the first place that has the same key."""
    first: dict[str, int] = {}
    for place, key in enumerate(keys):
        if key:
            yield first.setdefault(key, place), place


def joined(size: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Return the component of each of `size` places (union-find with path halving)."""
    parent = list(range(size))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = place = parent[parent[place]]
        return place

    for a, b in links:
        parent[root(a)] = root(b)
    return [root(place) for place in range(size)]

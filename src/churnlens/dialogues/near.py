"""Near-identical texts, found without comparing all pairs.

MinHash signatures (Broder 1997) in bands (Leskovec, Rajaraman, Ullman, *Mining of Massive
Datasets*, chapter 3) give candidates; each is checked by the exact Jaccard similarity.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Final
from zlib import crc32

import numpy as np

_SHINGLE: Final = 5  # characters
_BANDS, _ROWS = 25, 4  # at a similarity of 0.8 a pair is missed in 2 of 10^6 cases
_PRIME: Final = np.uint64((1 << 31) - 1)
_TAG: Final = re.compile(r"\[[a-z]+(?:_\d+)?\]")
_DROPPED: Final = re.compile(r"[\W\d_]+")


def shingles(text: str) -> frozenset[int]:
    """Return hashes of every five characters in a row, of letters alone: no case, tags or digits.

    A shorter text is one shingle, and so is an empty one.
    """
    letters = _DROPPED.sub("", _TAG.sub("", text.casefold()))
    last = max(1, len(letters) - _SHINGLE + 1)
    return frozenset(
        crc32(letters[at : at + _SHINGLE].encode("utf-8", "replace")) for at in range(last)
    )


def near_pairs(texts: Sequence[str], threshold: float) -> list[tuple[int, int]]:
    """Return the pairs of texts, lower place first, whose shingles are alike.

    Args:
        texts: n texts.
        threshold: least Jaccard similarity of two, from 0.5 (below it, pairs would be missed) to 1.

    Raises:
        ValueError: for another threshold.
    """
    if not 0.5 <= threshold <= 1:
        raise ValueError(f"near: got {threshold}, expected a similarity from 0.5 to 1")
    sets = [shingles(text) for text in texts]
    return sorted(
        (a, b)
        for a, b in _candidates(sets)
        if len(sets[a] & sets[b]) >= threshold * len(sets[a] | sets[b])
    )


def _candidates(sets: Sequence[frozenset[int]]) -> set[tuple[int, int]]:
    """Return pairs that agree in a whole band, or that are the same."""
    first = {each: place for place, each in reversed(list(enumerate(sets)))}
    same = {(first[each], place) for place, each in enumerate(sets) if first[each] != place}
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for each, place in first.items():
        for band, rows in enumerate(_signature(each)):
            buckets[band, rows.tobytes()].append(place)
    return same.union(*(combinations(sorted(places), 2) for places in buckets.values()))


def _signature(shingled: frozenset[int]) -> np.ndarray:
    """Return the least of each hash over the shingles, integers of shape (bands, rows)."""
    rng = np.random.default_rng(0)
    factors, shifts = rng.integers(1, int(_PRIME), (2, _BANDS * _ROWS, 1), dtype=np.uint64)
    values = np.fromiter(shingled, np.uint64) % _PRIME
    return ((factors * values + shifts) % _PRIME).min(axis=1).reshape(_BANDS, _ROWS)

"""Texts of a batch of dialogues, each read once, and what linear models say of them together.

A batch repeats itself: greetings, what agents always say, a turn that is the words of one case and
stands beside the next. A reader lives as long as a batch, so that no words are kept after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from zlib import crc32

import numpy as np

from churnlens.dialogues.phrases import PhraseBook, PhraseFinder
from churnlens.tasks.summary.linear import BITS, Case, features, place_of
from churnlens.tasks.summary.units import clauses, tokens


@dataclass(frozen=True, eq=False)
class Table:
    """Features of n cases of p different parts; times weights it is what `hashed` gives.

    Attributes:
        places: of the features of all parts, one part after the other.
        starts, sizes: where each part begins in them, and how many it has, shape (p,); 1 or more.
        parts, owners: part and case of every part of every case.
        figures: place, value and case of every figure, three arrays.
        n: cases.
    """

    places: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray
    parts: np.ndarray
    owners: np.ndarray
    figures: tuple[np.ndarray, np.ndarray, np.ndarray]
    n: int

    @property
    def words(self) -> Table:
        """The same cases without their figures."""
        nothing = np.zeros(0, int)
        return replace(self, figures=(nothing, np.zeros(0), nothing))

    def __matmul__(self, weights: np.ndarray) -> np.ndarray:
        """Return the sum of the weighted features of each case, shape (n,)."""
        places, values, owners = self.figures
        sums = np.bincount(owners, weights[places] * values, self.n)
        if len(self.starts):
            of_parts = np.add.reduceat(weights[self.places], self.starts) / np.sqrt(self.sizes)
            sums = sums + np.bincount(self.owners, of_parts[self.parts], self.n)
        return sums


class Reader:
    """Reads each text once.

    Attributes:
        tokens: see `units.tokens`.
        clauses: see `units.clauses`: of a text, and of how many words at least.
        kinds: of the phrases that a text means, see `PhraseFinder.find`.
    """

    def __init__(self, phrases: PhraseBook[str] | None = None) -> None:
        """Begin with nothing read, and the phrases that are looked for."""
        self.kinds = cache(PhraseFinder(phrases or PhraseBook[str](kinds={})).find)
        self.tokens = cache(lambda text: tuple(tokens(text)))
        self.clauses, self._parts = cache(self._clauses), cache(clauses)
        self._codes, self._words = cache(self._coded), _Codes()
        self._figure = cache(lambda name: place_of(name, "="))

    def table(self, cases: Sequence[Case]) -> Table:
        """Return the features of cases; the same as `linear.hashed`, each part once."""
        known: dict[tuple[str, str], int] = {}
        parts, owners = list[int](), list[int]()
        names, values, of = list[int](), list[float](), list[int]()
        for at, case in enumerate(cases):
            parts += [known.setdefault(part, len(known)) for part in case.texts.items()]
            owners += [at] * len(case.texts)
            names += map(self._figure, case.figures)
            values += case.figures.values()
            of += [at] * len(case.figures)
        found = [self._codes(text) for _, text in known]
        sizes = np.array([len(each) for each in found], int)
        return Table(
            places=_places(found, sizes, [name for name, _ in known]),
            starts=np.cumsum(sizes) - sizes,
            sizes=sizes,
            parts=np.array(parts, int),
            owners=np.array(owners, int),
            figures=(np.array(names, int), np.array(values, float), np.array(of, int)),
            n=len(cases),
        )

    def _clauses(self, text: str, least: int = 2) -> list[str]:
        whole = self._parts(text, 0)
        return [part for part in whole if len(self.tokens(part)) >= least] if least else whole

    def _coded(self, text: str) -> np.ndarray:
        found = features(text)
        return np.fromiter(map(self._words.__getitem__, found), int, len(found))


class _Codes(dict[str, int]):
    """Feature → its CRC, and above these 32 bits its length in bytes."""

    def __missing__(self, feature: str) -> int:
        written = feature.encode("utf-8", "surrogatepass")
        code = self[feature] = len(written) << 32 | crc32(written)
        return code


def _places(codes: Sequence[np.ndarray], sizes: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return `linear.place_of` of the features of parts, one part after the other.

    Args:
        codes: of each part.
        sizes: of the parts.
        names: of the parts.
    """
    if not codes:
        return np.zeros(0, int)
    whole = np.concatenate(codes)
    lengths = whole >> 32
    kinds = {name: at for at, name in enumerate(dict.fromkeys(names))}
    changes = np.stack([_changes(name, int(lengths.max())) for name in kinds])
    kind = np.repeat([kinds[name] for name in names], sizes)
    return (whole ^ changes[kind, lengths]) & ((1 << BITS) - 1)


def _changes(name: str, longest: int) -> np.ndarray:
    """Return how a part's name changes the CRC of a feature behind it, by the feature's length.

    A CRC is linear: what stands before changes it by as much as it changes that of zeros.
    """

    def zeros(begun: int) -> np.ndarray:
        steps = accumulate(range(longest), lambda crc, _: crc32(b"\0", crc), initial=begun)
        return np.fromiter(steps, int, longest + 1)

    return zeros(crc32(f"{name}:".encode())) ^ zeros(0)

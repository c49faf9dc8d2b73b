"""A choice that is relevant, shows every reason, and never the same thing twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from churnlens.retrieval.dense import unit_rows
from churnlens.retrieval.hits import Hits


class Groups:
    """Labels of all documents, "" for none, numbered once for any number of searches."""

    def __init__(self, labels: Sequence[str] | np.ndarray) -> None:
        """Number the labels, shape (n_documents,); ValueError when one is None or NaN."""
        codes, names = pd.factorize(np.asarray(labels, dtype=object))
        if missing := int((codes < 0).sum()):
            raise ValueError(f'{missing} documents have no label; expected text, "" for no group')
        self._codes, self._names = codes.astype(np.int32), list(names)

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self._codes)

    def turns(self, rows: np.ndarray, population: np.ndarray) -> np.ndarray:
        """Return the turn of each of `rows`: 0 for the group with the largest share, and so on.

        Args:
            rows: of documents, shape (n_rows,).
            population: rows over which shares are counted. Ties go by name; "" comes last.
        """
        names = self._names
        shares = np.bincount(self._codes[population], minlength=len(names))
        order = sorted(range(len(names)), key=lambda c: (names[c] == "", -shares[c], names[c]))
        return np.argsort(order)[self._codes[rows]]


def number_texts(texts: Iterable[str]) -> np.ndarray:
    """Return a number for each text, equal for texts that differ only in case and punctuation.

    Texts without a letter or digit are all different. Shape (n_texts,).
    """
    numbers: dict[str, int] = {}
    found = []
    for row, text in enumerate(texts):
        letters = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
        found.append(numbers.setdefault(letters or f" {row}", row))
    return np.array(found, dtype=np.int64)


def diversify(
    candidates: Hits,
    vectors: np.ndarray,
    k: int,
    turns: np.ndarray | None = None,
    same: np.ndarray | None = None,
    balance: float = 0.7,
    near_duplicate: float = 0.97,
) -> np.ndarray:
    """Choose `k` candidates: groups take turns, and inside a group by maximal marginal relevance.

    Each turn takes the member with the highest balance · relevance − (1 − balance) · similarity to
    the nearest one chosen so far (Carbonell and Goldstein, SIGIR 1998), relevance being the score
    scaled to [0, 1]. Whatever repeats a chosen one drops out, so fewer than `k` may come back.

    Args:
        candidates: best first, m of them.
        vectors: of the candidates, shape (m, dimensions).
        k: how many to choose.
        turns: of each candidate, by `Groups.turns`; None puts all in one group.
        same: number of each candidate's text, by `number_texts`: equal ones count as repeats
            whatever their vectors.
        balance: 1 looks at relevance only, 0 at difference only.
        near_duplicate: cosine above which two candidates are the same thing.

    Returns:
        Places in `candidates`, in the order of choice, shape (≤ k,).
    """
    size = len(candidates.positions)
    if not size:
        return np.zeros(0, dtype=np.int64)
    turns = np.zeros(size, dtype=np.int64) if turns is None else turns
    same = np.arange(size) if same is None else same
    units = unit_rows(vectors)
    relevance = candidates.scores - candidates.scores.min()
    relevance = relevance / (relevance.max() or 1)
    nearest = np.full(size, -1.0)
    alive = np.ones(size, dtype=bool)
    chosen: list[int] = []
    while alive.any() and len(chosen) < k:
        for turn in np.unique(turns[alive]):
            members = np.flatnonzero(alive & (turns == turn))
            if not len(members) or len(chosen) == k:  # its last member repeated one chosen
                continue
            value = balance * relevance[members] - (1 - balance) * nearest[members]
            pick = int(members[np.argmax(value)])
            similarity = units @ units[pick]
            nearest = np.maximum(nearest, similarity)
            alive &= (similarity <= near_duplicate) & (same != same[pick])
            alive[pick] = False
            chosen.append(pick)
    return np.array(chosen, dtype=np.int64)

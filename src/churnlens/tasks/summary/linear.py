"""A logistic regression over hashed words and a few figures, kept as plain JSON.

Words are hashed, so the file holds no customer's words and needs no vocabulary; digits count as 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import numpy as np

from churnlens.schema import Frozen
from churnlens.tasks.summary.units import tokens

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from churnlens.tasks.summary.reader import Table

BITS: Final = 18
_NOT_ZERO: Final = re.compile("[1-9]")
_SIGN: Final = re.compile(r"[^\w\s]")


@dataclass(frozen=True)
class Case:
    """What one decision rests on.

    Attributes:
        texts: name of a part → its words; the same word in another part is another feature.
        figures: name → value, about 0 to 1.
    """

    texts: dict[str, str]
    figures: dict[str, float]


class Linear(Frozen):
    """Weights of a binary logistic regression.

    Attributes:
        places, weights: of the features that count, in one order.
        bias: of the regression.
    """

    places: tuple[int, ...]
    weights: tuple[float, ...]
    bias: float

    def probability(self, cases: Sequence[Case]) -> np.ndarray:
        """Return P(yes) of each case, shape (n,)."""
        return self.chance(hashed(cases))

    def chance(self, table: csr_matrix | Table) -> np.ndarray:
        """Return P(yes) of hashed cases, shape (n,)."""
        return 1 / (1 + np.exp(-np.clip(self.score(table), -50, 50)))

    def score(self, table: csr_matrix | Table) -> np.ndarray:
        """Return the log odds of hashed cases, shape (n,)."""
        return np.asarray(table @ self._dense) + self.bias

    @cached_property
    def _dense(self) -> np.ndarray:
        """The weight of every hashed place, shape (2^18,)."""
        dense = np.zeros(1 << BITS)
        dense[list(self.places)] = self.weights
        return dense


def hashed(cases: Sequence[Case]) -> csr_matrix:
    """Return the features of cases: l2-normed words and pairs of each part, and the figures.

    What several cases have in common, such as the turn before a clause, is read once.

    Returns:
        Shape (n, 2^18).
    """
    from scipy.sparse import csr_matrix

    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    known: dict[tuple[str, str], list[int]] = {}
    for case in cases:
        for part in case.texts.items():
            if (found := known.get(part)) is None:
                name, text = part
                found = known[part] = [place_of(each, f"{name}:") for each in features(text)]
            columns += found
            values += [1 / np.sqrt(max(1, len(found)))] * len(found)
        columns += [place_of(name, "=") for name in case.figures]
        values += case.figures.values()
        ends.append(len(columns))
    table = csr_matrix((values, columns, ends), shape=(len(cases), 1 << BITS))
    table.sum_duplicates()
    return table


def features(text: str) -> list[str]:
    """Return the words, marks and pairs of a text, each once; a text without any has one too."""
    plain = _NOT_ZERO.sub("0", unicodedata.normalize("NFKC", text))
    said = tokens(plain)
    signs = _SIGN.findall(plain)
    marks = [sign for sign in signs if unicodedata.category(sign) in {"So", "Po", "Sm", "Sc"}]
    pairs = [f"{one} {two}" for one, two in pairwise(["", *said, ""])]
    threes = zip(said, said[1:], said[2:], strict=False)
    han = ["".join(each) for each in threes if "\u3400" <= each[0][0] <= "\u9fff"]
    return list(dict.fromkeys([*said, *marks, *pairs, *han]))


def place_of(feature: str, part: str) -> int:
    """Return the hashed place of a feature of a part, 0 to 2^18 - 1."""
    return crc32((part + feature).encode("utf-8", "surrogatepass")) % (1 << BITS)


def fit(
    cases: Sequence[Case], labels: Sequence[bool], strength: float = 10.0, *, balanced: bool = False
) -> Linear:
    """Fit weights; labels of one kind only give that kind's share, whatever the case.

    Args:
        cases: n of them.
        labels: whether each is a yes.
        strength: inverse of the l2 penalty (`C` of scikit-learn).
        balanced: whether the rarer answer weighs as much as the other.
    """
    return fit_table(hashed(cases), np.asarray(labels, bool), strength, balanced=balanced)


def fit_table(
    table: Any, labels: np.ndarray, strength: float = 10.0, *, balanced: bool = False
) -> Linear:
    """Like `fit`, for features that are hashed already."""
    if labels.all() or not labels.any():
        return Linear(places=(), weights=(), bias=6.0 if labels.any() else -6.0)
    from sklearn.linear_model import LogisticRegression

    weigh = "balanced" if balanced else None
    model = LogisticRegression(C=strength, solver="liblinear", class_weight=weigh, random_state=0)
    seen = np.unique(table.indices)  # most of the hashed places are empty
    model.fit(table[:, seen], labels)
    weights = np.round(model.coef_[0], 4)
    used = np.flatnonzero(weights)
    return Linear(
        places=tuple(seen[used].tolist()),
        weights=tuple(weights[used].tolist()),
        bias=round(float(model.intercept_[0]), 5),
    )


def out_of_fold(
    table: Any,
    labels: np.ndarray,
    groups: Sequence[str],
    strength: float = 10.0,
    *,
    balanced: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """Return P(yes) of each row by weights that were fitted without its group, five folds."""
    owners = np.unique(groups, return_inverse=True)[1]
    folds = np.random.default_rng(seed).permutation(owners.max() + 1)[owners] % 5
    scores = np.zeros(len(labels))
    for fold in np.unique(folds):
        held = folds == fold
        fitted = fit_table(table[~held], labels[~held], strength, balanced=balanced)
        scores[held] = fitted.score(table[held])
    return 1 / (1 + np.exp(-np.clip(scores, -50, 50)))

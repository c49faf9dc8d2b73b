"""The reasons of dissatisfaction that a company tells apart, by the words of its customers.

The list is data (`conf/base/satisfaction/reasons.yml`). The words alone tell a reason where no
dialogue is labelled, and are weighed beside everything else where some are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import yaml
from pydantic import Field

from churnlens.dialogues.phrases import any_phrase
from churnlens.privacy.folding import fold
from churnlens.schema import Frozen, Text, Words

LONGEST = 4000  # characters of a turn that are read
_DOUBT = 0.5  # of a turn: what speaks for no reason at all

Said = Sequence[str]
"""What the customer said in one dialogue: the texts of the customer's turns, redacted."""


class ReasonKind(Frozen):
    """One reason: what it is called, and the words by which customers name it."""

    name: Text
    words: Words


class ReasonBook(Frozen):
    """All reasons.

    Attributes:
        none: the label of a dialogue without a complaint; it is no reason.
        reasons: id → reason, in the order of their columns.
    """

    none: str = "none"
    reasons: dict[str, ReasonKind] = Field(min_length=1)

    @property
    def labels(self) -> tuple[str, ...]:
        """Return what a dialogue can be labelled: every reason, and none."""
        return (*self.reasons, self.none)


class ReasonTeller(Protocol):
    """What tells reasons, by words or by weights."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the columns of the probabilities."""
        ...

    def probabilities(self, dialogues: Sequence[Said]) -> np.ndarray:
        """Return P(label) of each dialogue, shape (n, n_labels), rows that add up to 1."""
        ...


def load_reasons(path: Path) -> ReasonBook:
    """Read a list of reasons; ValidationError for a key that is none, OSError without a file."""
    return ReasonBook.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


class WordTeller:
    """Tells reasons by their words alone: for dialogues of which none is labelled.

    P(reason) is its share of the turns that name any, with half a turn for `none`.
    """

    def __init__(self, book: ReasonBook) -> None:
        """Compile all words."""
        self.book = book
        self._patterns = [any_phrase(r.words.en + r.words.zh) for r in book.reasons.values()]

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the columns of the probabilities."""
        return self.book.labels

    def counts(self, dialogues: Sequence[Said]) -> np.ndarray:
        """Return in how many turns words of each reason stand, integers of (n, n_reasons).

        A text that comes again, as where each turn of a dialogue is left out once, is read once.
        """
        counts = np.zeros((len(dialogues), len(self._patterns)), int)
        named = cache(self._named)
        for row, said in enumerate(dialogues):
            for text in said:
                counts[row] += named(text)
        return counts

    def _named(self, text: str) -> list[bool]:
        plain = fold(text[:LONGEST]).text.lower()
        return [bool(pattern.search(plain)) for pattern in self._patterns]

    def probabilities(self, dialogues: Sequence[Said]) -> np.ndarray:
        """Return P(label) of each dialogue, shape (n, n_labels)."""
        turns = self.counts(dialogues)
        doubt = np.full((len(turns), 1), _DOUBT)
        shares = np.hstack([turns, doubt])
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

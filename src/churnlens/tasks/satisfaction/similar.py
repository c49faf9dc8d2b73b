"""Past dialogues that are most like a new one, never of the same customer.

Likeness is the cosine of two vectors of what customers said. Dialogues about one thing lie close
together even where one customer is unhappy about the thing and another about the agent, so the
probability that the new dialogue has a case's reason counts too (`reason_head`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from churnlens.retrieval.dense import search_dense, unit_rows
from churnlens.retrieval.hits import best
from churnlens.schema import Frozen
from churnlens.tasks.satisfaction.reason_head import ReasonHead

if TYPE_CHECKING:
    import faiss

CANDIDATES = 200
WEIGHT = 0.2  # of log P(reason); from 0.1 to 0.5 little changed in cross-fitting on demo dialogues
_LEAST = 1e-3  # a reason held for impossible costs no more than this


class SimilarCase(Frozen):
    """A past dialogue.

    Attributes:
        dialogue: its id.
        similarity: cosine of the two vectors.
        reason: its label; empty where nobody labelled it.
    """

    dialogue: str
    similarity: float
    reason: str


class Asked(NamedTuple):
    """A new dialogue: its id, the key of its customer (empty where unknown), and its vector."""

    dialogue: str
    customer: str
    vector: np.ndarray


@dataclass(frozen=True)
class CaseLibrary:
    """The past cases, ready to be searched.

    Attributes:
        documents: `dialogue`, `customer`, `reason`, one row a case.
        index: FAISS index, position i being row i.
        head: P(reason) of a vector; None leaves the choice to the vectors alone.
        weight: of log P(reason) beside the cosine.
    """

    documents: pd.DataFrame
    index: faiss.Index
    head: ReasonHead | None = None
    weight: float = WEIGHT

    def __post_init__(self) -> None:
        """Refuse an index of other documents."""
        if self.index.ntotal != len(self.documents):
            raise ValueError(
                f"got {self.index.ntotal} vectors and {len(self.documents)} cases, expected as "
                "many; next: run the indexing stage again"
            )

    @cached_property
    def _reasons(self) -> np.ndarray:
        return self.documents["reason"].to_numpy(dtype=object)

    def others(self, asked: Asked) -> np.ndarray:
        """Return which cases may be shown: of another dialogue and another customer; (n,)."""
        other: np.ndarray = self.documents["dialogue"].to_numpy(object) != asked.dialogue
        if not asked.customer:
            return other
        strangers: np.ndarray = self.documents["customer"].to_numpy(object) != asked.customer
        return other & strangers

    def nearest(self, asked: Asked, k: int, allowed: np.ndarray) -> tuple[SimilarCase, ...]:
        """Return the `k` most similar of the allowed cases, the most similar first."""
        found = search_dense(self.index, asked.vector[None], max(k, CANDIDATES), allowed)[0]
        chosen = best(found.positions, found.scores + self._bonus(asked, found.positions), k)
        cosine = dict(zip(found.positions.tolist(), found.scores.tolist(), strict=True))
        return tuple(
            SimilarCase(
                dialogue=str(self.documents["dialogue"].iat[place]),
                similarity=round(cosine[place], 4),
                reason=str(self._reasons[place]),
            )
            for place in chosen.positions.tolist()
        )

    def _bonus(self, asked: Asked, positions: np.ndarray) -> np.ndarray:
        """Return the weighted log P(reason of the case), for an unlabelled case the mean of all."""
        if self.head is None:
            return np.zeros(len(positions))
        given = self.head.probabilities(unit_rows(asked.vector[None]))[0]
        logs = dict(zip(self.head.reasons, np.log(given + _LEAST), strict=True))
        unknown = float(given @ np.log(given + _LEAST))
        return self.weight * np.array([logs.get(self._reasons[at], unknown) for at in positions])


def similar_cases(
    library: CaseLibrary, asked: Sequence[Asked], k: int = 5
) -> list[tuple[SimilarCase, ...]]:
    """Return for each new dialogue its `k` most similar past cases.

    Fewer come back where there are not so many of other customers. A dialogue whose customer is
    not known can only be kept from itself.

    Args:
        library: the past cases.
        asked: the new dialogues, embedded as the cases were.
        k: how many for each, at least 1.
    """
    return [library.nearest(each, k, library.others(each)) for each in asked]

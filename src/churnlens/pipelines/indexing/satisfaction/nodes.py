"""Past dialogues to similar cases: the head that tells reasons, and how good the search is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from churnlens.tasks.satisfaction.reason_head import ReasonHead, fit_reason_head
from churnlens.tasks.satisfaction.similar_scores import CaseBench, score_similar_cases


def fit_reasons(documents: pd.DataFrame, vectors: pd.DataFrame) -> pd.DataFrame:
    """Return P(reason) of a vector as a table, see `ReasonHead`; empty without labelled cases.

    Args:
        documents: the past cases, with their `reason`.
        vectors: of the same, in the same order.
    """
    head = fit_reason_head(np.stack(vectors["vector"].tolist()), documents["reason"].tolist())
    return head.to_table() if head else ReasonHead((), np.zeros((0, 1)), np.zeros(0)).to_table()


def evaluate_cases(
    documents: pd.DataFrame,
    vectors: pd.DataFrame,
    vector_index: Any,
    test_documents: pd.DataFrame,
    test_vectors: pd.DataFrame,
) -> dict[str, Any]:
    """Return how often the similar cases of the test side have the same reason.

    Args:
        documents: the past cases, of the train side.
        vectors: of the same, in the same order.
        vector_index: of the vectors.
        test_documents: the dialogues of the test side.
        test_vectors: of the same, in the same order.
    """
    bench = CaseBench(
        cases=documents,
        vectors=np.stack(vectors["vector"].tolist()),
        index=vector_index,
        queries=test_documents,
        query_vectors=np.stack(test_vectors["vector"].tolist()),
    )
    return score_similar_cases(bench)

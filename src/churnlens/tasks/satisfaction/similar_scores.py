"""How often similar cases have the reason of the dialogue that they were found for.

P@k is the share of the k cases found that have the same reason, mean over labelled dialogues.
Beside the index stand a search by words alone (TF-IDF over characters) and chance. There are two
readings: with the customer held out, as in use; and with the scenario held out too, where neither
the cases nor the reason head know the situation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from churnlens.evaluation.intervals import bootstrap
from churnlens.tasks.satisfaction.reason_head import fit_reason_head
from churnlens.tasks.satisfaction.similar import Asked, CaseLibrary

if TYPE_CHECKING:
    import faiss
    from scipy.sparse import csr_matrix

Shares = dict[str, list[float]]


@dataclass(frozen=True)
class CaseBench:
    """Past cases and the dialogues that are asked about them.

    Attributes:
        cases, queries: `dialogue`, `customer`, `reason`, `scenario`, `text`, one row a dialogue.
        vectors, query_vectors: of them, unit rows.
        index: of the vectors of the cases.
    """

    cases: pd.DataFrame
    vectors: np.ndarray
    index: faiss.Index
    queries: pd.DataFrame
    query_vectors: np.ndarray

    def asked(self, row: int) -> Asked:
        """Return the query in a row."""
        query = self.queries.iloc[row]
        return Asked(query["dialogue"], query["customer"], self.query_vectors[row])

    def word_scores(self, row: int) -> np.ndarray:
        """Return the cosine of the words of the query in a row with each case, shape (n_cases,)."""
        queries, cases = self._words
        scores: np.ndarray = (queries[row] @ cases).toarray()[0]
        return scores

    @cached_property
    def _words(self) -> tuple[csr_matrix, csr_matrix]:
        """TF-IDF of the queries, and of the cases turned on their side."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        model = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
        cases = model.fit_transform(self.cases["text"])
        return model.transform(self.queries["text"]), cases.T.tocsr()


def score_similar_cases(bench: CaseBench, k: int = 5, seed: int = 7) -> dict[str, Any]:
    """Return P@k of every arm in both readings, each with a bootstrap interval over dialogues.

    Returns:
        `queries`, `cases`, `k`, and under `customer` and `scenario` the arms `index`, `vectors`
        (without the reason head), `tfidf` and `chance`: value, low, high, n. None where no query
        and case have labels, or no dialogue has a scenario.
    """
    known = bool((bench.cases["reason"] != "").any())
    labelled = np.flatnonzero((bench.queries["reason"] != "") & known)
    situated = labelled[(bench.queries["scenario"].to_numpy()[labelled] != "")]
    scenarios = bool((bench.cases["scenario"] != "").any())
    return {
        "queries": len(labelled),
        "cases": len(bench.cases),
        "k": k,
        "customer": _estimates(_by_customer(bench, labelled, k), seed),
        "scenario": _estimates(_by_scenario(bench, situated, k), seed) if scenarios else None,
    }


def _by_customer(bench: CaseBench, rows: np.ndarray, k: int) -> Shares:
    everything = np.ones(len(bench.cases), dtype=bool)
    return _shares(bench, rows, k, everything)


def _by_scenario(bench: CaseBench, rows: np.ndarray, k: int) -> Shares:
    """Return the shares where for each scenario all is done as if nobody had ever met it."""
    total: Shares = {}
    scenario_of = bench.queries["scenario"].to_numpy(dtype=object)
    for scenario in sorted(set(scenario_of[rows])):
        kept = (bench.cases["scenario"] != scenario).to_numpy()
        found = _shares(bench, rows[scenario_of[rows] == scenario], k, kept)
        for arm, shares in found.items():
            total.setdefault(arm, []).extend(shares)
    return total


def _shares(bench: CaseBench, rows: np.ndarray, k: int, kept: np.ndarray) -> Shares:
    """Return for each arm the share of right cases of each query, among the kept cases."""
    if not len(rows):
        return {}
    reasons = bench.cases["reason"].to_numpy(dtype=object)
    head = fit_reason_head(bench.vectors[kept], reasons[kept].tolist())
    plain = CaseLibrary(bench.cases, bench.index)
    whole = replace(plain, head=head)
    reason_of = dict(zip(bench.cases["dialogue"], reasons, strict=True))
    shares: Shares = {"index": [], "vectors": [], "tfidf": [], "chance": []}
    for row in rows:
        asked, wanted = bench.asked(row), str(bench.queries["reason"].iat[row])
        allowed = plain.others(asked) & kept
        if not allowed.any():
            continue
        for arm, library in (("index", whole), ("vectors", plain)):
            found = library.nearest(asked, k, allowed)
            shares[arm].append(_right((reason_of[case.dialogue] for case in found), wanted))
        ranked = np.argsort(-np.where(allowed, bench.word_scores(row), -1.0), kind="stable")[:k]
        shares["tfidf"].append(_right(iter(reasons[ranked[allowed[ranked]]]), wanted))
        shares["chance"].append(_right(iter(reasons[allowed]), wanted))
    return shares


def _right(found: Iterator[str], wanted: str) -> float:
    return float(np.mean([reason == wanted for reason in found]))


def _estimates(shares: Mapping[str, list[float]], seed: int) -> dict[str, Any] | None:
    if not shares or not shares["index"]:
        return None
    return {
        arm: bootstrap(np.mean, np.array(each), resamples=2000, seed=seed).model_dump()
        for arm, each in shares.items()
    }

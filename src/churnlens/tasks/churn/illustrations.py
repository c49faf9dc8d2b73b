"""Feedback that illustrates a study: inside the cohort, of the asked outcome, reasons in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from churnlens.evidence.query import describe
from churnlens.evidence.statements import Document
from churnlens.evidence.study import Population, Study
from churnlens.evidence.themes import Polarity
from churnlens.models.embedding import TextEncoder
from churnlens.retrieval.diversity import Groups
from churnlens.retrieval.search import HybridRetriever
from churnlens.retrieval.tokenize import tokenize
from churnlens.schema import Language

QUOTE_CHARS = 240
EXPLAINS: dict[str, Polarity] = {"left": "complaint", "stayed": "praise"}


@dataclass(frozen=True, eq=False)
class Labels:
    """The first reason of one polarity in every text; arrays of shape (n_rows,).

    Attributes:
        reason: its name, empty where there is none.
        start, end: characters of the quoted clause.
    """

    reason: Sequence[str]
    start: np.ndarray
    end: np.ndarray

    @cached_property
    def groups(self) -> Groups:
        """The reasons as groups that take turns."""
        return Groups(self.reason)


@dataclass(frozen=True, eq=False)
class Corpus:
    """The searchable feedback, row i being customer i of the table.

    Attributes:
        retriever: over one document per customer.
        encoder: of questions; None searches by words alone.
        languages: that the encoder was trained on.
        feedback: (n_rows,) redacted texts, empty where there is none.
        labels: what each text complains about, and what it praises.
    """

    retriever: HybridRetriever
    encoder: TextEncoder | None
    languages: Sequence[str]
    feedback: Sequence[str]
    labels: Mapping[Polarity, Labels]


def first_labels(reasons: pd.DataFrame, polarity: Polarity, rows: int) -> Labels:
    """Return the first reason of `polarity` in each of `rows` texts.

    Args:
        reasons: as `themes.label_feedback` returns them.
        polarity: complaint or praise.
        rows: customers in the table.
    """
    chosen = reasons[reasons["polarity"] == polarity].sort_values(["row", "start"], kind="stable")
    chosen = chosen.drop_duplicates("row").set_index("row").reindex(range(rows))
    return Labels(
        reason=chosen["reason"].fillna("").tolist(),
        start=chosen["start"].fillna(0).to_numpy(int),
        end=chosen["end"].fillna(0).to_numpy(int),
    )


def search_text(study: Study, population: Population, languages: Sequence[str]) -> str:
    """Return what to search for: the question, and the cohort and drivers in each language.

    The filter is known in both languages, so that a Chinese question also finds English feedback;
    the question itself is used only where its language is asked for.
    """
    parts = [study.query.question] if study.query.language in languages else []
    known: tuple[Language, ...] = ("en", "zh")
    for language in (each for each in known if each in languages):
        parts.append(describe(study.query.cohort, population.schema, language))
        parts += [driver.candidate.label.of(language) for driver in study.drivers]
    return " ".join(parts)


def illustrate(
    study: Study, population: Population, corpus: Corpus, count: int
) -> tuple[Document, ...]:
    """Return up to `count` feedback texts of customers in the cohort with the asked outcome."""
    allowed = study.asked & population.has_feedback
    if not allowed.any():
        return ()
    polarity = EXPLAINS[study.query.outcome]
    labels = corpus.labels[polarity]
    tokens = tokenize(search_text(study, population, ("en", "zh")))
    vector = None
    if corpus.encoder:
        meant = search_text(study, population, corpus.languages)
        vector = corpus.encoder.encode([meant], query=True)[0]
    hits = corpus.retriever.search(tokens, vector, count, allowed, labels.groups)
    keys = population.table[population.schema.key]
    return tuple(
        _document(str(keys.iloc[hit.position]), hit.position, corpus.feedback, labels, polarity)
        for hit in hits
    )


def _document(
    key: str, row: int, feedback: Sequence[str], labels: Labels, polarity: Polarity
) -> Document:
    text, reason = feedback[row], labels.reason[row]
    if not reason:
        return Document(id=key, row=row, quote=text[:QUOTE_CHARS])
    quote = text[labels.start[row] : labels.end[row]].strip()[:QUOTE_CHARS]
    return Document(id=key, row=row, quote=quote, reason=reason, polarity=polarity)

"""All that may be said in one answer, decided by the table before anybody writes."""

from __future__ import annotations

from typing import Literal

from churnlens.evidence.statements import Document, Finding, Statistic
from churnlens.evidence.study import Status
from churnlens.schema import Frozen, Language

RiskLevel = Literal["low", "medium", "high"]


class Brief(Frozen):
    """What a writer is given.

    Attributes:
        question: as asked, without personal data.
        status: whether there is something to say; findings are empty where not.
        findings: what may be claimed, the most general first; not rates by the values of a column,
            which nobody words.
        rejected: candidates that were tested and are no drivers: shown, never claimed.
        statistics: the evidence table that the findings stand on, by id.
        documents: feedback that findings may cite.
        group: the customers asked about, in words.
        risk_level: of the group.
        actions: proposed for what was found, as texts.
        refusal: why there is no answer, in words; empty where there is one.
    """

    language: Language
    question: str = ""
    status: Status = "answered"
    findings: tuple[Finding, ...]
    rejected: tuple[Finding, ...] = ()
    statistics: dict[str, Statistic] = {}
    documents: tuple[Document, ...]
    group: str = ""
    risk_level: RiskLevel | None = None
    actions: tuple[str, ...] = ()
    refusal: str = ""

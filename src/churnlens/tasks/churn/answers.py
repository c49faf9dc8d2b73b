"""The output contract of task churn: one answer as validated JSON."""

from __future__ import annotations

from typing import Literal

from churnlens.evidence.checks import Claim, Drop
from churnlens.evidence.query import Filter
from churnlens.evidence.risk import RiskComponents
from churnlens.evidence.statements import Statistic
from churnlens.evidence.study import Status
from churnlens.schema import Frozen, Language


class Cohort(Frozen):
    """Whom the answer is about.

    Attributes:
        filter: the conditions; `compare_to` those of the other group, if two are compared.
        text: the filter in words.
        size: customers in it.
        churn_rate, churn_rate_ci: share that left, with Wilson's 95 % interval.
        lift: churn rate over that of the whole table.
    """

    filter: Filter
    compare_to: Filter | None = None
    text: str
    size: int
    churn_rate: float | None
    churn_rate_ci: tuple[float, float] | None
    lift: float | None


class Evidence(Frozen):
    """A cited feedback: the redacted words, and the reason that they give."""

    quote: str
    reason: str
    polarity: str


class Checks(Frozen):
    """What was written and what of it was kept.

    Attributes:
        written: claims that the writer wrote.
        kept: claims that stand.
        dropped: what does not, and why. No citation is ever added.
    """

    written: int
    kept: int
    dropped: tuple[Drop, ...] = ()


class Answer(Frozen):
    """One cited answer; every number in it is a rounded cell of `statistics`.

    Attributes:
        status: `answered`, `too_few` (group below the gates) or `not_answerable`.
        summary: the shortest true answer, or why there is none.
        top_reasons: drivers and themes, strongest first.
        risk_level, risk_score, risk_components: public formula over the whole cohort.
        actions: proposed for the drivers and reasons that were found.
        citations: keys of the cited customers, in the order of the claims.
        claims: sentences with their evidence.
        statistics: the evidence table, by id.
        documents: cited feedback, by customer key.
        problems: why the table cannot answer.
        model: what wrote the claims.
        language: of question and answer.
    """

    question: str
    status: Status
    summary: str
    top_reasons: tuple[str, ...] = ()
    risk_level: Literal["low", "medium", "high"] | None = None
    risk_score: float | None = None
    risk_components: RiskComponents | None = None
    actions: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    cohort: Cohort | None = None
    claims: tuple[Claim, ...] = ()
    statistics: dict[str, Statistic] = {}
    documents: dict[str, Evidence] = {}
    checks: Checks = Checks(written=0, kept=0)
    problems: tuple[str, ...] = ()
    model: str
    language: Language

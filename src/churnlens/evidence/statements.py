"""Statistics as citable cells, findings as what they say, and a brief as all that may be said."""

from __future__ import annotations

from typing import Literal

from churnlens.evidence.intervals import Estimate
from churnlens.schema import Frozen, Language

Measure = Literal[
    "customers",
    "events",
    "rate",
    "rest_rate",
    "difference",
    "risk_ratio",
    "odds_ratio",
    "adjusted_odds_ratio",
    "money_adjusted_odds_ratio",
    "attributable_share",
    "complaint_share",
    "praise_share",
    "coverage",
    "groups",
]
SHARES = {"rate", "rest_rate", "attributable_share", "complaint_share", "praise_share", "coverage"}
COUNTS = {"customers", "events", "groups"}


class Statistic(Frozen):
    """One cell of the evidence table; every number in an answer is one of these, rounded.

    Attributes:
        about: the customers that it is about, in words.
        measure: what was measured; shares and differences are fractions of 1, ratios are plain.
        value, interval: estimate and 95 % interval; a count has no interval.
        n: customers behind the figure.
    """

    about: str
    measure: Measure
    value: float
    interval: tuple[float, float] | None = None
    n: int

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""
        return self.interval[0] if self.interval else None

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""
        return self.interval[1] if self.interval else None

    def shown(self, language: Language) -> str:
        """Return the value as it is printed: one decimal for shares, two for ratios."""
        return self._format(self.value, language)

    def shown_interval(self, language: Language) -> str:
        """Return the interval as it is printed, or an empty string."""
        if self.interval is None:
            return ""
        low, high = (self._format(bound, language, bare=True) for bound in self.interval)
        mark = {"en": " %", "zh": "%"}[language] if self.measure in SHARES else ""
        return f"{low}–{high}{mark}" if self.interval[0] >= 0 else f"{low} – {high}{mark}"

    def _format(self, value: float, language: Language, bare: bool = False) -> str:
        if self.measure in COUNTS:
            return f"{value:,.0f}"
        if self.measure in SHARES:
            return f"{value:.1%}" if language == "zh" and not bare else _percent(value, bare)
        if self.measure == "difference":
            unit = {"en": " points", "zh": " 个百分点"}[language]
            return f"{100 * value:.1f}{'' if bare else unit}"
        return f"{value:.2f}"


def _percent(value: float, bare: bool) -> str:
    return f"{100 * value:.1f}{'' if bare else ' %'}"


class Document(Frozen):
    """A customer's feedback as evidence.

    Attributes:
        id: key of the customer.
        row: position in the table.
        quote: the redacted words that show the reason, or the start of the text.
        reason, polarity: of the quote; empty when no reason was recognised.
    """

    id: str
    row: int
    quote: str
    reason: str = ""
    polarity: Literal["complaint", "praise", ""] = ""


FindingKind = Literal[
    "rate",
    "breakdown",
    "versus_rest",
    "exposure",
    "driver",
    "theme",
    "comparison",
    "voices",
    "rejected",
]


class Finding(Frozen):
    """One thing that the evidence shows, ready to be claimed.

    Attributes:
        kind: what sort of finding; `breakdown` is the rate of one value of an asked column, or how
            many of its values are left out; `rejected` is a candidate that is no driver, and may
            be shown to a writer but never claimed.
        subject: whom it is about, completing "customers …"; for a theme the reason, for voices
            the reasons of the quoted documents, for values left out the column.
        other: whom it is compared with, in words.
        name: what a driver or theme is called in the schema, for actions.
        outcome: the asked one.
        more: whether the subject raises it; None when nothing is compared, or when the
            intervals leave it open.
        stat_ids: the statistics that it stands on.
        doc_ids: the documents that say so; only reasons have any, figures come from the table.
        sentence: the finding in full, numbers and all, as the template writer says it.
        figures: the numbers alone, to be put behind a sentence without numbers.
        headline: the one or two numbers that a short sentence gives; empty where it has none.
    """

    kind: FindingKind
    subject: str
    other: str = ""
    name: str = ""
    outcome: Literal["left", "stayed"] = "left"
    more: bool | None = None
    stat_ids: tuple[str, ...]
    doc_ids: tuple[str, ...] = ()
    sentence: str
    figures: str
    headline: str = ""


class Ledger:
    """Hands out ids S1, S2, … for statistics in the order in which they are stated."""

    def __init__(self) -> None:
        """Start empty."""
        self.statistics: dict[str, Statistic] = {}

    def add(self, about: str, measure: Measure, value: float | Estimate | None, n: int) -> str:
        """Keep a figure and return its id; an empty string when there is no figure."""
        if value is None:
            return ""
        key = f"S{len(self.statistics) + 1}"
        interval = (value.low, value.high) if isinstance(value, Estimate) else None
        number = value.value if isinstance(value, Estimate) else float(value)
        self.statistics[key] = Statistic(
            about=about, measure=measure, value=number, interval=interval, n=n
        )
        return key

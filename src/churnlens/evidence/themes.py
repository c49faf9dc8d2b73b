"""Reasons that customers give in their own words, and how often, inside a cohort.

`label_feedback` reads every text once, in the data stage; `summarize_themes` counts inside the
cohort of one question. Both know reasons only from the schema. Feedback may be written after the
decision to leave and by few customers, so themes illustrate and are never predictors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.evidence import intervals
from churnlens.evidence.cues import CJK
from churnlens.evidence.intervals import Estimate, estimate
from churnlens.evidence.phrases import find_reasons, lexicon, lower
from churnlens.evidence.screening import independence_p
from churnlens.options import DriverOptions
from churnlens.schema import Frozen, Schema

Polarity = Literal["complaint", "praise"]
Mask = NDArray[np.bool_]
Counts = NDArray[np.float64]
MoreAmong = Literal["left", "stayed", ""]

POLARITIES: tuple[Polarity, Polarity] = ("complaint", "praise")
LABEL_COLUMNS = ("row", "reason", "polarity", "start", "end")
_HAN = re.compile(f"[{CJK}]")


def label_feedback(texts: Sequence[str], schema: Schema) -> pd.DataFrame:
    """Return the reasons that each text gives, by the phrases of the schema.

    English phrases are found as whole words with common endings (outage, outages), Chinese ones
    anywhere; the longest wins. The clause then decides what is meant: negation ("no outages",
    从没断线) turns a complaint into praise and praise into a complaint, a wish ("would be great if
    it were cheaper") is a complaint. A phrase listed under both polarities names the topic only and
    takes the clause's general judgement.

    Args:
        texts: the feedback of each row, empty where there is none.
        schema: its `reasons` hold the phrases in both languages.

    Returns:
        Columns `row` (position in `texts`), `reason`, `polarity` (complaint or praise), `start` and
        `end` (the quoted clause or sentence is `texts[row][start:end]`); one row per text, reason
        and polarity, the first place in the text, in order.
    """
    english, chinese = (lexicon(schema.reasons, language) for language in ("en", "zh"))
    found: dict[tuple[int, int, int], tuple[int, int]] = {}
    for row, text in enumerate(texts):
        lowered = lower(text)
        lexicons = (english, chinese) if _HAN.search(lowered) else (english,)
        for words in lexicons:
            for reason, sign, start, end in find_reasons(lowered, words):
                found.setdefault((row, reason, sign), (start, end))
    rows = [
        (row, schema.reasons[reason].name, POLARITIES[sign > 0], *span)
        for (row, reason, sign), span in found.items()
    ]
    types = {"row": "int64", "reason": "str", "polarity": "str", "start": "int64", "end": "int64"}
    return pd.DataFrame(rows, columns=list(LABEL_COLUMNS)).astype(types)


class Theme(Frozen):
    """One reason with one polarity in the feedback of a cohort.

    Attributes:
        mentions: texts of the cohort that give it.
        left, stayed: share of the texts of those who left (stayed) that give it, Wilson interval;
            None where nobody who left (stayed) wrote.
        difference: left − stayed, Newcombe interval.
        risk_ratio: left / stayed, Katz interval; None at a zero count.
        p_value: chi-square, or Fisher where a cell expects fewer than 5; None when too few wrote
            or mention it.
        q_value: Benjamini-Hochberg over the themes of the cohort.
        more_among: who gives it more often, where q and the effect floor of the driver search are
            met; empty otherwise, and then it may only be called "mentioned by … of the texts".
    """

    reason: str
    polarity: Polarity
    mentions: int
    left: Estimate | None
    stayed: Estimate | None
    difference: Estimate | None
    risk_ratio: Estimate | None
    p_value: float | None = None
    q_value: float | None = None
    more_among: MoreAmong = ""

    @property
    def reported(self) -> bool:
        """Whether the theme is associated with the outcome, and not only mentioned."""
        return bool(self.more_among)


class Themes(Frozen):
    """What the feedback of a cohort says, and how much of the cohort it speaks for.

    Attributes:
        customers: size of the cohort.
        texts, texts_left: how many of them wrote, and how many of those left.
        labelled: texts with at least one reason.
        themes: associated ones first, then by mentions.
    """

    customers: int
    texts: int
    texts_left: int
    labelled: int
    themes: tuple[Theme, ...] = ()

    @property
    def coverage(self) -> Estimate | None:
        """Share of the cohort that wrote feedback."""
        return estimate(intervals.wilson(self.texts, self.customers))

    @property
    def labelled_share(self) -> Estimate | None:
        """Share of the texts that give a known reason."""
        return estimate(intervals.wilson(self.labelled, self.texts))


def _tests(counts: Counts, options: DriverOptions) -> tuple[Counts, Counts]:
    """Return p and q of k themes, NaN where a test makes no sense.

    Which themes are tested depends on how often they are mentioned, never on by whom, so that the
    false discovery rate holds among them.
    """
    left, n_left, stayed, n_stayed = counts
    wrote = n_left + n_stayed
    both = np.minimum(n_left, n_stayed) >= options.min_events
    tested = (wrote >= options.min_customers) & both & (left + stayed >= options.min_events)
    p, q = np.full((2, len(left)), np.nan)
    if tested.any():
        from scipy.stats import false_discovery_control

        p[tested] = independence_p(counts[:, tested])
        q[tested] = false_discovery_control(p[tested])
    return p, q


def _more_among(counts: Counts, q: Counts, options: DriverOptions) -> list[MoreAmong]:
    left, stayed = counts[0] / counts[1], counts[2] / counts[3]
    high, low = np.maximum(left, stayed), np.minimum(left, stayed)
    strong = (high - low >= options.min_difference) | (high >= options.min_lift * low)
    sides = np.where(left > stayed, "left", "stayed")
    return np.where((q <= options.alpha) & strong, sides, "").tolist()


def _build(
    names: list[tuple[str, Polarity]], counts: Counts, options: DriverOptions
) -> Iterator[Theme]:
    left, n_left, stayed, n_stayed = counts
    bounds = np.array(
        [
            intervals.wilson(left, n_left),
            intervals.wilson(stayed, n_stayed),
            intervals.newcombe(*counts),
            intervals.katz(*counts),
        ]
    )
    p, q = _tests(counts, options)
    with np.errstate(invalid="ignore"):
        sides = _more_among(counts, q, options)
    for place, (reason, polarity) in enumerate(names):
        one, two, difference, ratio = (estimate(tuple(each)) for each in bounds[:, :, place])
        tested = not np.isnan(p[place])
        yield Theme(
            reason=reason,
            polarity=polarity,
            mentions=int(left[place] + stayed[place]),
            left=one,
            stayed=two,
            difference=difference,
            risk_ratio=ratio,
            p_value=float(p[place]) if tested else None,
            q_value=float(q[place]) if tested else None,
            more_among=sides[place],
        )


def _count(
    labels: pd.DataFrame, rows: Mask, left: Mask
) -> tuple[list[tuple[str, Polarity]], Counts]:
    """Return the k themes mentioned in `rows`, and their counts as `independence_p` takes them."""
    places = labels["row"].to_numpy()
    inside = rows[places]
    gone = left[places[inside]]
    codes, reasons = pd.factorize(labels["reason"].array[inside])
    numbers = 2 * codes + (labels["polarity"].array[inside] == POLARITIES[1]).astype(int)
    one, all_ = (np.bincount(each, minlength=2 * len(reasons)) for each in (numbers[gone], numbers))
    used = np.flatnonzero(all_)
    names = [(str(reasons[number // 2]), POLARITIES[number % 2]) for number in used]
    n_left, n = np.full(len(used), (rows & left).sum()), np.full(len(used), rows.sum())
    return names, np.array([one[used], n_left, (all_ - one)[used], n - n_left], dtype=float)


def summarize_themes(
    labels: pd.DataFrame,
    has_feedback: Mask,
    cohort: Mask,
    left: Mask,
    options: DriverOptions | None = None,
) -> Themes:
    """Count the reasons in a cohort's feedback, and compare those who left with those who stayed.

    Args:
        labels: result of `label_feedback` for the whole table.
        has_feedback: which rows have a text, booleans of shape (n_rows,).
        cohort: which rows are asked about, booleans of shape (n_rows,).
        left: who left, booleans of shape (n_rows,).
        options: alpha and effect floor. A theme is tested when at least `min_customers` of the
            cohort wrote, `min_events` of them left, as many stayed, and as many mention it.

    Returns:
        Shares among those who wrote, with their coverage of the cohort; no themes without texts.
    """
    rows, places = cohort & has_feedback, labels["row"].to_numpy()
    names, counts = _count(labels, rows, left)
    themes = _build(names, counts, options or DriverOptions())
    return Themes(
        customers=int(cohort.sum()),
        texts=int(rows.sum()),
        texts_left=int((rows & left).sum()),
        labelled=len(np.unique(places[rows[places]])),
        themes=tuple(
            sorted(themes, key=lambda each: (not each.reported, -each.mentions, each.reason))
        ),
    )

"""Figures of one group of customers, of two groups side by side, and the gate for small groups.

`event` is the asked outcome of every customer: who left, or, for "why do they stay", who stayed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from churnlens.evidence.intervals import (
    Estimate,
    estimate,
    katz,
    newcombe,
    score_z,
    two_sided,
    wilson,
)
from churnlens.schema import Frozen

Mask = NDArray[np.bool_]


class CohortFigures(Frozen):
    """A cohort beside the whole table and beside the customers outside it ("the rest").

    A figure is None where it does not exist: the rest is empty, or a rate under a ratio is zero.

    Attributes:
        size, events: customers in the cohort, and those of them with the asked outcome.
        total, total_events: the same for the whole table.
        rate, base_rate, rest_rate: share with the outcome in the cohort, in the whole table and
            in the rest; Wilson 95 % intervals.
        lift: `rate / base_rate`; 1 means as in the whole table.
        lift_vs_rest: `rate / rest_rate`.
        risk_ratio: the same ratio with Katz's log interval.
        difference: `rate - rest_rate` with Newcombe's interval, as a share (0.05 = 5 points).
    """

    size: int
    events: int
    total: int
    total_events: int
    rate: Estimate | None
    base_rate: Estimate | None
    rest_rate: Estimate | None
    lift: float | None
    lift_vs_rest: float | None
    risk_ratio: Estimate | None
    difference: Estimate | None


class Comparison(Frozen):
    """Group A beside group B.

    Attributes:
        overlap: customers who belong to both; intervals and `p_value` allow for them.
        risk_ratio, difference: A against B; None where they do not exist.
        p_value: two-sided, of equal rates (Pearson's chi-square when nobody is in both).
    """

    a: CohortFigures
    b: CohortFigures
    overlap: int
    risk_ratio: Estimate | None
    difference: Estimate | None
    p_value: float | None


def _ratio(one: Estimate | None, two: Estimate | None) -> float | None:
    return one.value / two.value if one and two and two.value > 0 else None


def summarize_cohort(mask: Mask, event: Mask) -> CohortFigures:
    """Return the figures of the customers in `mask`.

    Args:
        mask: (n_rows,) who belongs to the cohort.
        event: (n_rows,) who has the asked outcome.
    """
    size, events = int(mask.sum()), int((mask & event).sum())
    total, total_events = len(mask), int(event.sum())
    rest = (total_events - events, total - size)
    rate, base_rate = estimate(wilson(events, size)), estimate(wilson(total_events, total))
    rest_rate = estimate(wilson(*rest))
    return CohortFigures(
        size=size,
        events=events,
        total=total,
        total_events=total_events,
        rate=rate,
        base_rate=base_rate,
        rest_rate=rest_rate,
        lift=_ratio(rate, base_rate),
        lift_vs_rest=_ratio(rate, rest_rate),
        risk_ratio=estimate(katz(events, size, *rest)),
        difference=estimate(newcombe(events, size, *rest)),
    )


def gate(figures: CohortFigures, minimum: int = 30, minimum_events: int = 10) -> str:
    """Return why a cohort is too small to answer about, or an empty string.

    A cohort passes with at least `minimum` customers, of whom at least `minimum_events` have the
    asked outcome and at least `minimum_events` have the other one. Keys: `too_few_customers`,
    `too_few_events`, `too_few_others`.
    """
    if figures.size < minimum:
        return "too_few_customers"
    if figures.events < minimum_events:
        return "too_few_events"
    if figures.size - figures.events < minimum_events:
        return "too_few_others"
    return ""


def _covariance(mask_a: Mask, mask_b: Mask, event: Mask) -> float:
    """Return the covariance of the two groups' rates that their common members cause."""
    both = mask_a & mask_b
    if not both.any():
        return 0.0
    rate = float(event[both].mean())
    return float(both.sum()) * rate * (1 - rate) / (float(mask_a.sum()) * float(mask_b.sum()))


def _deviation(figures: CohortFigures) -> float:
    rate = figures.events / figures.size
    return float(np.sqrt(rate * (1 - rate) / figures.size))


def compare_cohorts(mask_a: Mask, mask_b: Mask, event: Mask) -> Comparison:
    """Return group A against group B; the groups may share members.

    The rates are those of the whole groups. Common members make the rates move together; the
    intervals use that covariance, so that "A versus a part of A" is not overstated.

    Args:
        mask_a: (n_rows,) members of A.
        mask_b: (n_rows,) members of B.
        event: (n_rows,) who has the asked outcome.
    """
    a, b = summarize_cohort(mask_a, event), summarize_cohort(mask_b, event)
    overlap = int((mask_a & mask_b).sum())
    counts = (a.events, a.size, b.events, b.size)
    if not (a.size and b.size) or overlap == a.size == b.size:
        return Comparison(a=a, b=b, overlap=overlap, risk_ratio=None, difference=None, p_value=None)
    covariance = _covariance(mask_a, mask_b, event)
    spread = _deviation(a) * _deviation(b)
    correlation = min(covariance / spread, 1.0) if spread > 0 else 0.0
    product = a.events * b.events / (a.size * b.size)
    log_covariance = covariance / product if product > 0 else 0.0
    return Comparison(
        a=a,
        b=b,
        overlap=overlap,
        risk_ratio=estimate(katz(*counts, log_covariance=log_covariance)),
        difference=estimate(newcombe(*counts, correlation=correlation)),
        p_value=float(two_sided(score_z(*counts, shared=overlap))),
    )

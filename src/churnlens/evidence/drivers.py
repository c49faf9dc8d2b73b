"""Drivers inside a cohort: which attributes go with the asked outcome.

A candidate is reported when all of these hold; `Driver.why_not` names the first that fails:

1. `other_direction`: the outcome is more frequent among its members than in the rest of the
   cohort;
2. `not_significant`: Pearson's chi-square, or Fisher's exact test where a cell expects fewer
   than 5, survives Benjamini-Hochberg over all candidates of the cohort;
3. `small_effect`: lift against the rest or difference in points reaches the floor;
4. `not_confirmed`: a half of the cohort (by a hash of the customer key) discovers it under
   Benjamini-Hochberg on its own and the other half confirms it, one-sided at 5 %. Either half
   may be the discovering one, which keeps power without showing a discovery its own data again;
5. `explained_by_others`: the adjusted odds ratio excludes 1 (`not_estimable` where nothing can be
   said with the other attributes held equal);
6. `same_attribute`: no stronger value of the same attribute is reported already.

Reported drivers come first, by the share of the cohort's events that goes with each at least (the
lower end of the attributable share): effect and prevalence count, and so does uncertainty.
Everything here is association, not cause.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.evidence import intervals
from churnlens.evidence.adjust import (
    ENTANGLED,
    Adjusted,
    CohortModels,
    fit_model,
    slope_contrast,
    take_sample,
)
from churnlens.evidence.candidates import (
    Candidate,
    distinct_candidates,
    find_members,
    list_candidates,
)
from churnlens.evidence.design import Design, build_design, with_group
from churnlens.evidence.intervals import Estimate, estimate
from churnlens.evidence.screening import Bits, Screening, count_events, pack, screen_packed
from churnlens.options import DriverOptions
from churnlens.schema import Frozen, Schema

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Outcome = Literal["left", "stayed"]


@dataclass(frozen=True, eq=False)
class Panel:
    """Whatever about a table does not depend on the question; built once.

    Attributes:
        candidates: k candidates; `members` (n_rows, k) who belongs; `attribute` (k,) their
            attribute's index in `design`.
        left: (n_rows,) who left.
        half: (n_rows,) a fixed half of the customers, by a hash of their key.
        confounders: indices of the attributes declared as such.
        money: index of the charge, unless there is none or it is a confounder.
        start: (p,) coefficients of leaving in the whole table, where fits of cohorts begin.
    """

    candidates: tuple[Candidate, ...]
    members: Mask
    attribute: NDArray[np.int64]
    left: Mask
    half: Mask
    design: Design
    confounders: frozenset[int]
    money: frozenset[int]
    start: Floats

    @cached_property
    def packed(self) -> Bits:
        """`members` as bits, for counting."""
        return pack(self.members)

    def event(self, outcome: Outcome) -> Mask:
        """Return who has the asked outcome, shape (n_rows,)."""
        return self.left if outcome == "left" else ~self.left

    def begin(self, outcome: Outcome) -> Floats:
        """Return `start` for the asked outcome."""
        return self.start if outcome == "left" else -self.start


def build_panel(table: pd.DataFrame, schema: Schema) -> Panel:
    """Prepare a validated table (categories as str, numbers as float) for any number of cohorts."""
    design = build_design(table, schema)
    names = [column.name for column in design.attributes]
    candidates = tuple(c for c in list_candidates(schema) if c.column in names)
    confounders = frozenset(i for i, column in enumerate(design.attributes) if column.adjust)
    left = (table[schema.outcome.column] == schema.outcome.left).to_numpy(bool)
    keys = pd.util.hash_array(table[schema.key].to_numpy(object), categorize=False)
    return Panel(
        candidates=candidates,
        members=find_members(candidates, table),
        attribute=np.array([names.index(c.column) for c in candidates], dtype=np.int64),
        left=left,
        half=keys % 2 == 0,
        design=design,
        confounders=confounders,
        money=frozenset(i for i, name in enumerate(names) if name == schema.money) - confounders,
        start=_whole_table(design, left, confounders),
    )


def _whole_table(design: Design, left: Mask, confounders: frozenset[int]) -> Floats:
    """Return the coefficients (p,) of the confounders over all customers."""
    everybody, nothing = np.ones(len(left), dtype=bool), np.zeros((len(left), 0), dtype=bool)
    sample = take_sample(design, everybody, left, nothing, np.zeros(0, dtype=np.int64))
    model, start = fit_model(sample, confounders), np.zeros(design.x.shape[1])
    if model.fit.converged:
        start[model.columns.kept] = model.fit.coefficients
    return start


class Effects(Frozen):
    """Odds ratios of the asked outcome, members against others.

    Attributes:
        odds_ratio: crude, against everybody else in the cohort; None at a zero cell.
        adjusted: the declared confounders held equal (see `evidence.adjust`).
        money_adjusted: the charge held equal too; None where there is no charge, and for
            candidates that no answer names. What it says depends on the declared confounders: with
            every part of the charge among them, charge and part cannot be told apart.
        money_vif: inflation of the attribute beside the charge and every confounder; above 5 the
            attribute is part of what the charge is made of.
        collinear: whether either inflation exceeds 5.
        sign_change: whether two of these odds ratios point in opposite directions.
    """

    odds_ratio: Estimate | None
    adjusted: Adjusted | None
    money_adjusted: Adjusted | None
    money_vif: float | None
    collinear: bool
    sign_change: bool


class Driver(Effects):
    """One candidate inside a cohort, beside the rest of the cohort.

    `events` are customers with the asked outcome: leavers, or stayers for "why do they stay".

    Attributes:
        candidate: what its members have in common.
        size, events, rate: its members in the cohort; Wilson interval.
        rest_rate: share of the event in the rest of the cohort.
        lift: `rate / rest_rate`; None when nobody in the rest has the event.
        risk_ratio, difference: with Katz's and Newcombe's interval.
        p_value, q_value: two-sided; after Benjamini-Hochberg.
        confirmed: whether one half of the cohort confirms what the other discovers.
        per_unit: for a band, the adjusted odds ratio of one more unit of the number.
        attributable_share: share of the cohort's events that goes with it; None when unreported.
        reported: whether it may be called a driver; `why_not` is the key of the first failed rule.
    """

    candidate: Candidate
    size: int
    events: int
    rate: Estimate
    rest_rate: Estimate
    lift: float | None
    risk_ratio: Estimate | None
    difference: Estimate | None
    p_value: float
    q_value: float
    confirmed: bool
    per_unit: Adjusted | None
    attributable_share: Estimate | None
    reported: bool
    why_not: str


def _effects(
    models: CohortModels, place: int, attribute: int, counts: Floats, priced: bool
) -> Effects:
    contrast = models.sample.contrasts[place]
    odds_ratio = estimate(intervals.woolf(*counts))
    adjusted = models.declared(attribute).effect(contrast, attribute)
    priced = priced and bool(models.money)
    money_adjusted = models.with_money(attribute).effect(contrast, attribute) if priced else None
    money_vif = models.inflation.get(attribute) if models.money else None
    raised = {each.value > 1 for each in (odds_ratio, adjusted, money_adjusted) if each}
    return Effects(
        odds_ratio=odds_ratio,
        adjusted=adjusted,
        money_adjusted=money_adjusted,
        money_vif=money_vif,
        collinear=max(adjusted.vif if adjusted else 1.0, money_vif or 1.0) > ENTANGLED,
        sign_change=len(raised) > 1,
    )


@dataclass(frozen=True, eq=False)
class _Verdicts:
    """Which of k candidates are drivers: `why_not` each, `share` each, places in final order."""

    why_not: list[str]
    share: list[Estimate | None]
    order: list[int]


def _judge(models: CohortModels, attribute: NDArray[np.int64], screening: Screening) -> _Verdicts:
    """Apply rules 5 and 6 to what passed rules 1 to 4, and put the candidates in order."""
    why_not = list(screening.why_not)
    share: list[Estimate | None] = [None] * len(why_not)
    low = np.full(len(why_not), -np.inf)
    for place in [place for place, reason in enumerate(why_not) if not reason]:
        model = models.declared(int(attribute[place]))
        adjusted = model.effect(models.sample.contrasts[place], int(attribute[place]))
        if adjusted is None:
            why_not[place] = "not_estimable"
        elif adjusted.low <= 1:
            why_not[place] = "explained_by_others"
        else:
            found = model.attributable_share(place, adjusted)
            share[place], low[place] = found, found.low
    order = np.lexsort((screening.p, -low)).tolist()
    seen: set[int] = set()
    for place in [place for place in order if not why_not[place]]:
        if int(attribute[place]) in seen:
            why_not[place] = "same_attribute"
        seen.add(int(attribute[place]))
    order.sort(key=lambda place: bool(why_not[place]))
    return _Verdicts(why_not, share, order)


def _driver(
    candidate: Candidate, effects: Effects, screening: Screening, place: int, **found: object
) -> Driver:
    counts, bounds = screening.counts[:, place], screening.bounds[:, :, place]
    rate, rest_rate, risk_ratio, difference = (estimate(tuple(each)) for each in bounds)
    return Driver.model_validate(
        {
            **dict(effects),
            **found,
            "candidate": candidate,
            "size": int(counts[1]),
            "events": int(counts[0]),
            "rate": rate,
            "rest_rate": rest_rate,
            "lift": float(bounds[0, 0] / bounds[1, 0]) if counts[2] > 0 else None,
            "risk_ratio": risk_ratio,
            "difference": difference,
            "p_value": float(screening.p[place]),
            "q_value": float(screening.q[place]),
            "confirmed": bool(screening.confirmed[place]),
        }
    )


def find_drivers(
    panel: Panel,
    mask: Mask,
    outcome: Outcome = "left",
    options: DriverOptions | None = None,
    defined_by: Collection[str] = (),
) -> tuple[Driver, ...]:
    """Return every candidate inside a cohort: reported drivers first, then the others by p.

    Candidates that are constant in the cohort, or the same as or the complement of another, are
    left out. Odds ratios with the charge held equal are given for the first `max_drivers`.

    Args:
        panel: of the whole table.
        mask: (n_rows,) the cohort.
        outcome: `left` looks for what goes with leaving, `stayed` with staying.
        options: false discovery rate, effect floor and how many drivers an answer names.
        defined_by: columns that the cohort's filter names; held equal, but not offered.
    """
    options, event = options or DriverOptions(), panel.event(outcome)
    offered = np.array([c.column not in defined_by for c in panel.candidates], dtype=bool)
    chosen = np.flatnonzero(offered & distinct_candidates(panel.members[mask], event[mask]))
    if not len(chosen) or event[mask].all() or not event[mask].any():
        return ()
    attribute = panel.attribute[chosen]
    sample = take_sample(panel.design, mask, event, panel.members[:, chosen], attribute)
    screening = screen_packed(panel.packed[chosen], mask, event, panel.half, options)
    models = CohortModels(sample, panel.confounders, panel.money, panel.begin(outcome))
    verdicts = _judge(models, attribute, screening)
    drivers = []
    for rank, place in enumerate(verdicts.order):
        index, reported = int(attribute[place]), not verdicts.why_not[place]
        named = reported and rank < options.max_drivers
        slope = slope_contrast(sample, panel.design, index)
        drivers.append(
            _driver(
                panel.candidates[chosen[place]],
                _effects(models, place, index, screening.counts[:, place], named),
                screening,
                place,
                per_unit=models.declared(index).effect(slope, index) if slope.any() else None,
                attributable_share=verdicts.share[place],
                reported=reported,
                why_not=verdicts.why_not[place],
            )
        )
    return tuple(drivers)


def membership_effect(
    panel: Panel, mask: Mask, outcome: Outcome = "left", defined_by: Collection[str] = ()
) -> Effects:
    """Return what belonging to a cohort goes with, over the whole table.

    The declared confounders are held equal, except the columns that define the cohort.

    Args:
        panel: of the whole table.
        mask: (n_rows,) the cohort.
        outcome: the asked outcome.
        defined_by: columns that the cohort's filter names.
    """
    event, everybody = panel.event(outcome), np.ones(len(mask), dtype=bool)
    design, group = with_group(panel.design, mask)
    sample = take_sample(design, everybody, event, mask[:, None], np.array([group]))
    defining = {i for i, c in enumerate(design.attributes) if c.name in defined_by}
    models = CohortModels(
        sample,
        (panel.confounders - defining) | {group},
        panel.money - defining,
        np.insert(panel.begin(outcome), 1, 0.0),
    )
    counts = count_events(mask[:, None].astype(float), event, everybody)[:, 0]
    return _effects(models, 0, group, counts, priced=True)

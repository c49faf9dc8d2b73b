"""Everything that the table says about one question, computed before a word is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.evidence.breakdown import Breakdown, break_down
from churnlens.evidence.cohort import (
    CohortFigures,
    Comparison,
    compare_cohorts,
    gate,
    summarize_cohort,
)
from churnlens.evidence.drivers import Driver, Effects, Panel, find_drivers, membership_effect
from churnlens.evidence.query import Filter, Query, conditions, select
from churnlens.evidence.risk import Risk, cohort_risk
from churnlens.evidence.themes import Themes, summarize_themes
from churnlens.options import DriverOptions
from churnlens.schema import Schema

Mask = NDArray[np.bool_]
Status = Literal["answered", "too_few", "not_answerable"]


@dataclass(frozen=True, eq=False)
class Study:
    """The computed answer to a query.

    Attributes:
        status: whether there is something to say.
        mask: (n_rows,) the cohort; `asked` those of it with the asked outcome.
        figures: of leaving, whatever was asked: the cohort's churn rate is one number.
        comparison: of "A versus B"; None otherwise.
        breakdown: the cohort divided by each column in `query.by`.
        effects: of belonging to the cohort; None for the whole table or a comparison.
        drivers: reported ones only, strongest first.
        rejected: candidates that were tested and are not drivers.
        themes: of the cohort's feedback, whoever left or stayed.
        risk: the public score; None without a formula.
    """

    query: Query
    status: Status
    mask: Mask
    asked: Mask
    figures: CohortFigures | None = None
    comparison: Comparison | None = None
    breakdown: tuple[Breakdown, ...] = ()
    effects: Effects | None = None
    drivers: tuple[Driver, ...] = ()
    rejected: tuple[Driver, ...] = ()
    themes: Themes | None = None
    risk: Risk | None = None


@dataclass(frozen=True, eq=False)
class Population:
    """A validated table, prepared once for any number of questions.

    Attributes:
        table: the customers, one a row.
        panel: what `drivers` needs of it.
        reasons: labels of the feedback, as `themes.label_feedback` returns them.
        has_feedback: (n_rows,) who said something.
    """

    schema: Schema
    table: pd.DataFrame
    panel: Panel
    reasons: pd.DataFrame
    has_feedback: Mask

    @property
    def left(self) -> Mask:
        """Who left, shape (n_rows,)."""
        return self.panel.left


def _columns(filters: Filter) -> frozenset[str]:
    return frozenset(condition.column for condition in conditions(filters))


def _too_few(figures: CohortFigures, options: DriverOptions) -> bool:
    return bool(gate(figures, options.min_customers, options.min_events))


def conduct_study(query: Query, population: Population, options: DriverOptions) -> Study:
    """Compute what the table says about `query`.

    A query that the table cannot answer, and a group that is too small, end before any driver is
    looked for: the status says so.
    """
    nobody = np.zeros(len(population.table), dtype=bool)
    if not query.answerable:
        return Study(query, "not_answerable", nobody, nobody)
    left = population.left
    mask = select(query.cohort, population.table)
    asked = mask & (left if query.outcome == "left" else ~left)
    figures = summarize_cohort(mask, left)
    comparison = None
    if query.compare_to is not None:
        comparison = compare_cohorts(mask, select(query.compare_to, population.table), left)
    groups = [figures] if comparison is None else [comparison.a, comparison.b]
    if any(_too_few(group, options) for group in groups):
        return Study(query, "too_few", mask, asked, figures, comparison)
    return _complete(
        Study(query, "answered", mask, asked, figures, comparison), population, options
    )


def _complete(study: Study, population: Population, options: DriverOptions) -> Study:
    query, mask, panel = study.query, study.mask, population.panel
    defined_by = _columns(query.cohort)
    effects: Effects | None = None
    drivers: tuple[Driver, ...] = ()
    if query.compare_to is None and query.cohort and not mask.all():
        effects = membership_effect(panel, mask, query.outcome, defined_by)
    if query.ask in ("why", "what_to_do"):
        drivers = find_drivers(panel, mask, query.outcome, options, defined_by)
    themes = summarize_themes(
        population.reasons, population.has_feedback, mask, population.left, options
    )
    return Study(
        query=query,
        status="answered",
        mask=mask,
        asked=study.asked,
        figures=study.figures,
        comparison=study.comparison,
        breakdown=break_down(
            query, mask, population.left, population.table, population.schema, options
        ),
        effects=effects,
        drivers=tuple(d for d in drivers if d.reported)[: options.max_drivers],
        rejected=tuple(d for d in drivers if not d.reported),
        themes=themes,
        risk=cohort_risk(population.table[mask], population.schema, population.left[mask]),
    )

"""The whole table in figures: rates, drivers and themes, without a word of any customer."""

from __future__ import annotations

from typing import Any

import numpy as np

from churnlens.evidence.cohort import summarize_cohort
from churnlens.evidence.drivers import Driver, find_drivers
from churnlens.evidence.intervals import estimate, wilson
from churnlens.evidence.study import Population
from churnlens.evidence.themes import summarize_themes
from churnlens.options import DriverOptions
from churnlens.schema import Frozen


def build_overview(population: Population, options: DriverOptions) -> dict[str, Any]:
    """Describe every customer of a table; all intervals are 95 %.

    Args:
        population: the validated table with its labelled feedback.
        options: gates and floors of drivers and themes.

    Returns:
        JSON-able figures: `customers`, `left` and `rate`; `levels`, one per value and band (see
        `_levels`); `drivers` of leaving, strongest first, and the `rejected` candidates with
        `why_not`, each an `evidence.drivers.Driver` with the candidate's name, column and label;
        `feedback`, an `evidence.themes.Themes` with its shares and the label of each theme.
    """
    everyone = np.ones(len(population.table), dtype=bool)
    figures = summarize_cohort(everyone, population.left)
    drivers = find_drivers(population.panel, everyone, "left", options)
    return {
        "customers": figures.size,
        "left": figures.events,
        "rate": _plain(figures.rate),
        "levels": _levels(population),
        "drivers": [_driver(driver) for driver in drivers if driver.reported],
        "rejected": [_driver(driver) for driver in drivers if not driver.reported],
        "feedback": _feedback(population, options),
    }


def _plain(model: Frozen | None) -> dict[str, Any] | None:
    return model.model_dump(mode="json") if model else None


def _levels(population: Population) -> list[dict[str, Any]]:
    """Return the churn rate of every candidate of the driver search, in the schema's order.

    Each has `name`, `label`, `column`, `column_label`, `n`, `left` and `rate` with Wilson's
    interval, None for a value that nobody has.
    """
    members, left = population.panel.members, population.left
    sizes, events = members.sum(axis=0), members[left].sum(axis=0)
    rates = np.stack(wilson(events, sizes), axis=1)
    return [
        {
            "name": candidate.name,
            "label": candidate.label.model_dump(),
            "column": candidate.column,
            "column_label": population.schema.column(candidate.column).label.model_dump(),
            "n": int(size),
            "left": int(gone),
            "rate": _plain(estimate(tuple(rate))),
        }
        for candidate, size, gone, rate in zip(
            population.panel.candidates, sizes, events, rates, strict=True
        )
    ]


def _driver(driver: Driver) -> dict[str, Any]:
    figures = driver.model_dump(mode="json", exclude={"candidate"})
    candidate = driver.candidate.model_dump(mode="json", include={"name", "column", "label"})
    return candidate | figures


def _feedback(population: Population, options: DriverOptions) -> dict[str, Any]:
    everyone = np.ones(len(population.table), dtype=bool)
    themes = summarize_themes(
        population.reasons, population.has_feedback, everyone, population.left, options
    )
    labels = {reason.name: reason.label.model_dump() for reason in population.schema.reasons}
    return {
        **themes.model_dump(mode="json", exclude={"themes"}),
        "coverage": _plain(themes.coverage),
        "labelled_share": _plain(themes.labelled_share),
        "themes": [
            each.model_dump(mode="json") | {"label": labels[each.reason]} for each in themes.themes
        ],
    }

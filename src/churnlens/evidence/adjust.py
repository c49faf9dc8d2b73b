"""Effects with the other attributes held equal: a design matrix, one logistic fit, contrasts.

**Coding.** A category has one 0/1 column per value but its first; an `absent` value ("does not
apply") has its own, put last, so that it yields where it restates another column. A number is a
line that may bend at the schema's cuts (a linear spline), so that neither its own effect nor its
confounding has to be straight.

**What "adjusted" means.** The odds ratio of a candidate compares its members with the customers
of the cohort who are outside it *and to whom the same attributes apply*, all other attributes of
the model held equal: exp(mean of the own columns' part of the linear predictor among the members
- the same mean among those others). For a yes/no attribute this is the plain coefficient; for a
category it is "this value against the mix of the other values found here" and does not depend on
which value is the reference; for a band of a number it is the shift from the mean outside to the
mean inside. An attribute that applies to no member (add-ons of customers without the base
product) cannot be held equal and counts as part of the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from churnlens.evidence.intervals import Z95, Estimate
from churnlens.evidence.logistic import (
    LogisticFit,
    fit_logistic,
    independent_columns,
    variance_inflation,
)
from churnlens.schema import Column, Schema

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

CONSTANT = -1  # owner of the intercept
WIDEST = 1.25  # standard error of a log odds ratio beyond which nothing is said
TOLERANCE = 1e-6  # of the check that a contrast is estimable


@dataclass(frozen=True, eq=False)
class Design:
    """A table as numbers.

    Attributes:
        attributes: the columns of the table that describe a customer.
        x: (n_rows, p) intercept, attributes, then `absent` indicators.
        owner: (p,) index into `attributes`; -1 for the intercept.
        slope: (p,) change of the column per unit of its number where it changes; 0 elsewhere.
        pattern: (n_rows,) which attributes apply, as a row of `lacks`.
        lacks: (n_patterns, n_attributes) whether an attribute does not apply.
    """

    attributes: tuple[Column, ...]
    x: Floats
    owner: NDArray[np.int64]
    slope: Floats
    pattern: NDArray[np.int64]
    lacks: Mask


def _number_columns(column: Column, cells: Floats) -> tuple[list[Floats], list[float]]:
    """Return the line and its hinges, each divided by its spread, with their slopes."""
    parts = [cells - cells.mean(), *(np.maximum(cells - cut, 0.0) for cut in column.cuts)]
    spreads = [float(part.std()) or 1.0 for part in parts]
    return (
        [part / spread for part, spread in zip(parts, spreads, strict=True)],
        [1 / spread for spread in spreads],
    )


def build_design(table: pd.DataFrame, schema: Schema) -> Design:
    """Return the design matrix of a validated table (categories as str, numbers as float)."""
    attributes = tuple(c for c in schema.attributes() if c.name in table.columns)
    rows = len(table)
    absent = np.zeros((rows, len(attributes)), dtype=bool)
    columns, owner, slope = [np.ones(rows)], [CONSTANT], [0.0]
    for place, column in enumerate(attributes):
        if column.kind == "number":
            parts, slopes = _number_columns(column, table[column.name].to_numpy(float))
        else:
            cells = table[column.name].to_numpy(object)
            applying = [value.value for value in column.values if not value.absent]
            parts = [(cells == value).astype(float) for value in applying[1:]]
            slopes = [0.0] * len(parts)
            absent[:, place] = ~table[column.name].isin(applying).to_numpy(bool)
        columns += parts
        owner += [place] * len(parts)
        slope += slopes
    missing = np.flatnonzero(absent.any(axis=0))
    lacks, pattern = np.unique(absent, axis=0, return_inverse=True)
    return Design(
        attributes=attributes,
        x=np.column_stack([*columns, absent[:, missing]]),
        owner=np.array([*owner, *missing]),
        slope=np.array([*slope, *np.zeros(len(missing))]),
        pattern=pattern.ravel(),
        lacks=lacks,
    )


class Adjusted(Estimate):
    """An odds ratio with the other attributes of a model held equal.

    Attributes:
        vif: variance inflation of the attribute in that model; above 5 it is entangled.
    """

    vif: float


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows of one cohort, ready for any model of them.

    Attributes:
        x, owner: as in `Design`, rows of the cohort only.
        event: (n,) who has the asked outcome.
        members: (n, k) who belongs to each candidate.
        contrasts: (k, p) mean of the own columns inside minus outside; NaN without an outside.
        products: (p, p) cross products of the columns.
    """

    x: Floats
    owner: NDArray[np.int64]
    event: Mask
    members: Mask
    contrasts: Floats
    products: Floats


def _contrasts(design: Design, members: Mask, attribute: NDArray[np.int64]) -> Floats:
    """Return the contrasts (k, p) of k candidates over the rows of `design`, a cohort's.

    Rows with the same pattern of attributes that apply are summed together once, since whether
    an outsider is comparable depends on nothing else.
    """
    inside, lacks = members.astype(float), design.lacks.astype(float)
    patterns = (design.pattern[:, None] == np.arange(len(lacks))).astype(float)
    members_of, rows_of = inside.T @ patterns, patterns.sum(axis=0)
    # (k, a): members, and outsiders, to whom an attribute does not apply
    size, others = inside.sum(axis=0)[:, None], (~members).sum(axis=0)[:, None]
    lacking, lacking_outside = members_of @ lacks, (rows_of - members_of) @ lacks
    nobody, nobody_outside = lacking == size, lacking_outside == others
    parted = (nobody & ~nobody_outside) | ((lacking == 0) & nobody_outside)
    demanded = (lacking == 0) & ~nobody_outside
    comparable = (demanded @ lacks.T == 0).astype(float)  # (k, n_patterns)
    sum_inside = inside.T @ design.x
    sum_outside = comparable @ (patterns.T @ design.x) - sum_inside
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = sum_inside / size - sum_outside / ((comparable @ rows_of)[:, None] - size)
    varying = (attribute[:, None] == design.owner) | parted[:, design.owner]
    return np.where(varying & (design.owner != CONSTANT), difference, 0.0)


def take_sample(
    design: Design, mask: Mask, event: Mask, members: Mask, attribute: NDArray[np.int64]
) -> Sample:
    """Return the rows of a cohort with the contrast of every candidate.

    Args:
        design: of the whole table.
        mask: (n_rows,) the cohort.
        event: (n_rows,) who has the asked outcome.
        members: (n_rows, k) who belongs to each candidate.
        attribute: (k,) index of each candidate's attribute in the design.
    """
    part = replace(design, x=design.x[mask], pattern=design.pattern[mask])
    inside = members[mask]
    return Sample(
        x=part.x,
        owner=part.owner,
        event=event[mask],
        members=inside,
        contrasts=_contrasts(part, inside, attribute),
        products=part.x.T @ part.x,
    )


def with_group(design: Design, mask: Mask) -> tuple[Design, int]:
    """Return the design with membership in a group as one more attribute, and its index."""
    group = len(design.attributes)
    grouped = replace(
        design,
        x=np.column_stack([design.x[:, :1], mask, design.x[:, 1:]]).astype(float),
        owner=np.insert(design.owner, 1, group),
        slope=np.insert(design.slope, 1, 0.0),
        lacks=np.insert(design.lacks, group, values=False, axis=1),
    )
    return grouped, group


def slope_contrast(sample: Sample, design: Design, attribute: int) -> Floats:
    """Return the contrast (p,) of one more unit of a number, averaged over the cohort.

    It is zero for a category. A hinge counts for the share of customers beyond its cut.
    """
    own = np.flatnonzero((sample.owner == attribute) & (design.slope != 0))
    beyond = (sample.x[:, own] > 0).mean(axis=0)
    beyond[:1] = 1.0
    contrast = np.zeros(len(sample.owner))
    contrast[own] = design.slope[own] * beyond
    return contrast


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a model, split into those it fits and those that restate them.

    Attributes:
        kept: (q,) columns of the sample; gram: (q, q) their cross products.
        dropped: (r,) columns that are linear combinations of them inside this cohort.
        alias: (q, r) those combinations.
    """

    kept: NDArray[np.int64]
    gram: Floats
    dropped: NDArray[np.int64]
    alias: Floats


def choose_columns(sample: Sample, attributes: frozenset[int]) -> Columns:
    """Return the columns of a model of these attributes, freed of linear dependence."""
    columns = np.flatnonzero(np.isin(sample.owner, [CONSTANT, *attributes]))
    products = sample.products[np.ix_(columns, columns)]
    kept = independent_columns(products)
    gram = products[np.ix_(kept, kept)]
    alias = np.linalg.solve(gram, products[np.ix_(kept, ~kept)])
    return Columns(columns[kept], gram, columns[~kept], alias)


@dataclass(frozen=True, eq=False)
class Model:
    """A logistic regression of the outcome of a sample on the columns of some attributes.

    `inflation` maps each attribute to its variance inflation.
    """

    sample: Sample
    columns: Columns
    fit: LogisticFit
    inflation: dict[int, float]

    def _estimable(self, contrast: Floats) -> bool:
        """Whether a contrast exists and means the same whichever dependent column was dropped."""
        if not np.isfinite(contrast).all():
            return False
        gap = contrast[self.columns.dropped] - contrast[self.columns.kept] @ self.columns.alias
        return bool((np.abs(gap) < TOLERANCE).all())

    def effect(self, contrast: Floats, attribute: int) -> Adjusted | None:
        """Return exp(contrast · coefficients); None where the data cannot tell.

        That is: nobody to compare with, an attribute that restates others inside the cohort, no
        convergence, or an interval that reaches further than 11-fold to either side.
        """
        if not (self.fit.converged and self._estimable(contrast)):
            return None
        own = contrast[self.columns.kept]
        variance = float(own @ self.fit.covariance @ own)
        if not 0 < variance < WIDEST**2:
            return None
        log_odds, half = float(own @ self.fit.coefficients), Z95 * math.sqrt(variance)
        return Adjusted(
            value=math.exp(log_odds),
            low=math.exp(log_odds - half),
            high=math.exp(log_odds + half),
            vif=self.inflation.get(attribute, 1.0),
        )

    def attributable_share(self, candidate: int, effect: Estimate) -> Estimate:
        """Return the share of the cohort's events that goes with membership in a candidate.

        Events expected among the members as they are, minus those expected with their odds
        divided by `effect`, over all events; the interval puts the ends of the odds ratio's
        interval in its place (Daly 1998).
        """
        rows, kept = self.sample.members[:, candidate], self.columns.kept
        linear = self.sample.x[rows][:, kept] @ self.fit.coefficients
        expected = (1 / (1 + np.exp(-linear))).sum()
        events = max(int(self.sample.event.sum()), 1)

        def share(odds_ratio: float) -> float:
            without = (1 / (1 + odds_ratio * np.exp(-linear))).sum()
            return float((expected - without) / events)

        return Estimate(value=share(effect.value), low=share(effect.low), high=share(effect.high))


def fit_model(
    sample: Sample,
    attributes: frozenset[int],
    start: Floats | None = None,
    penalised: bool | None = None,
) -> Model:
    """Fit the outcome of a sample on some attributes.

    Args:
        sample: rows of one cohort.
        attributes: indices of the attributes held equal, the candidate's own among them.
        start: (p,) coefficients of an earlier model over all columns, to begin with.
        penalised: as in `fit_logistic`.
    """
    columns = choose_columns(sample, attributes)
    begin = None if start is None else start[columns.kept]
    fit = fit_logistic(sample.x[:, columns.kept], sample.event, begin, penalised)
    inflation = variance_inflation(columns.gram, sample.owner[columns.kept])
    return Model(sample, columns, fit, inflation)

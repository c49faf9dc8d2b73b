"""Effects with the other attributes held equal: one logistic fit, and contrasts of it.

The adjusted odds ratio of a candidate compares its members with the customers of the cohort who
are outside it *and to whom the same attributes apply*, all other attributes of the model held
equal: exp(mean of the own columns' part of the linear predictor among the members - the same mean
among those others). For a yes/no attribute this is the plain coefficient; for a category it is
"this value against the mix of the other values found here" and does not depend on which value is
the reference; for a band of a number it is the shift from the mean outside to the mean inside. An
attribute that applies to no member (add-ons of customers without the base product) cannot be held
equal and counts as part of the difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from churnlens.evidence.design import CONSTANT, Design
from churnlens.evidence.intervals import Z95, Estimate
from churnlens.evidence.logistic import (
    LogisticFit,
    fit_logistic,
    independent_columns,
    variance_inflation,
)

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

ENTANGLED = 5.0  # variance inflation above which an attribute counts as collinear
WIDEST = 1.25  # standard error of a log odds ratio beyond which nothing is said
TOLERANCE = 1e-6  # of the check that a contrast is estimable


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
    alias = np.asarray(np.linalg.solve(gram, products[np.ix_(kept, ~kept)]), dtype=np.float64)
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

        def _share(odds_ratio: float) -> float:
            without = (1 / (1 + odds_ratio * np.exp(-linear))).sum()
            return float((expected - without) / events)

        return Estimate(
            value=_share(effect.value), low=_share(effect.low), high=_share(effect.high)
        )


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


class CohortModels:
    """The logistic models of one cohort, each fitted when first asked for.

    `inflation` maps each attribute to its inflation beside the charge and every confounder.
    """

    def __init__(
        self, sample: Sample, confounders: frozenset[int], money: frozenset[int], start: Floats
    ) -> None:
        self.sample, self.confounders, self.money = sample, confounders, money
        columns = choose_columns(sample, confounders | money)
        self.inflation = variance_inflation(columns.gram, sample.owner[columns.kept])
        self._fitted: dict[frozenset[int], Model] = {}
        self._start = start.copy()
        self._penalised: bool | None = None  # once needed, all models of the cohort have it

    def _model(self, attributes: frozenset[int]) -> Model:
        if attributes not in self._fitted:
            model = fit_model(self.sample, attributes, self._start, self._penalised)
            self._penalised = self._penalised or model.fit.penalised or None
            if model.fit.converged:
                self._start[model.columns.kept] = model.fit.coefficients
            self._fitted[attributes] = model
        return self._fitted[attributes]

    def declared(self, attribute: int) -> Model:
        """Return the model of the confounders and one attribute."""
        return self._model(self.confounders | {attribute})

    def with_money(self, attribute: int) -> Model:
        """Return the model of the confounders, one attribute and the charge."""
        return self._model(self.confounders | self.money | {attribute})

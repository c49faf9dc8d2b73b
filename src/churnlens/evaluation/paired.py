"""Arms against one another on the same questions: differences, intervals, tests and Holm."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import product
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churnlens.evaluation.intervals import Comparison, bootstrap, mcnemar
from churnlens.schema import Frozen

Name = TypeVar("Name", bound=Hashable)
ArmScores = Mapping[str, Mapping[str, ArrayLike]]
Columns = NDArray[np.float64]


class ArmComparison(Frozen):
    """One metric of two arms on the questions where it applies to both.

    Attributes:
        metric, first, second: names.
        first_mean, second_mean: over the questions compared; None where there were none.
        result: first minus second with its 95 % interval over questions, `n` questions, and the
            two-sided p-value; None where there were none.
        test: `mcnemar` where every score is right or wrong, else `sign_flip`.
        holm: p-value adjusted over all comparisons of the table.
    """

    metric: str
    first: str
    second: str
    first_mean: float | None = None
    second_mean: float | None = None
    result: Comparison | None = None
    test: Literal["mcnemar", "sign_flip"] | None = None
    holm: float | None = None


def holm(p_values: Mapping[Name, float]) -> dict[Name, float]:
    """Return Holm-adjusted p-values of named comparisons: family-wise error, no independence."""
    from statsmodels.stats.multitest import multipletests

    if not p_values:
        return {}
    adjusted = multipletests(list(p_values.values()), method="holm")[1]
    return dict(zip(p_values, map(float, adjusted), strict=True))


def sign_flip(differences: np.ndarray, resamples: int = 9999, seed: int = 0) -> float:
    """Return the two-sided p-value of a mean difference under random signs.

    Exact while 2^n ≤ `resamples`; otherwise drawn, with the add-one correction.

    Args:
        differences: one per question, shape (n_questions,).
        resamples: number of sign patterns.
        seed: the same seed gives the same answer.
    """
    from scipy import stats

    if not np.any(differences) or len(differences) < 2:
        return 1.0
    outcome = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        rng=np.random.default_rng(seed),
    )
    return float(outcome.pvalue)


def _per_unit(first: Columns, second: Columns, units: np.ndarray) -> tuple[Columns, Columns]:
    """Drop questions without both scores, then average the rows of each unit."""
    both = ~(np.isnan(first) | np.isnan(second))
    _, unit = np.unique(units[both], return_inverse=True)
    rows = np.bincount(unit)
    means = [np.bincount(unit, weights=scores[both]) / rows for scores in (first, second)]
    return means[0], means[1]


def _measured(one: Columns, two: Columns, resamples: int, seed: int) -> dict[str, object]:
    """Return the fields of a row that rest on scores, none without scores."""
    if not len(one):
        return {}
    yes_no = bool(np.isin([one, two], (0, 1)).all())
    if yes_no:
        result = mcnemar(one == 1, two == 1)
    else:
        interval = bootstrap(np.mean, one - two, resamples=resamples, seed=seed)
        result = Comparison(difference=interval, p_value=sign_flip(one - two, seed=seed))
    return {
        "first_mean": float(one.mean()),
        "second_mean": float(two.mean()),
        "result": result,
        "test": "mcnemar" if yes_no else "sign_flip",
    }


def _column(scores: ArmScores, arm: str, metric: str, n: int) -> Columns:
    try:
        column = np.asarray(scores[arm][metric], float)
    except KeyError as error:
        known = list(scores.get(arm, scores))[:20]
        raise ValueError(f"no scores of {metric!r} for arm {arm!r}; there are {known}") from error
    if column.shape != (n,):
        raise ValueError(f"{arm}/{metric}: expected scores of {n} questions, got {column.shape}")
    return column


def compare_arms(
    scores: ArmScores,
    pairs: Sequence[tuple[str, str]],
    metrics: Sequence[str],
    units: Sequence[Hashable],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[ArmComparison, ...]:
    """Compare pairs of arms on each metric; one call is one family of claims for Holm.

    Right-or-wrong metrics (only 0 and 1 per unit) go by the exact McNemar test with Newcombe's
    interval, all others by the paired bootstrap and the sign-flip permutation test. A question
    where a metric does not apply to one of the arms (NaN) is dropped for that pair: see `n`, and
    score an arm that fails to answer with 0, not with NaN.

    Args:
        scores: arm → metric → one score per question, shape (n_questions,).
        pairs: arms to compare, as (first, second).
        metrics: names of the metrics, in the order of the table.
        units: what is independent, of shape (n_questions,): the question itself, or the query
            that several rows share (its retrieval depths). Rows of a unit are averaged.
        resamples: number of bootstrap samples.
        seed: the same seed gives the same table.

    Returns:
        One row for each pair and metric, pairs outermost.

    Raises:
        ValueError: for an arm or metric without scores, or another number of questions.
    """
    owners, rows = np.unique([str(unit) for unit in units], return_inverse=True)[1], []
    for (first, second), metric in product(pairs, metrics):
        one, two = (_column(scores, arm, metric, len(units)) for arm in (first, second))
        found = _measured(*_per_unit(one, two, owners), resamples, seed)
        row = ArmComparison(metric=metric, first=first, second=second)
        rows.append(row.model_copy(update=found))
    adjusted = holm({place: row.result.p_value for place, row in enumerate(rows) if row.result})
    return tuple(row.model_copy(update={"holm": adjusted.get(i)}) for i, row in enumerate(rows))

"""Intervals against statsmodels and scipy, and what they say where a figure does not exist."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, norm
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from churnlens.evidence.intervals import (
    estimate,
    katz,
    newcombe,
    score_z,
    two_sided,
    wilson,
    woolf,
)

TABLES = [(12, 40, 9, 60), (1297, 3096, 572, 3947), (3, 30, 28, 31), (1, 200, 5, 1000)]


@pytest.mark.parametrize("table", TABLES)
def test_wilson_is_that_of_statsmodels(table):
    events, n = table[:2]
    found = wilson(events, n)
    assert found[0] == events / n
    assert found[1:] == pytest.approx(proportion_confint(events, n, method="wilson"), rel=1e-12)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    ("function", "compare", "method"),
    [(newcombe, "diff", "newcomb"), (katz, "ratio", "log"), (woolf, "odds-ratio", "logit")],
)
def test_comparisons_are_those_of_statsmodels(table, function, compare, method):
    wanted = confint_proportions_2indep(*table, compare=compare, method=method)
    assert function(*table)[1:] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("table", TABLES)
def test_squared_z_is_the_uncorrected_chi_square(table):
    a, n, b, m = table
    wanted = chi2_contingency([[a, n - a], [b, m - b]], correction=False)
    z = score_z(*table)
    assert z**2 == pytest.approx(wanted.statistic)
    assert two_sided(z) == pytest.approx(wanted.pvalue)


def test_point_values():
    assert newcombe(30, 100, 20, 200)[0] == pytest.approx(0.2)
    assert katz(30, 100, 20, 200)[0] == pytest.approx(3.0)
    assert woolf(30, 100, 20, 200)[0] == pytest.approx((30 / 70) / (20 / 180))


def test_two_sided_keeps_the_shape():
    z = np.array([[-3.0, 0.0], [1.0, 8.0]])
    assert two_sided(z) == pytest.approx(2 * norm.sf(np.abs(z)))


def test_arrays_are_as_good_as_scalars():
    columns = np.array(TABLES, dtype=float).T
    together = newcombe(*columns)
    for place, table in enumerate(TABLES):
        assert [part[place] for part in together] == pytest.approx(newcombe(*table))


def test_what_does_not_exist_is_none():
    assert estimate(wilson(0, 0)) is None
    assert estimate(katz(0, 10, 3, 10)) is None
    assert estimate(katz(3, 10, 0, 10)) is None
    assert estimate(woolf(10, 10, 3, 10)) is None
    assert estimate(newcombe(3, 10, 0, 0)) is None
    assert score_z(0, 10, 0, 10) == 0.0
    assert score_z(1, 10, 0, 0) == 0.0


def test_a_rate_of_zero_still_has_an_interval():
    found = estimate(wilson(0, 20))
    assert found is not None
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(proportion_confint(0, 20, method="wilson")[1])


def test_correlation_narrows_the_difference():
    value, low, high = newcombe(30, 100, 20, 100)
    _, nearer_low, nearer_high = newcombe(30, 100, 20, 100, correlation=0.8)
    assert low < nearer_low < value < nearer_high < high

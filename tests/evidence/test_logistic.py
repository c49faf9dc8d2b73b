"""The logistic fit against statsmodels and closed forms; dependent columns; inflation."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import variance_inflation_factor

from churnlens.evidence.logistic import fit_logistic, independent_columns, variance_inflation


def correlated_data(rows=2000, seed=3):
    rng = np.random.default_rng(seed)
    base = rng.normal(size=rows)
    x = np.column_stack(
        [
            np.ones(rows),
            base + rng.normal(size=rows),
            (base + rng.normal(size=rows) > 0).astype(float),
            rng.gamma(2.0, size=rows),
        ]
    )
    logit = x @ np.array([-1.5, 0.4, 0.8, -0.2])
    return x, rng.random(rows) < 1 / (1 + np.exp(-logit))


def test_maximum_likelihood_is_that_of_statsmodels():
    x, event = correlated_data()
    found, wanted = fit_logistic(x, event), sm.Logit(event.astype(float), x).fit(disp=0, tol=1e-12)
    assert found.converged
    assert not found.penalised
    np.testing.assert_allclose(found.coefficients, wanted.params, atol=1e-6)
    np.testing.assert_allclose(found.covariance, wanted.cov_params(), rtol=1e-6, atol=1e-9)


def test_any_start_ends_at_the_same_place():
    x, event = correlated_data()
    cold, warm = fit_logistic(x, event), fit_logistic(x, event, np.array([1.0, -1.0, 0.5, 0.5]))
    np.testing.assert_allclose(cold.coefficients, warm.coefficients, atol=1e-8)


@pytest.mark.parametrize("cells", [(12, 20, 7, 30), (0, 15, 9, 21), (6, 6, 0, 10)])
def test_firth_of_a_two_by_two_table_adds_half_to_every_cell(cells):
    a, n, b, m = cells
    x = np.column_stack([np.ones(n + m), np.r_[np.ones(n), np.zeros(m)]])
    event = np.r_[np.arange(n) < a, np.arange(m) < b]
    found = fit_logistic(x, event, penalised=True)
    wanted = np.log((a + 0.5) / (n - a + 0.5)) - np.log((b + 0.5) / (m - b + 0.5))
    assert found.converged
    assert found.coefficients[1] == pytest.approx(wanted, abs=1e-6)


def test_few_events_call_for_the_penalty_and_many_do_not():
    x, event = correlated_data()
    assert not fit_logistic(x, event).penalised
    assert fit_logistic(x[:100], event[:100]).penalised


def test_separation_at_plenty_of_events_ends_finite():
    rng = np.random.default_rng(0)
    level = np.arange(1000) < 40
    event = np.where(level, False, rng.random(1000) < 0.4)
    x = np.column_stack([np.ones(1000), level, rng.normal(size=1000)])
    found = fit_logistic(x, event)
    assert found.converged
    assert found.penalised
    assert -6 < found.coefficients[1] < -2


def test_an_outcome_without_events_does_not_crash():
    x, _ = correlated_data(50)
    assert np.isfinite(fit_logistic(x, np.zeros(50, dtype=bool)).coefficients).all()


def test_dependent_columns_are_those_that_restate_earlier_ones():
    x, _ = correlated_data()
    several = np.column_stack([x, x[:, 1], 2 * x[:, 2] - 3, x[:, 1] + x[:, 3], np.zeros(len(x))])
    kept = independent_columns(several.T @ several)
    assert kept.tolist() == [True] * 4 + [False] * 4


def test_near_dependence_is_kept():
    x, _ = correlated_data()
    near = x[:, 1] + 0.01 * np.random.default_rng(1).normal(size=len(x))
    columns = np.column_stack([x, near])
    assert independent_columns(columns.T @ columns).all()


def test_inflation_of_single_columns_is_the_plain_vif():
    x, _ = correlated_data()
    found = variance_inflation(x.T @ x, np.array([-1, 0, 1, 2]))
    assert found == pytest.approx({i: variance_inflation_factor(x, i + 1) for i in range(3)})


def test_inflation_of_a_category_does_not_depend_on_its_reference():
    rng = np.random.default_rng(2)
    level = rng.integers(0, 3, 3000)
    number = level * 0.7 + rng.normal(size=3000)
    found = []
    for reference in range(3):
        dummies = [level == each for each in range(3) if each != reference]
        x = np.column_stack([np.ones(3000), *dummies, number])
        found.append(variance_inflation(x.T @ x, np.array([-1, 0, 0, 1])))
    assert found[0] == pytest.approx(found[1])
    assert found[0] == pytest.approx(found[2])
    # with two blocks, one of df 1, the generalised inflation of both is the number's VIF
    assert found[0][0] ** 2 == pytest.approx(found[0][1])
    assert found[0][1] == pytest.approx(1 / (1 - sm.OLS(number, x[:, :3]).fit().rsquared), rel=1e-9)

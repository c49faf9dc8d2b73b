import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from churnlens.tasks.satisfaction.overall import OverallModel, fit_overall, level_of

SCORES = st.lists(st.floats(1, 5), min_size=1, max_size=12)


def rated(n=60, seed=1):
    rng = np.random.default_rng(seed)
    scores = [list(rng.uniform(1, 5, rng.integers(1, 9))) for _ in range(n)]
    overall = [0.5 + 0.3 * np.mean(s) + 0.4 * s[-1] + 0.2 * min(s) for s in scores]
    return scores, np.array(overall) + rng.normal(0, 0.1, n)


def test_the_line_is_the_ridge_of_an_independent_library():
    scores, overall = rated()
    parts = np.array([[np.mean(s), s[-1], min(s)] for s in scores])
    other = Ridge(alpha=1.0).fit(parts, overall - parts[:, 0])
    model = fit_overall(scores, overall)
    assert np.allclose(model.weights, other.coef_ + np.array([1, 0, 0]))
    assert model.intercept == pytest.approx(other.intercept_)
    assert model.n == 60


def test_few_ratings_leave_the_mean_of_the_turns():
    scores, overall = rated(19)
    model = fit_overall(scores, overall)
    assert model == OverallModel()
    assert model.predict([1, 2, 4.5]) == pytest.approx(2.5)


@given(SCORES)
def test_no_dialogue_leaves_the_scale(scores):
    assert 1 <= fit_overall(*rated()).predict(scores) <= 5


@pytest.mark.parametrize(
    ("overall", "level"),
    [
        (1, "dissatisfied"),
        (2.49, "dissatisfied"),
        (2.5, "neutral"),
        (3.5, "neutral"),
        (3.6, "satisfied"),
    ],
)
def test_levels_are_by_rounding(overall, level):
    assert level_of(overall) == level


def test_the_middle_is_that_of_the_scale():
    assert [level_of(x, 0, 2) for x in (0.4, 1.2, 1.6)] == ["dissatisfied", "neutral", "satisfied"]

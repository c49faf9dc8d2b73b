import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from churnlens.evaluation.value import (
    compare_models,
    decile_mape,
    decile_table,
    gini,
    gini_curve,
    mae,
    normalised_gini,
    score_models,
    top_share,
    total_bias,
)

SPENT = np.array([0.0, 0, 0, 10, 0, 30, 0, 60, 0, 0])


def test_the_gini_curve_ends_at_everything_and_holds_the_area_of_the_coefficient():
    rng = np.random.default_rng(4)
    actual, predicted = rng.gamma(0.3, 10, 4000), rng.random(4000)
    curve = gini_curve(actual, actual, 4000)
    assert curve[0] == {"customers": 0.0, "spend": 0.0}
    assert curve[-1] == {"customers": 1.0, "spend": pytest.approx(1)}
    spend = [point["spend"] for point in curve]
    assert np.trapezoid(spend, dx=1 / 4000) - 0.5 == pytest.approx(gini(actual, actual), abs=1e-3)
    near = gini_curve(actual, predicted, 10)
    assert len(near) == 11 and abs(near[5]["spend"] - 0.5) < 0.1


def test_gini_against_the_area_under_the_curve_and_the_rank_correlation():
    rng = np.random.default_rng(1)
    actual, said = rng.gamma(1, 10, 400), rng.random(400)
    order = np.argsort(-said)
    curve = np.concatenate([[0], np.cumsum(actual[order]) / actual.sum()])
    area = np.trapezoid(curve, dx=1 / 400)
    assert gini(actual, said) == pytest.approx(area - 0.5)


def test_one_and_zero_hold_gini_equal_to_that_of_the_roc_curve():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(2)
    actual, said = (rng.random(300) < 0.2).astype(float), rng.integers(0, 20, 300) / 20
    assert normalised_gini(actual, said) == pytest.approx(2 * roc_auc_score(actual, said) - 1)


def test_the_best_ranking_has_one_a_constant_none_and_the_worst_minus_one():
    assert normalised_gini(SPENT, SPENT) == pytest.approx(1)
    assert normalised_gini(SPENT, SPENT**2) == pytest.approx(1)
    assert normalised_gini(SPENT, np.ones(10)) == pytest.approx(0)
    assert normalised_gini(SPENT, -SPENT) == pytest.approx(-1)


@given(arrays(float, 30, elements=st.floats(0, 100)), st.permutations(range(30)))
def test_the_order_of_rows_never_matters(said, order):
    actual = np.arange(30.0)
    assert normalised_gini(actual[list(order)], said[list(order)]) == pytest.approx(
        normalised_gini(actual, said)
    )


@given(arrays(float, 30, elements=st.integers(0, 3).map(float)), st.permutations(range(30)))
def test_ties_share_their_spend_in_deciles_curve_and_top(said, order):
    actual, rows = np.arange(30.0), list(order)
    one, other = (actual, said), (actual[rows], said[rows])
    assert decile_table(*other).to_numpy() == pytest.approx(decile_table(*one).to_numpy())
    assert decile_mape(*other) == pytest.approx(decile_mape(*one))
    assert top_share(*other) == pytest.approx(top_share(*one))
    ends = [[point["spend"] for point in gini_curve(*each)] for each in (one, other)]
    assert ends[0] == pytest.approx(ends[1])


def test_a_constant_prediction_has_the_diagonal_for_a_curve():
    curve = gini_curve(SPENT, np.zeros(10), 10)
    assert [point["spend"] for point in curve] == pytest.approx(np.linspace(0, 1, 11))
    assert top_share(SPENT, np.zeros(10)) == pytest.approx(0.1)


def test_deciles_by_hand():
    said = np.arange(20.0)
    actual = np.repeat(np.arange(10.0), 2) * 2 + 1
    table = decile_table(actual, said)
    assert table["predicted"].tolist() == [18.5 - 2 * n for n in range(10)]
    assert table["actual"].tolist() == [19.0 - 2 * n for n in range(10)]
    assert decile_mape(actual, said) == pytest.approx(np.mean(0.5 / np.arange(1.0, 20, 2)))


def test_a_decile_without_spend_has_no_relative_error():
    assert decile_mape(SPENT, SPENT) == 0
    assert decile_mape(SPENT, np.zeros(10)) == 1


def test_bias_error_and_share():
    assert total_bias(SPENT, np.full(10, 12.0)) == pytest.approx(0.2)
    assert mae(SPENT, np.zeros(10)) == 10
    assert top_share(SPENT, SPENT) == 0.6
    assert np.isnan(total_bias(np.zeros(3), np.ones(3)))


def test_scores_have_intervals_and_differences_are_paired():
    rng = np.random.default_rng(3)
    actual = rng.gamma(0.3, 30, 500)
    said = {"good": actual + rng.normal(0, 1, 500), "bad": rng.random(500)}
    good, bad = score_models(actual, said, resamples=100)
    assert good.metrics["normalised_gini"].low > bad.metrics["normalised_gini"].high
    assert len(good.deciles) == 10
    rows = compare_models(actual, said, (("good", "bad"), ("good", "good")), resamples=100)
    found = {(row.second, row.metric): row.result for row in rows}
    assert found["bad", "normalised_gini"].difference.low > 0
    assert found["good", "mae"].difference.value == 0 and found["good", "mae"].p_value == 1


def test_predictions_that_are_none_are_refused():
    for said in (np.ones(3), np.full(10, np.nan)):
        with pytest.raises(ValueError, match=r"expected \(10,\) finite numbers"):
            score_models(SPENT, {"x": said}, resamples=10)

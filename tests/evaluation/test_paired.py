"""Tables of paired comparisons: against enumeration, statsmodels, and simulation under the null."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from churnlens.evaluation.intervals import bootstrap_difference, mcnemar
from churnlens.evaluation.paired import compare_arms, holm, sign_flip

N = 60
RNG = np.random.default_rng(3)
BASE = RNG.random(N)
SCORES = {
    "tuned": {"support": BASE + 0.2, "right": np.arange(N) % 4 > 0},
    "base": {"support": BASE + RNG.normal(0, 0.1, N), "right": np.arange(N) % 2 > 0},
    "stub": {"support": np.full(N, np.nan), "right": np.zeros(N)},
}
QUESTIONS = range(N)


def table(scores=SCORES, pairs=(("tuned", "base"),), metrics=("support", "right"), units=QUESTIONS):
    return compare_arms(scores, pairs, metrics, list(units))


def test_holm_by_hand():
    # sorted .01 .02 .04 times 3, 2, 1, never falling
    assert holm({"b": 0.04, "a": 0.01, "c": 0.02}) == pytest.approx(
        {"a": 0.03, "c": 0.04, "b": 0.04}
    )
    assert holm({"a": 0.4, "b": 0.9}) == pytest.approx({"a": 0.8, "b": 0.9})
    assert holm({"one": 0.6}) == pytest.approx({"one": 0.6})
    assert holm({}) == {}


def test_sign_flip_equals_all_signs_enumerated():
    differences = np.array([0.3, -0.1, 0.4, 0.25, 0.05, -0.02])
    sums = [np.dot(signs, differences) for signs in product((1, -1), repeat=6)]
    expected = np.mean(np.abs(sums) >= differences.sum() - 1e-12)
    assert sign_flip(differences) == pytest.approx(expected)


def test_sign_flip_of_yes_and_no_is_mcnemars_test():
    differences = np.repeat([1.0, -1.0, 0.0], [9, 2, 2])
    assert sign_flip(differences) == pytest.approx(stats.binomtest(9, 11).pvalue)


def test_sign_flip_holds_its_level_and_repeats_with_its_seed():
    draws = np.random.default_rng(0).exponential(size=(200, 2, 30))
    p_values = [sign_flip(first - second, resamples=499) for first, second in draws]
    assert np.mean(np.array(p_values) <= 0.05) < 0.10  # 0.05 expected; 0.10 has p < 0.003
    assert sign_flip(draws[0, 0] - 1, 199, seed=1) == sign_flip(draws[0, 0] - 1, 199, seed=1)
    assert sign_flip(np.zeros(5)) == 1


def test_a_row_holds_means_difference_interval_and_p():
    row, _ = table()
    first, second = SCORES["tuned"]["support"], SCORES["base"]["support"]
    assert (row.metric, row.first, row.second, row.test) == (
        "support",
        "tuned",
        "base",
        "sign_flip",
    )
    assert (row.first_mean, row.second_mean) == pytest.approx((first.mean(), second.mean()))
    found = row.result.difference
    known = bootstrap_difference(lambda _, x: x.mean(), first, first, second).difference
    assert (found.value, found.n) == (pytest.approx(known.value), N)
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=0.004)
    t = stats.t.interval(0.95, N - 1, (first - second).mean(), stats.sem(first - second))
    assert (found.low, found.high) == pytest.approx(t, abs=0.004)
    assert row.result.p_value == pytest.approx(2 / 10_000)


def test_right_or_wrong_goes_by_mcnemar():
    row = table()[1]
    assert row.test == "mcnemar"
    assert row.result == mcnemar(SCORES["tuned"]["right"], SCORES["base"]["right"])


def test_pairing_is_what_makes_the_interval_narrow():
    noise = np.random.default_rng(1).normal(size=N) * 10
    scores = {"a": {"m": noise + 1}, "b": {"m": noise}}
    difference = table(scores, [("a", "b")], ["m"])[0].result.difference
    assert difference.low == pytest.approx(1) == difference.high


def test_missing_scores_are_dropped_in_both_arms():
    scores = {"a": {"m": [1.0, 0.4, np.nan, 0.2]}, "b": {"m": [0.5, np.nan, 0.1, 0.2]}}
    row = table(scores, [("a", "b")], ["m"], range(4))[0]
    assert (row.result.difference.n, row.first_mean, row.second_mean) == (2, 0.6, 0.35)
    assert row.result.difference.value == pytest.approx(0.25)


def test_nothing_in_common_is_an_empty_row_outside_holms_family():
    rows = table(pairs=[("tuned", "stub"), ("tuned", "base")])
    assert rows[0].result is rows[0].holm is rows[0].test is rows[0].first_mean is None
    measured = [row for row in rows if row.result]
    adjusted = holm({row.first + row.second + row.metric: row.result.p_value for row in measured})
    assert [row.holm for row in measured] == pytest.approx(list(adjusted.values()))
    assert len(measured) == 3 and all(row.holm >= row.result.p_value for row in measured)


def test_rows_of_one_query_count_once():
    """Three depths of a query are no three questions: n, p and interval are those of the means."""
    first, second = np.random.default_rng(2).random((2, 30))
    thrice = {arm: {"m": np.repeat(x, 3)} for arm, x in (("a", first), ("b", second))}
    units = [f"query {i // 3}" for i in range(90)]
    (by_query,) = table(thrice, [("a", "b")], ["m"], units)
    assert by_query.result.difference.n == 30
    order = np.argsort([f"query {i}" for i in range(30)])
    once = {"a": {"m": first[order]}, "b": {"m": second[order]}}
    found, known = by_query.result, table(once, [("a", "b")], ["m"], range(100, 130))[0].result
    assert found.p_value == pytest.approx(known.p_value)
    assert found.difference.model_dump() == pytest.approx(known.difference.model_dump())


def test_averaged_right_or_wrong_is_no_longer_yes_or_no():
    scores = {"a": {"m": [1, 0, 1, 1]}, "b": {"m": [0, 0, 0, 1]}}
    (row,) = table(scores, [("a", "b")], ["m"], [1, 1, 2, 2])
    assert (row.test, row.first_mean, row.second_mean) == ("sign_flip", 0.75, 0.25)


def test_scores_are_not_changed():
    before = SCORES["base"]["support"].copy()
    assert table() == table()
    assert (SCORES["base"]["support"] == before).all()


def test_wrong_names_and_lengths_are_refused():
    with pytest.raises(ValueError, match="no scores of 'support' for arm 'teacher'"):
        table(pairs=[("teacher", "base")])
    with pytest.raises(ValueError, match="no scores of 'style' for arm 'tuned'"):
        table(metrics=["style"])
    with pytest.raises(ValueError, match="tuned/support: expected scores of 59 questions"):
        table(units=range(59))


def test_one_question_proves_nothing():
    assert sign_flip(np.array([0.7])) == 1.0

import numpy as np
import pytest

from churnlens.evaluation.survival import calibrate, concordance, product_limit


def test_concordance_by_all_pairs():
    rng = np.random.default_rng(1)
    months, left, risk = rng.integers(1, 20, 120), rng.random(120) < 0.4, rng.integers(0, 9, 120)
    right = pairs = 0.0
    for i in np.flatnonzero(left):
        for j in range(120):
            if months[j] > months[i] or (months[j] == months[i] and not left[j]):
                pairs += 1
                right += 1.0 if risk[i] > risk[j] else 0.5 if risk[i] == risk[j] else 0
    assert concordance(months, left, risk) == pytest.approx(right / pairs)


def test_concordance_without_censoring_is_the_auc_of_early_against_late():
    from sklearn.metrics import roc_auc_score

    months = np.array([1.0] * 40 + [2.0] * 60)
    risk = np.random.default_rng(2).random(100)
    left = months == 1
    assert concordance(months, left, risk) == pytest.approx(roc_auc_score(left, risk))


def test_nobody_who_left_is_refused():
    with pytest.raises(ValueError, match="expected some leavers"):
        concordance(np.arange(4.0), np.zeros(4, bool), np.arange(4.0))


def test_the_product_limit_against_statsmodels():
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(3)
    months, left = rng.integers(1, 30, 300).astype(float), rng.random(300) < 0.5
    found = SurvfuncRight(months, left.astype(float))
    for at in (1, 10, 25):
        place = np.searchsorted(found.surv_times, at, side="right") - 1
        share, error = product_limit(months, left, at)
        assert share == pytest.approx(found.surv_prob[place])
        assert error == pytest.approx(found.surv_prob_se[place])


def test_true_probabilities_are_calibrated_and_wrong_ones_show():
    rng = np.random.default_rng(4)
    hazard = np.where(rng.random(6000) < 0.5, 0.02, 0.08)
    gone, until = rng.geometric(hazard), rng.integers(6, 40, 6000)
    months, left = np.minimum(gone, until), gone <= until
    true = {12: (1 - hazard) ** 12}
    assert max(each.gap for each in calibrate(months, left, true, 2)) < 3
    everybody = calibrate(months, left, {12: np.full(6000, 0.3)}, 2)[-1]
    assert everybody.group == 0 and everybody.gap > 15


def test_everybody_is_the_mean_of_groups_where_who_stays_is_watched_longer():
    rng = np.random.default_rng(5)
    loyal = rng.random(20000) < 0.5
    gone = rng.geometric(np.where(loyal, 0.001, 0.1))
    until = np.where(loyal, 40, rng.integers(1, 12, 20000))
    months, left = np.minimum(gone, until), gone <= until
    true = {10: np.where(loyal, 0.999, 0.9) ** 10.0}
    assert calibrate(months, left, true, 2)[-1].gap < 3
    assert 100 * abs(product_limit(months, left, 10)[0] - true[10].mean()) > 5


def test_a_month_to_which_nobody_was_watched_is_not_judged():
    rng = np.random.default_rng(6)
    gone, until = rng.geometric(0.03, 2000), rng.integers(6, 19, 2000)
    months, left = np.minimum(gone, until), gone <= until
    true = {month: np.full(2000, 0.97**month) for month in (12, 24, 36)}
    found = calibrate(months, left, true, 2)
    assert {each.month for each in found} == {12} and max(each.gap for each in found) < 5
    few = np.where(np.arange(2000) < 8, 24, months)
    assert {each.month for each in calibrate(few, left, true, 1)} == {12}


def test_the_interval_of_everybody_is_that_of_a_mean_of_groups():
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(200):
        fast = np.arange(400) < 200
        gone = rng.geometric(np.where(fast, 0.08, 0.02))
        months, left = np.minimum(gone, 20), gone <= 20
        true = np.where(fast, 0.92, 0.98) ** 12.0
        all_ = calibrate(months, left, {12: true}, 2)[-1]
        inside += all_.low <= true.mean() <= all_.high
    assert inside / 200 == pytest.approx(0.95, abs=0.04)

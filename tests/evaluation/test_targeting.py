import numpy as np

from churnlens.evaluation.targeting import compare_lists, first_share


def test_the_first_share_is_at_least_one_customer_and_ties_go_by_place():
    assert first_share(np.array([1.0, 3, 3, 2]), 0.5).tolist() == [1, 2]
    assert first_share(np.array([1.0, 3]), 0.01).tolist() == [1]


def test_a_better_list_gains_more_and_random_is_the_mean():
    rng = np.random.default_rng(1)
    gain = rng.gamma(1, 10, 2000)
    lists = {"good": gain + rng.normal(0, 2, 2000), "noise": rng.random(2000)}
    found = compare_lists(gain, lists, resamples=200)
    good, noise, anybody = found.lists
    assert (good.customers, anybody.gain.value) == (200, gain.mean())
    assert good.gain.low > noise.gain.high
    assert found.against["noise"].difference.low > 0 and found.against["random"].difference.low > 0


def test_the_same_list_twice_differs_by_nothing():
    gain = np.random.default_rng(2).random(300)
    found = compare_lists(gain, {"a": gain, "b": gain}, resamples=50)
    assert found.against["b"].difference.value == 0 and found.against["b"].p_value == 1

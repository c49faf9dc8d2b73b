"""Two-by-two screening: which test, how many tests, how large, and whether a half confirms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact
from statsmodels.stats.multitest import multipletests

from churnlens.evidence.screening import (
    count_bits,
    count_events,
    fisher_p,
    independence_p,
    pack,
    screen,
    screen_packed,
)
from churnlens.options import DriverOptions


def cohort(rows=1200, candidates=12, seed=0, lift=0.0):
    """Return members, event and half; candidate 0 adds `lift` to a rate of 0.3."""
    rng = np.random.default_rng(seed)
    members = rng.random((rows, candidates)) < 0.4
    event = rng.random(rows) < 0.3 + lift * members[:, 0]
    return members, event, rng.random(rows) < 0.5


def test_counts_are_plain_counts():
    members, event, half = cohort()
    counts = count_events(members.astype(float), event, half)
    for place in (0, 7):
        inside, outside = half & members[:, place], half & ~members[:, place]
        wanted = [(inside & event).sum(), inside.sum(), (outside & event).sum(), outside.sum()]
        assert counts[:, place].tolist() == wanted


@given(st.integers(1, 200), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_bits_are_counted_as_masks_are(rows, candidates, seed):
    rng = np.random.default_rng(seed)
    members, event, mask = (rng.random((rows, k)) < 0.5 for k in (candidates, 1, 1))
    bits = count_bits(pack(members), pack(event), pack(mask))
    wanted = count_events(members.astype(float), event[:, 0], mask[:, 0])
    assert bits.tolist() == wanted.tolist()


def test_a_cohort_inside_the_table_is_screened_as_its_rows_alone():
    members, event, half = cohort(lift=0.15)
    mask = np.arange(len(event)) % 3 > 0
    alone = screen(members[mask], event[mask], half[mask], DriverOptions())
    inside = screen_packed(pack(members), mask, event, half, DriverOptions())
    assert inside.counts.tolist() == alone.counts.tolist()
    assert (inside.p.tolist(), inside.why_not) == (alone.p.tolist(), alone.why_not)


def test_fisher_where_a_cell_expects_fewer_than_five_and_chi_square_elsewhere():
    tables = [(4, 9, 30, 200), (30, 90, 40, 210), (1, 3, 60, 90), (0, 400, 6, 400)]
    found = independence_p(np.array(tables, dtype=float).T)
    crosses = [[[a, n - a], [b, m - b]] for a, n, b, m in tables]
    expected = [chi2_contingency(cross, correction=False) for cross in crosses]
    wanted = [
        fisher_exact(cross).pvalue if chi2.expected_freq.min() < 5 else chi2.pvalue
        for cross, chi2 in zip(crosses, expected, strict=True)
    ]
    assert found == pytest.approx(wanted)
    assert [chi2.expected_freq.min() < 5 for chi2 in expected] == [True, False, True, True]


def test_q_values_are_benjamini_hochberg():
    found = screen(*cohort(lift=0.15), DriverOptions())
    assert found.q == pytest.approx(multipletests(found.p, method="fdr_bh")[1])


def test_a_real_effect_passes_and_noise_does_not():
    found = screen(*cohort(rows=4000, lift=0.15), DriverOptions())
    assert found.why_not[0] == ""
    assert set(found.why_not[1:]) <= {"other_direction", "not_significant"}


def test_the_same_effect_downwards_is_of_the_other_direction():
    found = screen(*cohort(rows=4000, lift=-0.15), DriverOptions())
    assert found.q[0] < 0.01
    assert found.why_not[0] == "other_direction"


def test_a_significant_trifle_stays_below_the_floor():
    members, event, half = cohort(rows=200_000, candidates=3, lift=0.03)
    found = screen(members, event, half, DriverOptions())
    assert found.q[0] < 1e-9
    assert found.why_not[0] == "small_effect"
    assert screen(members, event, half, DriverOptions(min_lift=1.05)).why_not[0] == ""
    assert screen(members, event, half, DriverOptions(min_difference=0.02)).why_not[0] == ""


def test_an_effect_of_one_half_only_is_not_confirmed():
    rng = np.random.default_rng(4)
    members, half = rng.random((4000, 5)) < 0.4, rng.random(4000) < 0.5
    event = rng.random(4000) < 0.3 + 0.2 * (members[:, 0] & half)
    found = screen(members, event, half, DriverOptions())
    assert found.q[0] < 0.001
    assert found.why_not[0] == "not_confirmed"


def test_either_half_may_discover():
    members, event, half = cohort(rows=700, lift=0.17, seed=8)
    one = screen(members, event, half, DriverOptions())
    other = screen(members, event, ~half, DriverOptions())
    assert one.confirmed.tolist() == other.confirmed.tolist()
    assert one.confirmed[0]


def test_halves_cost_the_null_its_luck():
    """300 cohorts without any effect: the confirmed share of false finds is far below 5 %."""
    passed = [
        any(not why for why in screen(*cohort(rows=300, seed=seed), DriverOptions()).why_not)
        for seed in range(300)
    ]
    assert np.mean(passed) <= 0.02


@settings(max_examples=200)
@given(st.integers(1, 60), st.integers(1, 300), st.data())
def test_fisher_is_that_of_scipy(size, rest, data):
    events, others = data.draw(st.integers(0, size)), data.draw(st.integers(0, rest))
    wanted = fisher_exact([[events, size - events], [others, rest - others]]).pvalue
    assert fisher_p(events, size, others, rest) == pytest.approx(wanted, rel=1e-9, abs=1e-300)

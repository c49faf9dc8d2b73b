"""Cohort figures against plain counting, the gate at its borders, and groups that overlap."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from churnlens.evidence.cohort import compare_cohorts, gate, summarize_cohort


def rows(*blocks):
    """Return masks from (count, value, value …) blocks."""
    return [
        np.concatenate([np.full(block[0], block[place], dtype=bool) for block in blocks])
        for place in range(1, len(blocks[0]))
    ]


COHORT = rows((30, 1, 1), (70, 1, 0), (20, 0, 1), (180, 0, 0))


def test_figures_are_plain_counts_and_ratios():
    figures = summarize_cohort(*COHORT)
    assert (figures.size, figures.events, figures.total, figures.total_events) == (100, 30, 300, 50)
    assert figures.rate.value == 0.3
    assert (figures.rate.low, figures.rate.high) == pytest.approx(
        proportion_confint(30, 100, method="wilson")
    )
    assert figures.base_rate.value == pytest.approx(50 / 300)
    assert figures.rest_rate.value == pytest.approx(0.1)
    assert figures.lift == pytest.approx(0.3 / (50 / 300))
    assert [figures.lift_vs_rest, figures.risk_ratio.value] == pytest.approx([3.0, 3.0])
    assert figures.difference.value == pytest.approx(0.2)
    wanted = confint_proportions_2indep(30, 100, 20, 200, compare="ratio", method="log")
    assert (figures.risk_ratio.low, figures.risk_ratio.high) == pytest.approx(wanted)
    wanted = confint_proportions_2indep(30, 100, 20, 200, compare="diff", method="newcomb")
    assert (figures.difference.low, figures.difference.high) == pytest.approx(wanted)


def test_the_whole_table_has_no_rest():
    event = COHORT[1]
    figures = summarize_cohort(np.ones(300, dtype=bool), event)
    assert figures.lift == 1.0
    assert figures.rest_rate is figures.lift_vs_rest is figures.risk_ratio is None
    assert figures.difference is None


def test_an_empty_cohort_has_no_rate():
    figures = summarize_cohort(np.zeros(300, dtype=bool), COHORT[1])
    assert figures.size == 0
    assert figures.rate is figures.lift is figures.risk_ratio is figures.difference is None
    assert figures.base_rate.value == pytest.approx(1 / 6)


def test_zero_events_give_a_lift_but_no_risk_ratio():
    figures = summarize_cohort(*rows((40, 1, 0), (20, 0, 1), (40, 0, 0)))
    assert figures.lift == figures.lift_vs_rest == 0.0
    assert figures.risk_ratio is None
    assert figures.difference.value == pytest.approx(-1 / 3)


def test_nobody_leaves_at_all():
    figures = summarize_cohort(*rows((40, 1, 0), (60, 0, 0)))
    assert figures.lift is figures.lift_vs_rest is None


@pytest.mark.parametrize(
    ("size", "events", "reason"),
    [
        (30, 10, ""),
        (30, 20, ""),
        (29, 12, "too_few_customers"),
        (30, 9, "too_few_events"),
        (30, 21, "too_few_others"),
        (0, 0, "too_few_customers"),
    ],
)
def test_gate_at_its_borders(size, events, reason):
    figures = summarize_cohort(*rows((events, 1, 1), (size - events, 1, 0), (50, 0, 1), (50, 0, 0)))
    assert gate(figures) == reason


def test_gate_takes_other_borders():
    figures = summarize_cohort(*rows((5, 1, 1), (5, 1, 0), (50, 0, 1)))
    assert gate(figures, minimum=10, minimum_events=5) == ""


def test_separate_groups_compare_like_independent_samples():
    a, b, event = rows((30, 1, 0, 1), (70, 1, 0, 0), (20, 0, 1, 1), (180, 0, 1, 0), (50, 0, 0, 1))
    found = compare_cohorts(a, b, event)
    assert (found.overlap, found.a.events, found.b.size) == (0, 30, 200)
    wanted = confint_proportions_2indep(30, 100, 20, 200, compare="diff", method="newcomb")
    assert (found.difference.low, found.difference.high) == pytest.approx(wanted)
    assert found.risk_ratio.value == pytest.approx(3.0)
    table = [[30, 70], [20, 180]]
    assert found.p_value == pytest.approx(chi2_contingency(table, correction=False).pvalue)


def test_a_group_against_itself_or_nobody_has_nothing_to_compare():
    a, event = COHORT
    for other in (a, np.zeros(300, dtype=bool)):
        found = compare_cohorts(a, other, event)
        assert found.difference is found.risk_ratio is found.p_value is None


@pytest.mark.parametrize(("p_a", "p_both", "p_b"), [(0.3, 0.3, 0.3), (0.5, 0.35, 0.2)])
def test_overlapping_groups_keep_their_error_rates(p_a, p_both, p_b):
    """A has 150 own members, B 200, and 250 are in both; 1,500 repetitions."""
    rng = np.random.default_rng(5)
    a, b = rows((150, 1, 0), (250, 1, 1), (200, 0, 1))
    chance = np.concatenate([np.full(150, p_a), np.full(250, p_both), np.full(200, p_b)])
    true_a, true_b = chance[a].mean(), chance[b].mean()
    covered = ratio_covered = rejected = 0
    for _ in range(1500):
        found = compare_cohorts(a, b, rng.random(600) < chance)
        covered += found.difference.low <= true_a - true_b <= found.difference.high
        ratio_covered += found.risk_ratio.low <= true_a / true_b <= found.risk_ratio.high
        rejected += found.p_value < 0.05
    assert 0.93 <= covered / 1500 <= 0.97
    assert 0.93 <= ratio_covered / 1500 <= 0.97
    if p_a == p_b:
        assert 0.035 <= rejected / 1500 <= 0.065

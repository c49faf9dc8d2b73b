"""Drivers on members with planted odds ratios: what is found, how sure, and what is not said."""

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from churnlens.evidence.drivers import build_panel, find_drivers, membership_effect
from churnlens.options import DriverOptions
from evidence.planted import ODDS, ODDS_PER_MONTH, PLANTED, gym_members, gym_schema

SCHEMA = gym_schema()
TABLE = gym_members(5000, seed=11)
PANEL = build_panel(TABLE, SCHEMA)
ALL = np.ones(len(TABLE), dtype=bool)
COHORTS = (
    {},
    {"club": "premium"},
    {"plan": "monthly"},
    {"payment": "cash"},
    {"coach": "no"},
    {"district": "north"},
    {"newsletter": "yes", "club": "premium"},
    {"dog": "yes", "coach": "no"},
)


def mask_of(table, **values):
    mask = np.ones(len(table), dtype=bool)
    for name, value in values.items():
        mask &= (table[name] == value).to_numpy()
    return mask


def by_name(drivers):
    return {driver.candidate.name: driver for driver in drivers}


@pytest.fixture(scope="module")
def found():
    """Drivers of 200 cohorts of 25 tables."""
    results = []
    for seed in range(25):
        table = gym_members(4000, seed)
        panel = build_panel(table, SCHEMA)
        results += [find_drivers(panel, mask_of(table, **c), defined_by=c) for c in COHORTS]
    return results


def test_the_first_three_are_planted(found):
    tops = [[d for d in drivers if d.reported][:3] for drivers in found]
    first = [driver.candidate for driver in itertools.chain.from_iterable(tops)]
    right = [c.column in PLANTED for c in first]
    assert len(found) == 200
    assert len(right) > 500, "power"
    assert np.mean(right) >= 0.95


def test_signs_and_intervals_of_planted_odds_ratios(found):
    """Members against the others of a column whose other values do nothing: the planted value."""
    names = {f"{column}={value}": odds for (column, value), odds in ODDS.items()}
    effects = [
        (driver.adjusted, names[driver.candidate.name])
        for driver in itertools.chain.from_iterable(found)
        if driver.candidate.name in names and driver.adjusted
    ]
    covered = [effect.low <= odds <= effect.high for effect, odds in effects]
    assert len(covered) > 500
    assert 0.93 <= np.mean(covered) <= 0.97
    assert np.mean([effect.value > 1 for effect, _ in effects]) >= 0.95


def test_the_odds_ratio_per_month_is_covered(found):
    units = [
        next(d.per_unit for d in drivers if d.candidate.column == "months") for drivers in found
    ]
    covered = [unit.low <= ODDS_PER_MONTH <= unit.high for unit in units]
    assert 0.92 <= np.mean(covered) <= 0.985


def test_shuffled_churn_has_no_drivers():
    rng = np.random.default_rng(0)
    table = gym_members(1500, seed=2)
    cohort, reported = mask_of(table, coach="no"), []
    for mask in (np.ones(len(table), dtype=bool), cohort):
        for _ in range(100):
            shuffled = table.assign(gone=rng.permutation(table.gone.to_numpy(object)))
            drivers = find_drivers(build_panel(shuffled, SCHEMA), mask)
            reported.append(any(driver.reported for driver in drivers))
    assert np.mean(reported) <= 0.02


def test_counts_and_rates_are_those_of_plain_pandas():
    mask = mask_of(TABLE, club="premium")
    inside, drivers = TABLE[mask], by_name(find_drivers(PANEL, mask))
    for name, members in (
        ("plan=monthly", inside.plan == "monthly"),
        ("months<12", inside.months < 12),
        ("30<=age<50", (inside.age >= 30) & (inside.age < 50)),
    ):
        driver, left = drivers[name], inside.gone == "1"
        assert (driver.size, driver.events) == (members.sum(), (members & left).sum())
        assert driver.rate.value == pytest.approx(left[members].mean())
        assert driver.rest_rate.value == pytest.approx(left[~members].mean())
        assert driver.lift == pytest.approx(left[members].mean() / left[~members].mean())
        cross = pd.crosstab(members, left)
        assert driver.odds_ratio.value == pytest.approx(
            cross.iloc[1, 1] * cross.iloc[0, 0] / (cross.iloc[1, 0] * cross.iloc[0, 1])
        )


def test_what_the_filter_fixes_is_held_equal_but_not_offered():
    drivers = find_drivers(PANEL, mask_of(TABLE, plan="monthly"), defined_by=["plan"])
    assert "plan" not in {driver.candidate.column for driver in drivers}
    half = (TABLE.months < 30).to_numpy()
    assert "months<12" in by_name(find_drivers(PANEL, half))
    assert "months<12" not in by_name(find_drivers(PANEL, half, defined_by=["months"]))


def test_reported_come_first_in_order_of_the_share_they_account_for_at_least():
    drivers = find_drivers(PANEL, ALL)
    flags = [driver.reported for driver in drivers]
    assert flags == sorted(flags, reverse=True)
    lows = [driver.attributable_share.low for driver in drivers if driver.reported]
    assert lows == sorted(lows, reverse=True)
    assert len(lows) >= 4
    columns = [driver.candidate.column for driver in drivers if driver.reported]
    assert len(columns) == len(set(columns)), "one value an attribute"


def test_every_unreported_candidate_says_why_not():
    drivers = find_drivers(PANEL, ALL)
    assert all(bool(driver.why_not) != driver.reported for driver in drivers)
    known = {"other_direction", "not_significant", "small_effect", "not_confirmed"}
    known |= {"explained_by_others", "not_estimable", "same_attribute"}
    assert {driver.why_not for driver in drivers} - {""} <= known


def test_what_only_goes_with_leaving_through_others_is_explained_by_them():
    """The newsletter follows the taste that also picks plan and club."""
    drivers = by_name(find_drivers(PANEL, ALL))
    assert drivers["newsletter=yes"].q_value < 0.05
    assert drivers["newsletter=yes"].odds_ratio.low > 1
    assert not drivers["newsletter=yes"].reported


def test_the_second_value_of_an_attribute_gives_way_to_the_stronger_one():
    rng = np.random.default_rng(6)
    chance = TABLE.payment.map({"cash": 0.5, "voucher": 0.45, "card": 0.2, "transfer": 0.2})
    table = TABLE.assign(gone=np.where(rng.random(len(TABLE)) < chance, "1", "0"))
    drivers = by_name(find_drivers(build_panel(table, SCHEMA), ALL))
    assert drivers["payment=cash"].adjusted.low > 1
    assert drivers["payment=voucher"].adjusted.low > 1
    verdicts = [drivers[name].why_not for name in ("payment=cash", "payment=voucher")]
    assert sorted(verdicts) == ["", "same_attribute"]


def test_staying_is_the_mirror_of_leaving():
    left, stayed = (by_name(find_drivers(PANEL, ALL, outcome)) for outcome in ("left", "stayed"))
    for name in ("plan=monthly", "months<12", "club=premium"):
        assert stayed[name].adjusted.value == pytest.approx(1 / left[name].adjusted.value, rel=1e-5)
        assert stayed[name].rate.value == pytest.approx(1 - left[name].rate.value)
        assert stayed[name].why_not == "other_direction"
    assert stayed["months>=48"].reported


def test_the_charge_beside_what_it_is_made_of_is_flagged():
    drivers = by_name(find_drivers(PANEL, ALL, options=DriverOptions(max_drivers=9)))
    club = drivers["club=premium"]
    assert club.money_vif > 5
    assert club.collinear
    assert club.adjusted.vif < 5
    assert club.money_adjusted.high / club.money_adjusted.low > 3, "hardly to be told apart"
    assert not drivers["plan=monthly"].collinear


def test_the_charge_is_held_equal_only_for_drivers_that_an_answer_names():
    drivers = find_drivers(PANEL, ALL, options=DriverOptions(max_drivers=2))
    assert [driver.money_adjusted is not None for driver in drivers[:3]] == [True, True, False]


def test_without_a_charge_there_is_nothing_to_hold_equal():
    raw = SCHEMA.model_dump() | {"money": ""}
    drivers = find_drivers(build_panel(TABLE, type(SCHEMA).model_validate(raw)), ALL)
    assert all(d.money_adjusted is None and d.money_vif is None for d in drivers)
    assert any(driver.reported for driver in drivers)


def test_same_question_same_answer_whatever_the_order_of_rows():
    shuffled = TABLE.sample(frac=1.0, random_state=1).reset_index(drop=True)
    one = find_drivers(PANEL, ALL)
    two = find_drivers(build_panel(shuffled, SCHEMA), ALL)
    assert [d.candidate.name for d in one] == [d.candidate.name for d in two]
    assert [d.why_not for d in one] == [d.why_not for d in two]
    assert find_drivers(PANEL, ALL) == one


def test_nothing_is_changed_in_place():
    before = TABLE.copy(deep=True)
    panel = build_panel(TABLE, SCHEMA)
    start = panel.start.copy()
    find_drivers(panel, mask_of(TABLE, club="premium"), "stayed")
    membership_effect(panel, mask_of(TABLE, club="premium"), defined_by=["club"])
    pd.testing.assert_frame_equal(TABLE, before)
    np.testing.assert_array_equal(panel.start, start)


@pytest.mark.parametrize("size", [0, 1, 2, 12, 35])
def test_small_cohorts_end_without_drivers(size):
    assert not [d for d in find_drivers(PANEL, np.arange(len(TABLE)) < size) if d.reported]


def test_a_cohort_where_everybody_left_has_no_drivers():
    assert find_drivers(PANEL, PANEL.left) == ()


def test_membership_is_the_coefficient_of_a_flag_beside_the_confounders():
    mask = mask_of(TABLE, plan="monthly")
    found = membership_effect(PANEL, mask, defined_by=["plan"])
    names = ["club", "coach", "locker", "payment", "district", "newsletter", "dog"]
    x = pd.get_dummies(TABLE[names], drop_first=True, dtype=float)
    x = x.drop(columns=["coach_no club", "locker_no club"], errors="ignore")
    for name, cuts in (("months", (12, 24, 48)), ("age", (30, 50))):
        for cut in (0, *cuts):
            x[f"{name}>{cut}"] = np.maximum(TABLE[name] - cut, 0)
    for name in ("coach", "locker"):  # drop_first may have dropped a value that applies
        x[f"{name}_yes"] = (TABLE[name] == "yes").astype(float)
        x[f"{name}_no"] = (TABLE[name] == "no").astype(float)
    x = x.drop(columns=["coach_yes", "locker_yes"])
    x["flag"] = mask.astype(float)
    fit = sm.Logit(PANEL.left.astype(float), sm.add_constant(x)).fit(disp=0, tol=1e-10)
    assert found.adjusted.value == pytest.approx(np.exp(fit.params["flag"]), rel=1e-5)
    assert found.adjusted.low <= ODDS["plan", "monthly"] <= found.adjusted.high
    assert found.odds_ratio.value > 1
    assert found.money_adjusted is not None


def test_membership_of_stayers_is_the_inverse():
    mask = mask_of(TABLE, club="premium", plan="monthly")
    left = membership_effect(PANEL, mask, defined_by=["club", "plan"])
    stayed = membership_effect(PANEL, mask, "stayed", defined_by=["club", "plan"])
    assert stayed.adjusted.value == pytest.approx(1 / left.adjusted.value, rel=1e-6)


def test_membership_of_everybody_has_no_effect_to_state():
    found = membership_effect(PANEL, ALL)
    assert found.odds_ratio is found.adjusted is found.money_adjusted is None

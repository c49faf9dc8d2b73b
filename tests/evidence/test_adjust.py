"""Design, contrasts and adjusted effects against statsmodels and by hand."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from churnlens.evidence.adjust import (
    choose_columns,
    fit_model,
    slope_contrast,
    take_sample,
)
from churnlens.evidence.design import build_design
from churnlens.schema import Schema
from churnlens.tasks.churn.truth import planted_effect
from evidence.planted import gym_members, gym_schema

TABLE, SCHEMA = gym_members(3000, seed=1), gym_schema()
DESIGN = build_design(TABLE, SCHEMA)
LEFT = (TABLE.gone == "1").to_numpy()
ALL = np.ones(len(TABLE), dtype=bool)
CONFOUNDERS = frozenset(i for i, column in enumerate(DESIGN.attributes) if column.adjust)


def index_of(name):
    return [column.name for column in DESIGN.attributes].index(name)


def sample_of(*pairs, design=DESIGN, mask=ALL, table=TABLE):
    """Return a sample with the candidates (column, value) …"""
    members = np.column_stack([(table[name] == value).to_numpy() for name, value in pairs])
    places = np.array([index_of(name) for name, _ in pairs])
    return take_sample(design, mask, LEFT, members, places)


def oracle(table=TABLE, drop=("plan_lifetime", "payment_voucher", "district_west")):
    """Return statsmodels' fit with plain dummies and the same linear splines."""
    names = ["plan", "club", "coach", "locker", "payment", "district", "newsletter", "dog"]
    x = pd.get_dummies(table[names], dtype=float).drop(
        columns=[*drop, "club_basic", "coach_yes", "locker_yes", "newsletter_no", "dog_no"]
    )
    x = x.drop(columns=["coach_no club", "locker_no club"])  # they restate club_none
    for name, cuts in (("months", (12, 24, 48)), ("age", (30, 50))):
        x[name] = table[name]
        for cut in cuts:
            x[f"{name}>{cut}"] = np.maximum(table[name] - cut, 0)
    return sm.Logit((table.gone == "1").astype(float), sm.add_constant(x)).fit(disp=0, tol=1e-10)


def test_a_yes_no_attribute_gets_its_coefficient():
    found = fit_model(sample_of(("dog", "yes")), CONFOUNDERS)
    effect = found.effect(found.sample.contrasts[0], index_of("dog"))
    fit = oracle()
    low, high = np.exp(fit.conf_int().loc["dog_yes"])
    assert (effect.value, effect.low, effect.high) == pytest.approx(
        (np.exp(fit.params["dog_yes"]), low, high), rel=1e-6
    )


def test_a_value_among_several_is_compared_with_the_mix_of_the_others():
    found = fit_model(sample_of(("plan", "monthly")), CONFOUNDERS)
    effect = found.effect(found.sample.contrasts[0], index_of("plan"))
    others = TABLE.plan[TABLE.plan != "monthly"]
    share = float((others == "yearly").mean())
    contrast = pd.Series(0.0, index=oracle().params.index)
    contrast["plan_monthly"], contrast["plan_yearly"] = 1.0, -share
    wanted = oracle().t_test(contrast.to_numpy())
    low, high = np.exp(wanted.conf_int()[0])
    assert effect.value == pytest.approx(np.exp(wanted.effect[0]), rel=1e-6)
    assert (effect.low, effect.high) == pytest.approx((low, high), rel=1e-6)


def test_the_order_of_values_does_not_matter():
    raw = SCHEMA.model_dump()
    for column in raw["columns"]:
        column["values"] = tuple(reversed(column["values"]))
    mirrored = build_design(TABLE, Schema.model_validate(raw))
    pairs = [("plan", "yearly"), ("club", "premium"), ("club", "none"), ("coach", "no")]
    for place, (name, _) in enumerate(pairs):
        one, two = (
            fit_model(sample_of(*pairs, design=design), CONFOUNDERS)
            for design in (DESIGN, mirrored)
        )
        effects = [
            model.effect(model.sample.contrasts[place], index_of(name)) for model in (one, two)
        ]
        assert effects[0].value == pytest.approx(effects[1].value, rel=1e-6)
        assert effects[0].high == pytest.approx(effects[1].high, rel=1e-6)


def test_others_to_whom_the_attribute_does_not_apply_are_no_comparison():
    """No coach is compared with a coach, not with customers outside the club."""
    found = fit_model(sample_of(("coach", "no"), ("club", "premium")), CONFOUNDERS)
    effects = [
        found.effect(found.sample.contrasts[0], index_of("coach")),
        found.effect(found.sample.contrasts[1], index_of("club")),
    ]
    fit = oracle()
    assert effects[0].value == pytest.approx(np.exp(fit.params["coach_no"]), rel=1e-6)
    assert effects[1].value == pytest.approx(np.exp(fit.params["club_premium"]), rel=1e-6)


def test_what_never_applies_to_the_members_is_part_of_the_difference():
    found = fit_model(sample_of(("club", "none")), CONFOUNDERS)
    effect = found.effect(found.sample.contrasts[0], index_of("club"))
    fit, inside = oracle(), TABLE[TABLE.club != "none"]
    wanted = (
        fit.params["club_none"] - fit.params["club_premium"] * (inside.club == "premium").mean()
    )
    wanted -= fit.params["coach_no"] * (inside.coach == "no").mean()
    wanted -= fit.params["locker_no"] * (inside.locker == "no").mean()
    assert np.log(effect.value) == pytest.approx(wanted, rel=1e-5)


def test_contrasts_of_the_truth_are_the_planted_effects():
    """The matrix and the definition in plain words agree, whatever the effects are."""
    rng = np.random.default_rng(3)
    pairs = [(c.name, v.value) for c in DESIGN.attributes for v in c.values if not v.absent]
    beta = rng.normal(size=DESIGN.x.shape[1])
    sample = sample_of(*pairs)
    effects = {
        column.name: DESIGN.x[:, DESIGN.owner == place] @ beta[DESIGN.owner == place]
        for place, column in enumerate(DESIGN.attributes)
    }
    for place, (name, value) in enumerate(pairs):
        members = (TABLE[name] == value).to_numpy()
        wanted = planted_effect(TABLE, SCHEMA, members, name, effects)
        assert sample.contrasts[place] @ beta == pytest.approx(wanted, abs=1e-9), (name, value)


def test_a_unit_of_a_straight_number_is_its_coefficient_and_a_band_the_shift_of_its_mean():
    raw = SCHEMA.model_dump()
    for column in raw["columns"]:
        column["cuts"] = () if column["kind"] == "number" else column["cuts"]
    straight = build_design(TABLE, Schema.model_validate(raw))
    band = (TABLE.months < 12).to_numpy()[:, None]
    sample = take_sample(straight, ALL, LEFT, band, np.array([index_of("months")]))
    model = fit_model(sample, CONFOUNDERS)
    unit = model.effect(slope_contrast(sample, straight, index_of("months")), index_of("months"))
    shift = TABLE.months[band[:, 0]].mean() - TABLE.months[~band[:, 0]].mean()
    effect = model.effect(sample.contrasts[0], index_of("months"))
    assert np.log(effect.value) == pytest.approx(shift * np.log(unit.value), rel=1e-6)
    assert 0.96 < unit.value < 0.98


def test_a_unit_of_a_bent_number_is_the_average_slope():
    sample = sample_of(("dog", "yes"))
    slope = slope_contrast(sample, DESIGN, index_of("months"))
    model, fit = fit_model(sample, CONFOUNDERS), oracle()
    wanted = fit.params["months"] + sum(
        fit.params[f"months>{cut}"] * (TABLE.months > cut).mean() for cut in (12, 24, 48)
    )
    assert np.log(model.effect(slope, index_of("months")).value) == pytest.approx(wanted, rel=1e-5)
    assert not slope_contrast(sample, DESIGN, index_of("dog")).any()


def test_columns_that_restate_others_in_a_cohort_are_dropped():
    mask = (TABLE.club == "none").to_numpy()
    sample = sample_of(("dog", "yes"), mask=mask)
    dropped = choose_columns(sample, CONFOUNDERS).dropped
    constant = {index_of(name) for name in ("club", "coach", "locker")}
    assert constant <= set(DESIGN.owner[dropped])
    model = fit_model(sample, CONFOUNDERS)
    assert model.effect(sample.contrasts[0], index_of("dog")) is not None


def twin_sample(different):
    """Return a sample where keeping a dog is paying cash, but for some rows."""
    twin = (TABLE.payment == "cash").to_numpy().copy()
    twin[:different] = ~twin[:different]
    table = TABLE.assign(dog=np.where(twin, "yes", "no"))
    members = np.column_stack([twin, table.payment == "cash", table.newsletter == "yes"])
    places = np.array([index_of(name) for name in ("dog", "payment", "newsletter")])
    return take_sample(build_design(table, SCHEMA), ALL, LEFT, members, places), places


@pytest.mark.parametrize("different", [0, 2])
def test_twins_cannot_be_told_apart(different):
    """Neither of two attributes that (almost) repeat each other has an effect of its own."""
    sample, places = twin_sample(different)
    model = fit_model(sample, CONFOUNDERS)
    effects = [model.effect(*pair) for pair in zip(sample.contrasts, places, strict=True)]
    assert effects[0] is effects[1] is None
    assert effects[2] is not None


def test_attributes_that_often_agree_are_told_apart_with_a_high_inflation():
    sample, places = twin_sample(60)
    effect = fit_model(sample, CONFOUNDERS).effect(sample.contrasts[0], places[0])
    assert effect.vif > 5
    assert effect.high / effect.low > 3


def test_a_tiny_cohort_says_nothing_rather_than_something_absurd():
    mask = np.arange(len(TABLE)) < 30
    sample = sample_of(("dog", "yes"), ("plan", "monthly"), mask=mask)
    model = fit_model(sample, CONFOUNDERS)
    effects = [model.effect(contrast, index_of("dog")) for contrast in sample.contrasts]
    assert all(effect is None or 0.02 < effect.value < 50 for effect in effects)


def test_nobody_to_compare_with_is_none():
    sample = take_sample(DESIGN, ALL, LEFT, ALL[:, None], np.array([index_of("dog")]))
    assert fit_model(sample, CONFOUNDERS).effect(sample.contrasts[0], index_of("dog")) is None


def test_attributable_share_without_confounders_is_the_crude_one():
    model = fit_model(sample_of(("newsletter", "yes")), frozenset({index_of("newsletter")}))
    effect = model.effect(model.sample.contrasts[0], index_of("newsletter"))
    share = model.attributable_share(0, effect)
    rest = LEFT[(TABLE.newsletter != "yes").to_numpy()].mean()
    assert share.value == pytest.approx((LEFT.mean() - rest) / LEFT.mean(), rel=1e-6)
    assert share.low < share.value < share.high

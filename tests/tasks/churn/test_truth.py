"""Drivers judged against the planted truth: the judge itself, not the search."""

import numpy as np
import pytest

from churnlens.evaluation.bench_score import Prediction
from churnlens.options import DriverOptions
from churnlens.simulation import simulate_customers
from churnlens.simulation.sampling import log_odds
from churnlens.tasks.churn.truth import fits, planted_effect, planted_parts, score_drivers

FIBER = {"column": "InternetService", "op": "eq", "value": "Fiber optic"}
EVERYBODY, FIBER_ONLY = (), (FIBER,)


def filters(*rows):
    return [Prediction.model_validate({"answerable": True, "cohort": each}).cohort for each in rows]


def test_parts_add_up_to_the_planted_predictor(demo, table):
    parts = planted_parts(table, demo.truth)
    wanted = log_odds(table, demo.truth["odds_ratios"]) + np.log(0.968) * table["tenure"]
    assert sum(parts.values()) == pytest.approx(wanted.to_numpy(float))


def test_effect_of_a_value_is_its_odds_ratio_against_those_who_could_have_it(demo, table, schema):
    parts = planted_parts(table, demo.truth)
    without = (table["OnlineSecurity"] == "No").to_numpy()
    effect = planted_effect(table, schema, without, "OnlineSecurity", parts)
    assert np.exp(effect) == pytest.approx(1.6)
    women = (table["gender"] == "Female").to_numpy()
    assert planted_effect(table, schema, women, "gender", parts) == 0
    everybody = np.ones(len(table), dtype=bool)
    assert np.isnan(planted_effect(table, schema, everybody, "gender", parts))


def test_truth_fits_only_the_customers_it_was_planted_in(demo, table):
    keys = table["customerID"]
    assert fits(demo.truth, keys)
    assert fits(demo.truth, keys.sample(frac=1, random_state=1)), "whatever their order"
    assert not fits(demo.truth, keys[:-1])
    others = simulate_customers(len(table), seed=12)
    assert not fits(
        demo.truth | {"churn_rate": others.truth["churn_rate"]}, others.customers.customerID
    )
    assert not fits({"customers": len(table)}, keys), "a truth without keys is nobody's"


def test_right_truth_scores_high_and_a_turned_one_low(demo, population):
    options, groups = DriverOptions(), filters(EVERYBODY, FIBER_ONLY, FIBER_ONLY)
    right = score_drivers(population, demo.truth, groups, options)
    assert right.cohorts == 2, "a repeated group counts once"
    assert right.precision.value == 1
    assert right.sign.value > 0.9
    assert right.coverage.value > 0.85
    assert set(right.coverage.model_dump()) == {"value", "n"}, "no interval over dependent rows"
    turned = {key: 1 / ratio for key, ratio in demo.truth["odds_ratios"].items()}
    units = {key: 1 / ratio for key, ratio in demo.truth["odds_ratios_per_unit"].items()}
    truth = demo.truth | {"odds_ratios": turned, "odds_ratios_per_unit": units}
    wrong = score_drivers(population, truth, groups, options)
    assert wrong.precision.value == 0
    assert wrong.sign.value < 0.1


def test_groups_that_are_too_small_are_left_out(demo, population):
    nobody = [{"column": "tenure", "op": "gt", "value": 1000}]
    assert score_drivers(population, demo.truth, filters(nobody), DriverOptions()) is None
    strict = DriverOptions(min_customers=10**6)
    assert score_drivers(population, demo.truth, filters(EVERYBODY), strict) is None

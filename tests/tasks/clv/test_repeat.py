from datetime import date

import numpy as np
import pytest

from churnlens.options import ValueOptions
from churnlens.tasks.clv.arms import spend_intervals
from churnlens.tasks.clv.bg_nbd import BgNbd
from churnlens.tasks.clv.features import features_at
from churnlens.tasks.clv.gamma_gamma import GammaGamma
from churnlens.tasks.clv.repeat import (
    MONTH_WEEKS,
    RepeatModel,
    draw_spend,
    fit_repeat,
    spend_amount_correlation,
    value_intervals,
)
from churnlens.tasks.clv.value import discounts
from tasks.clv.clv_support import shop

MODEL = RepeatModel(
    purchases=BgNbd(r=0.8, alpha=6.0, a=1.2, b=4.0), amounts=GammaGamma(p=6.0, q=3.7, v=15.0)
)


@pytest.fixture(scope="module")
def rows():
    return features_at(shop(300), date(2024, 9, 1))


def test_the_mean_of_drawn_futures_is_what_the_formulas_expect(rows):
    steps = np.array([4.0, 13.0])
    drawn = draw_spend(MODEL, rows.head(40), steps, 4000, np.random.default_rng(1)).sum(axis=2)
    assert drawn.mean() == pytest.approx(MODEL.spend(rows.head(40), 91).mean(), rel=0.03)


def test_months_add_up_and_none_is_a_running_sum(rows):
    monthly = MODEL.monthly_spend(rows, 12)
    assert monthly.sum(axis=1) == pytest.approx(MODEL.spend(rows, 12 * MONTH_WEEKS * 7))
    assert (np.diff(monthly, axis=1) < 0).all()  # customers stop, so that each month brings less


def test_intervals_hold_as_much_of_the_models_own_futures_as_they_say(rows):
    found = spend_intervals(MODEL, rows, 400, 0.9, 1500, 3)
    drawn = draw_spend(MODEL, rows, np.array([400 / 7]), 200, np.random.default_rng(9))[..., 0]
    busy = MODEL.alive(rows) > 0.9
    inside = (found[:, :1] <= drawn) & (drawn <= found[:, 1:])
    assert inside[busy].mean() == pytest.approx(0.92, abs=0.04)  # zeros make it a little more


def test_the_interval_of_value_is_of_discounted_margin(rows):
    options = ValueOptions(horizon_months=6, margin=0.5)
    drawn = draw_spend(
        MODEL, rows, np.arange(1, 7) * MONTH_WEEKS, 300, np.random.default_rng(2)
    ) @ (0.5 * discounts(options))
    found = value_intervals(MODEL, rows, options, 0.8, 300, 2)
    assert found == pytest.approx(np.quantile(drawn, [0.1, 0.9], axis=1).T)


def test_the_model_is_fitted_to_features_alone(rows):
    model = fit_repeat(rows)
    assert (model.alive(rows) <= 1).all() and (model.alive(rows) >= 0).all()
    assert model.amount(rows).mean() == pytest.approx(rows["mean_amount"].mean(), rel=0.2)
    assert abs(spend_amount_correlation(rows)) < 0.3

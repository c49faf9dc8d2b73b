import numpy as np
import pandas as pd
import pytest

from churnlens.evaluation.survival import product_limit
from churnlens.options import SurvivalOptions
from churnlens.schema import Column, Text, Value
from churnlens.tasks.clv.encoding import fit_encoding
from churnlens.tasks.clv.survival import (
    Curve,
    fit_cox,
    fit_hazard,
    kaplan_meier,
    survival,
)

NAME = Text(en="plan", zh="套餐")
PLAN = Column(
    name="plan",
    kind="category",
    label=NAME,
    values=(Value(value="a", label=NAME), Value(value="b", label=NAME)),
)
OPTIONS = SurvivalOptions()


def lives(customers=4000, seed=2, entry=0, base=0.03, ratio=2.0):
    """Constant hazards, plan b's `ratio` times plan a's; watched for 6 to 30 months from `entry`."""
    rng = np.random.default_rng(seed)
    plan = np.where(rng.random(customers) < 0.5, "a", "b")
    first = rng.integers(0, entry + 1, customers)
    gone = first + rng.geometric(np.where(plan == "b", base * ratio, base))
    until = first + rng.integers(6, 31, customers)
    return pd.DataFrame(
        {
            "customer_id": [f"C{n}" for n in range(customers)],
            "entry": first.astype(float),
            "months": np.minimum(gone, until).astype(float),
            "left": gone <= until,
            "charge": 10.0,
            "plan": plan,
        }
    )


def test_kaplan_meier_by_hand_and_against_the_plain_product():
    rows = pd.DataFrame(
        {"entry": [0.0] * 5, "months": [1.0, 2, 2, 3, 4], "left": [True, True, False, True, False]}
    )
    assert kaplan_meier(rows).survival == pytest.approx((1, 4 / 5, 3 / 5, 3 / 10, 3 / 10))
    table = lives()
    curve = kaplan_meier(table).survival
    for month in (3, 12, 24):
        by_hand = product_limit(table["months"].to_numpy(), table["left"].to_numpy(), month)[0]
        assert curve[month] == pytest.approx(by_hand)


def test_customers_first_watched_late_are_not_counted_before():
    table = lives(entry=40, ratio=1.0)
    hazard = 1 - np.array(kaplan_meier(table).survival[10:40])[1:] / np.array(
        kaplan_meier(table).survival[10:39]
    )
    assert hazard.mean() == pytest.approx(0.03, rel=0.15)
    naive = product_limit(table["months"].to_numpy(), table["left"].to_numpy(), 40)[0]
    assert kaplan_meier(table).survival[40] < naive


@pytest.mark.parametrize("entry", [0, 40])
def test_cox_finds_the_hazard_ratio_and_the_baseline(entry):
    table = lives(entry=entry)
    model = fit_cox(table, (PLAN,))
    term = model.encoding.terms[0]
    assert np.exp(model.coefficients[0] / term.spread) == pytest.approx(2.0, rel=0.12)
    stays = survival(model, table.head(2), np.zeros(2), 12)[:, -1]
    true = (1 - np.where(table["plan"].head(2) == "b", 0.06, 0.03)) ** 12
    assert stays == pytest.approx(true, abs=0.03)


def whole_periods(table, period):
    """Watch everybody for whole periods: whoever left after his last whole one had not left yet."""
    watched = (table["months"] - table["entry"]) // 6 * 6 if period > 1 else None
    if watched is None:
        return table
    until = table["entry"] + np.maximum(watched, 6)
    left = table["left"] & (table["months"] <= until)
    return table.assign(months=np.where(left, table["months"], until), left=left)


@pytest.mark.parametrize(("entry", "period"), [(0, 1), (40, 1), (40, 6)])
def test_the_discrete_hazard_finds_the_hazards(entry, period):
    table = whole_periods(lives(entry=entry), period)
    model = fit_hazard(table, (PLAN,), OPTIONS.model_copy(update={"period": period}))
    found = model.hazards(table.head(50), np.full(50, 5.0), 6).mean(axis=1)
    true = np.where(table["plan"].head(50) == "b", 0.06, 0.03)
    assert found == pytest.approx(true, rel=0.2)


def test_cox_agrees_with_the_discrete_hazard():
    table = lives(entry=20)
    start = np.full(200, 15.0)
    models = (fit_cox(table, (PLAN,)), fit_hazard(table, (PLAN,), OPTIONS))
    one, two = (survival(model, table.head(200), start, 12)[:, -1] for model in models)
    assert one == pytest.approx(two, abs=0.05)


def test_past_the_longest_time_the_last_year_goes_on():
    curve = Curve(survival=(1.0, *(0.9**n for n in range(1, 25))))
    found = survival(curve, pd.DataFrame(index=range(1)), np.array([20.0]), 36)[0]
    assert found == pytest.approx(0.9 ** np.arange(1, 37))


def test_weights_count_as_repeated_customers():
    table, counts = lives(800), np.arange(800) % 3
    again = table.loc[table.index.repeat(counts)].reset_index(drop=True)
    one, two = fit_cox(table, (PLAN,), counts), fit_cox(again, (PLAN,))
    assert one.coefficients == pytest.approx(two.coefficients)
    with pytest.raises(ValueError, match="got weights of shape"):
        fit_cox(table, (PLAN,), counts[:5])


def test_drawn_models_spread_as_their_covariance_says():
    table = lives(1500)
    model = fit_hazard(table, (PLAN,), OPTIONS)
    drawn = np.array([m.coefficients[0] for m in model.drawn(400, np.random.default_rng(1))])
    assert drawn.mean() == pytest.approx(model.coefficients[0], abs=0.02)
    assert drawn.std() == pytest.approx(np.sqrt(model.covariance[0][0]), rel=0.15)


def test_the_covariance_is_that_of_a_plain_logistic_model():
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    x = rng.normal(size=(500, 1))
    y = rng.random(500) < 1 / (1 + np.exp(-x[:, 0]))
    fit = sm.Logit(y.astype(float), np.column_stack([x, np.ones(500)])).fit(disp=0)
    from churnlens.tasks.clv.survival import _covariance

    found = np.array(_covariance(x, fit.predict(), None, 1e-9))
    assert found == pytest.approx(np.asarray(fit.cov_params()), rel=1e-6)


def test_an_encoding_leaves_out_what_restates():
    label = Text(en="x", zh="x")
    yes = [Value(value="no", label=label), Value(value="yes", label=label)]
    none = Value(value="none", label=label, absent=True)
    columns = (
        Column(name="line", kind="category", label=label, values=tuple(yes)),
        Column(name="extra", kind="category", label=label, values=(*yes, none)),
        Column(name="price", kind="number", label=label),
        Column(name="flat", kind="number", label=label),
    )
    table = pd.DataFrame(
        {
            "line": ["yes", "no", "yes", "no", "yes"],
            "extra": ["yes", "none", "no", "none", "yes"],
            "price": [1.0, 2, 3, 5, 8],
            "flat": [4.0] * 5,
        }
    )
    found = fit_encoding(table, columns)
    assert [(t.column, t.value) for t in found.terms] == [
        ("price", ""),
        ("line", "yes"),
        ("extra", "yes"),
    ]
    assert found.matrix(table).mean(axis=0) == pytest.approx(0)
    assert fit_encoding(table, ()).matrix(table).shape == (5, 0)

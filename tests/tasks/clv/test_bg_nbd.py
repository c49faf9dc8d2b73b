import numpy as np
import pandas as pd
import pytest

from churnlens.tasks.clv.bg_nbd import BgNbd, fit_bg_nbd, log_likelihood
from churnlens.tasks.clv.gamma_gamma import GammaGamma, fit_gamma_gamma
from conftest import REAL

PAPER = BgNbd(r=0.2426, alpha=4.4135, a=0.7929, b=2.4258)


@pytest.fixture(scope="module")
def summary():
    path = REAL / "clv_cdnow" / "cdnow_customers_summary_with_transactions.csv"
    if not path.is_file():
        pytest.skip(f"no public CDNOW sample at {path}")
    return pd.read_csv(path)


def times(table):
    return (table[name].to_numpy(float) for name in ("x", "t_x", "T"))


def test_the_published_parameters_of_purchases(summary):
    found = fit_bg_nbd(*times(summary))
    published = {"r": 0.2426, "alpha": 4.4135, "a": 0.7929, "b": 2.4258}
    assert found.model_dump() == pytest.approx(published, abs=1e-4)


def test_the_published_parameters_of_amounts(summary):
    found = fit_gamma_gamma(summary["x"].to_numpy(float), summary["zbar"].to_numpy(float))
    assert found.model_dump() == pytest.approx({"p": 6.25, "q": 3.74, "v": 15.45}, abs=0.005)


def test_the_log_likelihood_of_the_paper(summary):
    logs = np.log([0.242594, 4.413529, 0.792886, 2.425764])
    assert log_likelihood(logs, *times(summary)).sum() == pytest.approx(-9582.4, abs=0.05)


def test_the_worked_example_of_the_paper():
    one = [np.array([value]) for value in (2, 30.43, 38.86)]
    assert PAPER.purchases(39, *one)[0] == pytest.approx(1.226, abs=1e-3)


def simulated(model, customers, weeks, seed=5):
    """Draw lives from the story of the model itself, purchase by purchase."""
    rng, rows = np.random.default_rng(seed), []
    for _ in range(customers):
        rate, stop = rng.gamma(model.r, 1 / model.alpha), rng.beta(model.a, model.b)
        at, x, last, alive = 0.0, 0, 0.0, rng.random() >= 0
        while alive:
            at += rng.exponential(1 / max(rate, 1e-12))
            if at > weeks:
                break
            x, last, alive = x + 1, at, rng.random() >= stop
        rows.append((x, last, weeks, alive))
    return [np.array(column, float) for column in zip(*rows, strict=True)]


TRUE = BgNbd(r=0.8, alpha=6.0, a=1.2, b=4.0)


def test_parameters_and_alive_are_recovered_from_lives_of_the_model():
    x, t_x, age, alive = simulated(TRUE, 4000, 40.0)
    found = fit_bg_nbd(x, t_x, age)
    assert found.r == pytest.approx(TRUE.r, rel=0.1)
    assert found.alpha == pytest.approx(TRUE.alpha, rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(1.2 / 5.2, rel=0.1)
    assert found.alive(x, t_x, age).mean() == pytest.approx(alive.mean(), abs=0.02)


def test_expected_purchases_are_the_mean_of_lives():
    x, _, _, _ = simulated(TRUE, 8000, 30.0)
    new = [np.array([0.0])] * 3
    assert TRUE.purchases(30.0, *new)[0] == pytest.approx(x.mean(), rel=0.05)


def test_weights_count_as_repeated_rows():
    x, t_x, age, _ = simulated(TRUE, 400, 40.0)
    counts = np.arange(400) % 3
    again = np.repeat(np.arange(400), counts)
    weighted, repeated = (
        fit_bg_nbd(x, t_x, age, counts),
        fit_bg_nbd(x[again], t_x[again], age[again]),
    )
    assert weighted.model_dump() == pytest.approx(repeated.model_dump(), rel=1e-2)


def test_the_unit_of_time_does_not_matter():
    x, t_x, age, _ = simulated(TRUE, 500, 40.0)
    weeks, days = fit_bg_nbd(x, t_x, age), fit_bg_nbd(x, 7 * t_x, 7 * age)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-3)
    assert days.r == pytest.approx(weeks.r, rel=1e-3)


@pytest.mark.parametrize(
    ("x", "t_x", "age"),
    [([0, 0], [0, 0], [9, 9]), ([1, 1], [10, 2], [9, 9]), ([1, 1], [-1, 2], [9, 9])],
)
def test_impossible_times_or_no_repeat_are_refused(x, t_x, age):
    with pytest.raises(ValueError, match="0 <= t_x <= T"):
        fit_bg_nbd(*(np.array(values, float) for values in (x, t_x, age)))


def test_amounts_shrink_towards_everybody_and_less_with_more_purchases():
    model = GammaGamma(p=6.25, q=3.74, v=15.45)
    mean = model.p * model.v / (model.q - 1)
    none, one, many = model.spend(np.array([0, 1, 50]), np.array([0.0, 100.0, 100.0]))
    assert none == pytest.approx(mean)
    assert mean < one < many < 100


def test_parameters_of_amounts_are_recovered():
    rng = np.random.default_rng(4)
    x, rate = rng.integers(1, 9, 6000).astype(float), rng.gamma(3.7, 1 / 15, 6000)
    found = fit_gamma_gamma(x, rng.gamma(6.0 * x, 1 / rate) / x)
    assert found.model_dump() == pytest.approx({"p": 6.0, "q": 3.7, "v": 15}, rel=0.15)


def test_amounts_of_one_customer_are_refused():
    with pytest.raises(ValueError, match="got 1 customers with a positive mean"):
        fit_gamma_gamma(np.array([2.0, 0, 3]), np.array([5.0, 0, 0]))


def heavy_amounts(customers=600, seed=3):
    """Mean amounts with a tail so long that the likeliest Gamma-Gamma has no mean."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 6, customers).astype(float)
    return x, np.exp(rng.normal(4, 2, customers)) * rng.gamma(2 * x, 0.5) / x


def test_amounts_with_a_long_tail_have_a_mean_that_is_theirs():
    x, mean = heavy_amounts()
    found = fit_gamma_gamma(x, mean)
    assert found.q > 1
    assert found.spend(np.zeros(1), np.zeros(1))[0] == pytest.approx(mean.mean(), rel=1e-6)
    assert (found.spend(x, mean) > 0).all()


def test_amounts_that_do_not_vary_are_expected_as_they_are():
    x = np.random.default_rng(1).integers(0, 6, 200).astype(float)
    found = fit_gamma_gamma(x, np.where(x > 0, 9.5, 0.0))
    assert found.spend(x, np.where(x > 0, 9.5, 0.0)) == pytest.approx(9.5)
    assert max(found.p, found.q, found.v) < 1e9


def test_amounts_that_vary_only_between_customers_keep_finite_parameters():
    rng = np.random.default_rng(2)
    x, plan = rng.integers(1, 12, 400).astype(float), rng.choice([20.0, 50, 200], 400)
    found = fit_gamma_gamma(x, plan)
    assert max(found.p, found.q) <= 1e6
    assert found.spend(x, plan)[x > 6] == pytest.approx(plan[x > 6], rel=0.05)


def test_a_search_that_does_not_end_is_refused(monkeypatch):
    import scipy.optimize

    real = scipy.optimize.minimize

    def stopped(loss, start, **given):
        given["options"] = {"maxiter": 2}
        return real(loss, start, **given)

    monkeypatch.setattr(scipy.optimize, "minimize", stopped)
    with pytest.raises(ValueError, match="did not converge"):
        fit_gamma_gamma(*heavy_amounts())

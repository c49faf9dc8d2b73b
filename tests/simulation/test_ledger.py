import numpy as np
import pytest

from churnlens.simulation import simulate_customers, simulate_ledger
from churnlens.simulation.ledger import COST_SHARES


@pytest.fixture(scope="module")
def people():
    return simulate_customers(4000, seed=11)


@pytest.fixture(scope="module")
def year(people):
    return simulate_ledger(people, seed=11)


def test_the_same_seed_gives_the_same_ledger(people, year):
    again = simulate_ledger(people, seed=11)
    assert again.bills.equals(year.bills) and again.truth_rows.equals(year.truth_rows)
    assert not simulate_ledger(people, seed=12).bills.equals(year.bills)


def test_who_stays_has_twelve_bills_and_who_left_fewer(people, year):
    counts = year.bills.groupby("customer_id").size()
    counts = counts.reindex(people.customers["customerID"], fill_value=0).to_numpy()
    left = (people.customers["Churn"] == "Yes").to_numpy()
    assert (counts[~left] == 12).all() and (counts[left] < 12).all()
    assert year.truth_rows["left"].tolist() == left.tolist()
    assert set(counts[left]) == set(range(12))


def test_the_month_of_leaving_has_the_declared_hazard(people, year):
    counts = year.bills.groupby("customer_id").size()
    truth = people.truth_rows
    counts = counts.reindex(truth["customerID"], fill_value=0).to_numpy()
    chance = truth["churn_probability"].to_numpy(float)
    left = year.truth_rows["left"].to_numpy()
    half = left & (counts < 6)
    expected = (1 - (1 - chance) ** 0.5).sum()
    assert half.sum() == pytest.approx(expected, rel=0.08)


def test_costs_are_the_declared_shares(people, year):
    service = people.customers.set_index("customerID")["InternetService"]
    share = (year.bills["cost"] / year.bills["amount"]).groupby(
        year.bills["customer_id"].map(service)
    )
    assert share.mean().to_dict() == pytest.approx(COST_SHARES, abs=0.005)


def test_value_by_drawing_lives(year, people):
    truth = year.truth_rows.reset_index(drop=True)
    row = truth.index[~truth["left"]][0]
    base = people.truth_rows["churn_probability"].astype(float)[row]
    odds = base / (1 - base) * 0.968 ** (12 * np.arange(1, 4))
    yearly = odds / (1 + odds)
    assert truth["p_leave"][row] == pytest.approx(yearly[0])
    rng, worth = np.random.default_rng(1), []
    for _ in range(4000):
        monthly = np.repeat(1 - (1 - yearly) ** (1 / 12), 12)
        stays = np.cumprod(rng.random(36) >= monthly)
        worth.append((stays * 1.1 ** (-np.arange(1, 37) / 12)).sum())
    assert truth["clv"][row] == pytest.approx(np.mean(worth) * truth["margin"][row], rel=0.02)


def test_value_kept_is_above_value_and_nothing_for_who_left(year):
    truth = year.truth_rows
    here = truth[~truth["left"]]
    assert (here["clv_kept"] > here["clv"]).all()
    assert not truth.loc[truth["left"], ["clv", "clv_kept"]].to_numpy().any()

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from churnlens.simulation import simulate_customers
from churnlens.simulation.attributes import customer_ids
from churnlens.simulation.churn import CHURN_RATE, draw_customers

ROOT = Path(__file__).parents[2]
TELCO = yaml.safe_load((ROOT / "conf/base/schemas/telco.yml").read_text(encoding="utf-8"))
HASH = (
    "import hashlib, json; from churnlens.simulation import simulate_customers;"
    "d = simulate_customers(400, 3);"
    "t = d.customers.to_csv() + d.truth_rows.to_csv() + json.dumps(d.truth);"
    "print(hashlib.sha256(t.encode()).hexdigest())"
)


def test_columns_are_the_schemas_in_its_order(demo):
    assert list(demo.customers) == [column["name"] for column in TELCO["columns"]]
    assert len(demo.customers) == 7043
    assert all(isinstance(cell, str) for cell in demo.customers.to_numpy().ravel())


@pytest.mark.parametrize("column", TELCO["columns"], ids=lambda column: column["name"])
def test_cells_conform_to_the_schema(demo, column):
    cells = demo.customers[column["name"]]
    if column["kind"] == "category":
        assert set(cells) == {value["value"] for value in column["values"]}
    if column["kind"] == "number":
        blank = cells.str.strip() == ""
        allowed = demo.customers.tenure == "0" if "blank" in column else False
        assert (blank == allowed).all()
        numbers = pd.to_numeric(cells[~blank])
        assert numbers.min() >= column["minimum"]
        assert numbers.max() <= column.get("maximum", np.inf)
        assert not column.get("integer") or (numbers == numbers.round()).all()


def test_ids_look_like_the_public_ones_and_are_unique(demo):
    assert demo.customers.customerID.str.fullmatch(r"\d{4}-[A-Z]{5}").all()
    assert len(set(customer_ids(1_000_000, np.random.default_rng(1)))) == 1_000_000


def test_a_csv_file_gives_the_table_back(demo, tmp_path):
    demo.customers.to_csv(tmp_path / "c.csv", index=False)
    again = pd.read_csv(tmp_path / "c.csv", dtype="str", keep_default_na=False)
    pd.testing.assert_frame_equal(again, demo.customers)


def test_same_seed_gives_the_same_bytes_in_another_process(demo):
    def run(hash_seed: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT / "src")}
        return subprocess.run(
            [sys.executable, "-c", HASH], env=env, check=True, capture_output=True, text=True
        ).stdout

    assert run("1") == run("2")
    again = simulate_customers()
    pd.testing.assert_frame_equal(again.customers, demo.customers)
    pd.testing.assert_frame_equal(again.truth_rows, demo.truth_rows)
    assert again.truth == demo.truth


def test_the_truth_names_its_customers_by_the_hash_of_their_sorted_keys(demo):
    keys = "\n".join(sorted(demo.customers.customerID))
    assert demo.truth["keys_sha256"] == hashlib.sha256(keys.encode()).hexdigest()


def test_another_seed_gives_other_customers():
    first, second = (simulate_customers(50, seed) for seed in (1, 2))
    assert not set(first.customers.customerID) & set(second.customers.customerID)


@pytest.mark.parametrize("customers", [1, 2, 3, 17])
def test_small_tables(customers):
    demo = simulate_customers(customers, seed=4)
    assert len(demo.customers) == len(demo.truth_rows) == customers
    json.dumps(demo.truth, allow_nan=False)


@pytest.mark.parametrize("customers", [0, -1, 1_000_001])
def test_sizes_out_of_range_are_refused(customers):
    with pytest.raises(ValueError, match=rf"customers: got {customers}, expected 1 to"):
        simulate_customers(customers)


@pytest.mark.parametrize(("customers", "seed"), [(5000, 1), (5000, 2), (7043, 7), (100_000, 3)])
def test_churn_rate(customers, seed):
    table, chances, _ = draw_customers(customers, *map(np.random.default_rng, (seed, seed + 100)))
    assert chances.mean() == pytest.approx(CHURN_RATE, abs=1e-9)
    noise = np.sqrt((chances * (1 - chances)).mean() / customers)
    assert (table.Churn == "Yes").mean() == pytest.approx(CHURN_RATE, abs=4 * noise)


def test_marginals_come_near_the_published_ones(large):
    table = large.customers
    published = {
        ("SeniorCitizen", "1"): 1142 / 7043,
        ("Partner", "Yes"): 0.483,
        ("Dependents", "Yes"): 0.300,
        ("PhoneService", "Yes"): 6361 / 7043,
        ("InternetService", "Fiber optic"): 3096 / 7043,
        ("InternetService", "No"): 1526 / 7043,
        ("Contract", "Month-to-month"): 3875 / 7043,
        ("PaymentMethod", "Electronic check"): 2365 / 7043,
    }
    for (column, value), share in published.items():
        assert (table[column] == value).mean() == pytest.approx(share, abs=0.025), column
    assert (table.tenure == "0").mean() == pytest.approx(0.0015, abs=0.0006)
    assert (table.tenure.astype(int) <= 12).mean() == pytest.approx(0.31, abs=0.01)


def test_crude_rates_come_near_the_published_ones(large):
    chances = large.truth_rows.churn_probability
    published = {
        ("InternetService", "Fiber optic"): 0.419,
        ("InternetService", "DSL"): 0.190,
        ("InternetService", "No"): 0.074,
        ("Contract", "Month-to-month"): 0.427,
        ("Contract", "One year"): 0.113,
        ("Contract", "Two year"): 0.029,
        ("PaymentMethod", "Electronic check"): 0.453,
        ("gender", "Female"): 0.269,
        ("SeniorCitizen", "1"): 0.417,
    }
    for (column, value), rate in published.items():
        crude = chances[large.customers[column] == value].mean()
        assert crude == pytest.approx(rate, abs=0.04), (column, value)


def test_services_that_depend_on_another_are_consistent(demo):
    table = demo.customers
    offline = table.InternetService == "No"
    for name in ("OnlineSecurity", "OnlineBackup", "DeviceProtection", "TechSupport"):
        assert ((table[name] == "No internet service") == offline).all()
    for name in ("StreamingTV", "StreamingMovies"):
        assert ((table[name] == "No internet service") == offline).all()
    mute = table.PhoneService == "No"
    assert ((table.MultipleLines == "No phone service") == mute).all()
    assert not (offline & mute).any(), "a customer without any service"


def test_charges_follow_the_services(demo):
    table = demo.customers
    monthly = table.MonthlyCharges.astype(float)
    assert monthly.between(18.25, 118.75).all()
    means = monthly.groupby(table.InternetService).mean()
    assert means["Fiber optic"] == pytest.approx(91.5, abs=2)
    assert means["DSL"] == pytest.approx(58.1, abs=2)
    assert means["No"] == pytest.approx(21.1, abs=1)
    services = [name for name in table if name.startswith(("Streaming", "Multiple", "Online"))]
    services += ["DeviceProtection", "TechSupport", "InternetService", "PhoneService"]
    design = pd.get_dummies(table[services]).to_numpy(float)
    fitted = design @ np.linalg.lstsq(design, monthly.to_numpy(), rcond=None)[0]
    assert 0.5 < (monthly - fitted).std() < 2.5, "room to tell the price from the services"
    paid = table.tenure != "0"
    total = table.TotalCharges[paid].astype(float)
    product = monthly[paid] * table.tenure[paid].astype(int)
    assert np.corrcoef(total, product)[0, 1] ** 2 > 0.997
    assert (total >= monthly[paid]).all()
    once = table.tenure[paid] == "1"
    assert (total[once] == monthly[paid][once]).all()


def test_main_correlations(demo):
    table = demo.customers
    tenure = table.tenure.astype(int)
    by_contract = tenure.groupby(table.Contract).mean()
    assert by_contract["Month-to-month"] + 15 < by_contract["One year"] < by_contract["Two year"]
    by_partner = tenure.groupby(table.Partner).mean()
    assert by_partner["Yes"] - by_partner["No"] > 12
    dependents = (table.Dependents == "Yes").groupby(table.Partner).mean()
    assert dependents["Yes"] > 4 * dependents["No"]
    fiber = (table.InternetService == "Fiber optic").groupby(table.SeniorCitizen).mean()
    assert fiber["1"] > fiber["0"] + 0.2


def test_truth_is_json_and_states_what_was_planted(demo):
    truth = json.loads(json.dumps(demo.truth, allow_nan=False))
    assert truth == demo.truth
    assert (truth["seed"], truth["customers"]) == (7, 7043)
    assert truth["churn_rate"] == (demo.customers.Churn == "Yes").mean()
    assert {"gender", "StreamingTV", "MonthlyCharges"} <= set(truth["null_columns"])
    assert not {"Contract", "InternetService", "tenure"} & set(truth["null_columns"])
    drivers = [ratio for ratio in truth["odds_ratios"].values() if ratio != 1]
    assert all(max(ratio, 1 / ratio) >= 1.4 for ratio in drivers)


def test_every_value_is_a_reference_or_has_an_odds_ratio_or_restates(demo):
    declared = set(demo.truth["odds_ratios"]) | set(demo.truth["restated"])
    declared |= {f"{column}={value}" for column, value in demo.truth["baseline"].items()}
    for column in TELCO["columns"]:
        for value in column.get("values", []):
            if column["name"] != "Churn":
                assert f"{column['name']}={value['value']}" in declared


def test_a_row_probability_follows_from_the_truth_alone(demo):
    truth = demo.truth
    for row in range(0, 7043, 350):
        cells = demo.customers.iloc[row]
        logit = truth["intercept"]
        for key, ratio in truth["odds_ratios"].items():
            column, value = key.split("=")
            logit += np.log(ratio) if cells[column] == value else 0.0
        for column, ratio in truth["odds_ratios_per_unit"].items():
            logit += np.log(ratio) * float(cells[column].strip() or 0)
        stated = demo.truth_rows.churn_probability.iloc[row]
        assert stated == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-9)


def test_truth_is_a_copy_of_the_constants(demo):
    other = simulate_customers(5)
    other.truth["odds_ratios"]["gender=Male"] = 9.0
    assert simulate_customers(5).truth["odds_ratios"]["gender=Male"] == 1.0
    assert list(demo.truth_rows.customerID) == list(demo.customers.customerID)

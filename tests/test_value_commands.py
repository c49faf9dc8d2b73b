"""Value and whom to keep on the command line, as a user runs them."""

import json

import pandas as pd
import pytest

from churnlens.tasks.clv import many
from commands import (
    again,
    command,
    contents,
    invoke,
    predicted_both_ways,
    ran,
    records,
    run_notebook,
)
from tasks.clv.clv_support import shop, subscriptions

pytestmark = pytest.mark.slow
SMALL = many.value_in_shards.__kwdefaults__ | {"size": 100}


@pytest.fixture(scope="module")
def demo(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("value") / "data"
    words = ("demo-data", "--customers", 300, "--dialogues", 20, "--data-root", folder)
    done = invoke(project, *words)
    assert done.exit_code == 0, done.stderr
    assert "bills of a year" in done.stdout
    return folder


@pytest.fixture(scope="module")
def finished(project, demo, models):
    words = ("--env", "tiny", "--params", f"data_root={demo}")
    command(project, "run", "--pipelines", "clv", *words)
    command(project, "run", "--pipelines", "retention", *words)
    return demo


def test_demo_bills_have_their_truth_and_ones_own_are_kept(project, demo, tmp_path):
    truth = pd.read_parquet(demo / "01_raw" / "bills_truth.parquet")
    bills = pd.read_csv(demo / "01_raw" / "bills.csv")
    assert set(bills["customer_id"]) <= set(truth["customer_id"]) and len(truth) == 300
    (tmp_path / "01_raw").mkdir()
    (tmp_path / "01_raw" / "bills.csv").write_text("customer_id,date,amount\na,2024-01-01,5\n")
    words = ("demo-data", "--customers", 60, "--dialogues", 20, "--data-root", tmp_path)
    done = invoke(project, *words)
    assert done.exit_code == 1 and "01_raw/bills.csv is a file of your own" in done.stderr
    assert invoke(project, *words, "--no-bills").exit_code == 0


def test_a_run_leaves_values_metrics_plots_and_a_report(finished):
    made = contents(finished)
    assert {
        "07_model_output/clv/values.parquet",
        "08_reporting/clv/metrics.json",
        "08_reporting/clv/gini.png",
        "08_reporting/clv/deciles.png",
        "08_reporting/clv/report.html",
        "07_model_output/retention/actions.parquet",
        "07_model_output/retention/actions.csv",
        "08_reporting/retention/metrics.json",
        "08_reporting/retention/value_at_risk.png",
        "08_reporting/retention/gini.png",
        "08_reporting/retention/deciles.png",
        "08_reporting/retention/report.html",
    } <= set(made)
    metrics = json.loads(made["08_reporting/clv/metrics.json"])
    models = {each["model"]: each["metrics"] for each in metrics["scores"]["models"]}
    assert {"zero", "last_period", "mean_rate", "survival", "stack", "language_model"} <= set(
        models
    )
    for scores in models.values():
        assert {"normalised_gini", "decile_mape", "total_bias", "mae"} <= set(scores)
        assert all({"value", "low", "high"} <= set(each) for each in scores.values())
    assert metrics["recovery"]["rank_correlation"]["value"] > 0.9
    assert {"value", "low", "high"} <= set(metrics["scores"]["coverage"])


@pytest.mark.parametrize("task", ["clv", "retention"])
def test_an_unchanged_run_runs_nothing(project, finished, task):
    before = records(finished)
    again(project, "--pipelines", task, "--env", "tiny", "--params", f"data_root={finished}")
    assert not ran(finished, before)


def test_the_list_names_who_has_not_run_and_beats_chance(finished):
    metrics = json.loads(contents(finished)["08_reporting/retention/metrics.json"])
    assert metrics["sources"]["churn"] is None and metrics["sources"]["satisfaction"] is None
    gains = {each["name"]: each["gain"]["value"] for each in metrics["worth"]["lists"]}
    assert gains["value_at_risk"] > gains["random"]
    listed = pd.read_csv(finished / "07_model_output" / "retention" / "actions.csv")
    assert len(listed) == 300 and listed["rank"].tolist() == list(range(1, 301))
    page = contents(finished)["08_reporting/retention/report.html"].decode("utf-8")
    assert "has not run" in page


def test_retention_before_clv_says_what_to_run(project, tmp_path):
    given = f"data_root={tmp_path}"
    done = command(project, "run", "--pipelines", "retention", "--params", given, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "clv/values.parquet" in done.stderr


def test_predict_values_the_runs_customers_and_strangers(project, finished, tmp_path):
    bills = pd.read_csv(finished / "01_raw" / "bills.csv", dtype=str).drop(columns="cost")
    new = bills[bills["customer_id"] == bills["customer_id"][0]].assign(customer_id="=new")
    bad = pd.DataFrame({"customer_id": ["x"], "date": ["01/02/2025"], "amount": ["9"]})
    pd.concat([bills, new, bad]).to_csv(tmp_path / "in.csv", index=False)
    words = ("predict", "clv", tmp_path / "in.csv", tmp_path / "out.csv")
    done = invoke(project, *words, "--data-root", finished, "--env", "tiny")
    assert done.exit_code == 0, done.stderr
    assert f"1 of {len(bills) + len(new) + 1} rows left out: bad_date 1 (row " in done.stderr
    found = pd.read_csv(tmp_path / "out.csv").set_index("customer_id")
    assert list(found) == ["clv", "clv_low", "clv_high", "segment", "rank"]
    run = pd.read_parquet(finished / "07_model_output" / "clv" / "values.parquet")
    run = run.set_index("customer_id")
    known = found.index.drop(["'=new", "x"])
    assert found.loc["x", "segment"] == "not_valued" and pd.isna(found.loc["x", "clv"])
    ranks = [line.rsplit(",", 1)[1] for line in (tmp_path / "out.csv").read_text().splitlines()]
    assert all("." not in rank for rank in ranks)
    assert found.loc[known, "clv"].to_numpy() == pytest.approx(
        run.loc[known, "clv"].to_numpy(), rel=0.05, abs=1
    )
    assert found.loc["'=new", "clv"] >= 0


def test_ray_workers_value_as_this_process_does(cluster, project, finished, tmp_path, monkeypatch):
    monkeypatch.setattr(many.value_in_shards, "__kwdefaults__", SMALL)
    source = tmp_path / "in.csv"
    bills = pd.read_csv(finished / "01_raw" / "bills.csv", dtype=str).drop(columns="cost")
    bills.to_csv(source, index=False)
    here, there = predicted_both_ways(project, "clv", source, finished)
    assert there == here
    assert len(there.splitlines()) == bills["customer_id"].nunique() + 1
    kept = finished / "07_model_output" / "clv" / "prediction_cache"
    assert len(list(kept.iterdir())) == 3


def test_predict_before_a_run_says_what_to_run(project, tmp_path):
    (tmp_path / "in.csv").write_text("customer_id,date,amount\na,2024-01-01,5\n")
    words = ("predict", "clv", tmp_path / "in.csv", tmp_path / "out.csv")
    done = invoke(project, *words, "--data-root", tmp_path)
    assert done.exit_code == 1 and "kedro run --pipelines clv" in done.stderr


def test_check_data_describes_or_names_faults(project, demo, tmp_path):
    done = invoke(project, "check-data", demo / "01_raw" / "bills.csv", "--task", "clv")
    assert done.exit_code == 0 and "fit trade telecom (USD)" in done.stdout
    rows = ["customer_id,date,amount", "a,2024-01-01,-5", "b,2024-01-01,5", "b,2024-02-01,5"]
    (tmp_path / "bad.csv").write_text("\n".join(rows))
    done = invoke(project, "check-data", tmp_path / "bad.csv", "--task", "clv")
    assert done.exit_code == 1 and "1 of 3 rows left out: negative_amount 1 (row 1)" in done.stderr
    (tmp_path / "bad.csv").write_text("client,date\na,2024-01-01\n")
    done = invoke(project, "check-data", tmp_path / "bad.csv", "--task", "clv")
    assert done.exit_code == 1 and "no column" in done.stderr
    (tmp_path / "saas.csv").write_text("account_id,invoice_date,amount\na,2024-01-01,5\n")
    words = ("check-data", tmp_path / "saas.csv", "--task", "clv")
    done = invoke(project, *words, "--trade", project / "conf/base/clv/saas.yml")
    assert done.exit_code == 1 and "got 1 customer(s)" in done.stderr
    assert "no column" in invoke(project, *words).stderr


def test_purchases_of_a_shop_by_params(project, models, tmp_path):
    shop(150).to_csv(tmp_path / "shop.csv", index=False)
    given = (
        f"data_root={tmp_path / 'data'},transactions={tmp_path / 'shop.csv'},"
        "trade=conf/base/clv/retail.yml,clv.reporting.language=zh"
    )
    command(project, "run", "--pipelines", "clv", "--env", "tiny", "--params", given)
    made = contents(tmp_path / "data")
    metrics = json.loads(made["08_reporting/clv/metrics.json"])
    models_ = {each["model"] for each in metrics["scores"]["models"]}
    assert {"bg_nbd", "tweedie_bg_nbd", "language_model"} <= models_
    assert metrics["survival"] is None and metrics["recovery"] is None
    assert "客户终身价值" in made["08_reporting/clv/report.html"].decode("utf-8")


def test_invoices_of_a_saas_go_from_value_to_the_list(project, models, tmp_path):
    invoices = subscriptions(leaves=0.04)
    invoices.to_csv(tmp_path / "invoices.csv", index=False)
    root, trade = tmp_path / "data", "trade=conf/base/clv/saas.yml"
    given = f"data_root={root},{trade},transactions={tmp_path / 'invoices.csv'}"
    command(project, "run", "--pipelines", "clv", "--env", "tiny", "--params", given)
    given = f"data_root={root},{trade},retention.reporting.language=zh"
    command(project, "run", "--pipelines", "retention", "--env", "tiny", "--params", given)
    values = pd.read_parquet(root / "07_model_output/clv/values.parquet").set_index("customer_id")
    paid = invoices.groupby("account_id")
    here = paid["invoice_date"].max() == invoices["invoice_date"].max()
    assert (values["segment"] == "lost").loc[here[here].index].sum() == 0
    month = 0.96 / 1.1 ** (1 / 12)  # staying, at 10 % a year
    worth = 0.8 * paid["amount"].mean()[here] * sum(month**n for n in range(1, 37))
    assert values.loc[worth.index, "clv"].sum() == pytest.approx(worth.sum(), rel=0.25)
    listed = pd.read_csv(root / "07_model_output/retention/actions.csv")
    assert set(listed["customer_id"]) == set(invoices["account_id"]) and listed["eligible"].any()
    pages = contents(root / "08_reporting")
    assert "Not judged: survival at month 24, 36" in pages["clv/report.html"].decode("utf-8")
    assert "价值预测的质量" in pages["retention/report.html"].decode("utf-8")


@pytest.mark.parametrize("name", ["value", "value.zh"])
def test_every_cell_of_the_notebook_runs(project, finished, monkeypatch, name):
    monkeypatch.setenv("KEDRO_ENV", "tiny")
    monkeypatch.setenv("DATA_ROOT", str(finished))
    names = run_notebook(project, name)
    assert len(names["values"]) == len(names["actions"]) == 300
    assert names["metrics"]["worth"]["lists"]

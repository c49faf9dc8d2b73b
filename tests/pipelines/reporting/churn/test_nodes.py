"""The judging nodes where there is nothing to judge by."""

import pandas as pd
import pytest
import yaml

from churnlens.options import IndexingOptions, InferenceOptions, ReportingOptions
from churnlens.pipelines.reporting.churn import nodes
from churnlens.simulation import simulate_customers
from churnlens.tasks.churn.answers import Answer
from pipelines.reporting.sample import shop_schema, shop_table


@pytest.fixture(scope="module")
def telco_bench(project):
    return yaml.safe_load((project / "conf/base/bench/telco.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shop():
    table, said = shop_table()
    return {
        "schema": shop_schema().model_dump(mode="json", exclude_defaults=True),
        "table": table,
        "feedback": pd.DataFrame({"customer": table["id"], "feedback": said}),
        "reasons": pd.DataFrame(columns=["row", "customer", "reason", "polarity", "start", "end"]),
    }


def judged(bench, shop, answers):
    options = IndexingOptions(), InferenceOptions(), ReportingOptions()
    return nodes.evaluate_answers(answers, bench, *options, **shop)


def test_without_a_fitting_bench_nothing_is_said_about_it(telco_bench, shop):
    plain = shop["table"]["card"] == "plain"
    rate = (shop["table"].loc[plain, "gone"] == "yes").mean()
    cohort = {
        "filter": [{"column": "card", "op": "eq", "value": "plain"}],
        "text": "shoppers",
        "size": int(plain.sum()),
        "churn_rate": float(rate),
        "churn_rate_ci": None,
        "lift": None,
    }
    said = {"question": "?", "status": "answered", "summary": "s", "model": "m", "language": "en"}
    answer = Answer.model_validate(said | {"cohort": cohort}).model_dump(mode="json")
    found = judged(telco_bench, shop, [answer])
    assert found["bench"] is None
    assert found["written"]["sizes"]["value"] == found["written"]["rates"]["value"] == 1
    assert found["written"]["outcome"] is None


def test_the_bench_judges_by_its_own_meaning_and_not_by_what_was_understood(
    telco_bench, monkeypatch, project
):
    """An analyst that takes every question for one about everybody is found out."""
    schema = yaml.safe_load((project / "conf/base/schemas/telco.yml").read_text(encoding="utf-8"))
    table = simulate_customers(300, seed=4).customers
    numbers = ["tenure", "MonthlyCharges", "TotalCharges"]
    table[numbers] = table[numbers].apply(pd.to_numeric, errors="coerce").fillna(0.0)
    rate = float((table["Churn"] == "Yes").mean())
    cohort = {"filter": [], "text": "", "size": 300, "churn_rate": rate, "lift": 1.0}
    said = {"question": "?", "status": "answered", "summary": "s", "model": "m", "language": "en"}
    whole = Answer.model_validate(said | {"cohort": cohort | {"churn_rate_ci": None}})

    class Deaf:
        def answer(self, questions):
            return [whole] * len(questions)

    monkeypatch.setattr(nodes, "load_analyst", lambda *_: Deaf())
    stored = {"schema": schema, "table": table}
    stored["feedback"] = pd.DataFrame({"customer": table["customerID"], "feedback": ""})
    found = judged(telco_bench, stored, [whole.model_dump(mode="json")])
    assert found["written"]["sizes"]["value"] == 1
    assert found["bench"]["answered"] > 100
    assert found["bench"]["sizes"]["value"] < 0.5


def test_drivers_are_not_judged_where_nothing_was_planted(telco_bench, shop):
    planted = simulate_customers(800, seed=4).truth
    for truth in (None, planted):
        options = InferenceOptions(), ReportingOptions()
        found = nodes.evaluate_drivers(truth, telco_bench, *options, **shop)
        assert found == {"skipped": "nothing was planted in these customers"}

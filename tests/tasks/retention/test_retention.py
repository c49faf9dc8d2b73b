import csv
import io

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from churnlens.options import RetentionOptions
from churnlens.tasks.retention.export import export_csv, export_rows, neutralised, neutralised_texts
from churnlens.tasks.retention.rules import RetentionRules, load_rules
from churnlens.tasks.retention.table import COLUMNS, join_customers, retention_table
from churnlens.tasks.retention.worth import worth_of_list


@pytest.fixture(scope="module")
def raw(project):
    return yaml.safe_load((project / "conf/base/retention/rules.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def rules(project):
    return load_rules(project / "conf/base/retention/rules.yml")


def values(*rows):
    names = ["customer_id", "segment", "clv", "value_at_risk", "p_leave"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(clv_low=frame["clv"] * 0.9, clv_high=frame["clv"] * 1.1)


FOUR = values(
    ("a", "champions_at_risk", 900.0, 300.0, 0.5),
    ("b", "steady_at_risk", 500.0, 400.0, 0.6),
    ("c", "champions", 2000.0, 20.0, 0.01),
    ("d", "lost", 0.0, 0.0, 1.0),
)


def listed(rules, customers=FOUR, known=None, risk=None):
    table = retention_table(join_customers(customers, risk, known), rules, "en")
    return table, table.set_index("customer_id")


def test_one_row_a_customer_ranked_by_gain_with_its_arithmetic(rules):
    table, row = listed(rules)
    assert list(table) == list(COLUMNS) and table["rank"].tolist() == [1, 2, 3, 4]
    assert table["customer_id"].tolist() == ["a", "b", "c", "d"]
    assert row.loc["a", "expected_gain"] == pytest.approx(0.3 * 300 - 40)
    assert row.loc["b", "expected_gain"] == pytest.approx(0.15 * 400 - 10)
    assert row["why_not"].tolist() == ["", "", "gain_too_small", "left"]
    assert row.loc["c", "action"] == "none" and row.loc["c", "expected_gain"] == 0


def test_what_is_known_chooses_the_action_and_evidence_goes_along(rules):
    known = pd.DataFrame(
        {
            "customer_id": ["a", "c"],
            "main_reason": ["support", None],
            "satisfaction_trend": [np.nan, -0.8],
            "evidence_ids": [["d1", "d2"], []],
        }
    )
    rich = FOUR.assign(value_at_risk=[300.0, 400, 200, 0])
    _, row = listed(rules, rich, known)
    assert row.loc["a", "action"] == "service_repair" and row.loc["a", "evidence_ids"] == [
        "d1",
        "d2",
    ]
    assert row.loc["c", "action"] == "account_call" and row.loc["c", "satisfaction_trend"] == -0.8
    assert row.loc["b", "evidence_ids"] == [] and row.loc["b", "main_reason"] == ""


def test_who_opted_out_or_was_just_offered_something_is_left_alone(rules):
    known = pd.DataFrame(
        {"customer_id": ["a", "b"], "opted_out": [True, False], "days_since_offer": [np.nan, 89]}
    )
    _, row = listed(rules, known=known)
    assert row.loc[["a", "b"], "why_not"].tolist() == ["opted_out", "recent_offer"]
    later = known.assign(opted_out=False, days_since_offer=90)
    assert listed(rules, known=later)[1].loc["b", "eligible"]


def test_churn_probability_comes_from_the_churn_task_where_it_speaks(rules):
    risk = pd.DataFrame({"customer_id": ["a", "d", "x"], "p_churn": [0.77, 0.2, 0.5]})
    _, row = listed(rules, risk=risk)
    assert row["p_churn"].to_dict() == {"a": 0.77, "b": 0.6, "c": 0.01, "d": 1.0}
    with pytest.raises(ValueError, match="outside 0 to 1"):
        join_customers(FOUR, risk.assign(p_churn=1.5))


def test_the_churn_probability_moves_the_list(rules):
    twins = values(*((key, "champions_at_risk", 1000.0, 300.0, 0.3) for key in "ab"))
    for first, risk in (("a", [0.6, 0.1]), ("b", [0.1, 0.6])):
        known = pd.DataFrame({"customer_id": ["a", "b"], "p_churn": risk})
        table, row = listed(rules, twins, risk=known)
        assert table["customer_id"][0] == first
        assert row["value_at_risk"].sort_values().tolist() == pytest.approx([100, 600])
        assert row.loc[first, "expected_gain"] == pytest.approx(0.3 * 600 - 40)


def test_nobody_loses_more_than_he_is_worth():
    sure = values(("a", "steady", 500.0, 2.0, 0.001), ("b", "steady", 500.0, 0.0, 0.0))
    risk = pd.DataFrame({"customer_id": ["a", "b"], "p_churn": [0.5, 0.5]})
    assert join_customers(sure, risk)["value_at_risk"].tolist() == [251.0, 250.0]
    assert join_customers(FOUR)["value_at_risk"].tolist() == FOUR["value_at_risk"].tolist()


def test_a_customer_who_stands_twice_is_refused():
    with pytest.raises(ValueError, match="values: some customer stands twice"):
        join_customers(pd.concat([FOUR, FOUR]))
    risk = pd.DataFrame({"customer_id": ["a", "a"], "p_churn": [0.1, 0.2]})
    with pytest.raises(ValueError, match="risk: some customer"):
        join_customers(FOUR, risk)


@settings(max_examples=40)
@given(budget=st.integers(0, 300), most=st.integers(0, 6), seed=st.integers(0, 50))
def test_caps_and_budget_hold_and_go_to_the_largest_gains(rules, budget, most, seed):
    rng = np.random.default_rng(seed)
    rows = [(f"C{n}", "champions_at_risk", 900.0, rng.uniform(0, 500), 0.5) for n in range(12)]
    call = rules.actions["account_call"].model_copy(update={"most": most})
    tight = rules.model_copy(
        update={"budget": budget, "actions": {**rules.actions, "account_call": call}}
    )
    table, _ = listed(tight, values(*rows))
    acted = table[table["eligible"]]
    assert len(acted) <= most and acted["cost"].sum() <= budget
    assert (acted["expected_gain"] >= tight.least_gain).all()
    others = table[~table["eligible"] & table["why_not"].isin(["cap", "budget"])]
    if len(acted) and len(others):
        assert acted["value_at_risk"].min() >= others["value_at_risk"].max()


def test_the_order_of_the_input_does_not_matter(rules):
    tied = values(*((key, "steady_at_risk", 500.0, 400.0, 0.6) for key in "cab"))
    assert listed(rules, tied)[0].equals(listed(rules, tied.iloc[::-1])[0])


def test_actions_are_written_in_the_language(rules):
    joined = join_customers(FOUR)
    assert "致电" in retention_table(joined, rules, "zh")["action_text"][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rules": [{"action": "magic"}]}, "rule 1 names action 'magic'"),
        ({"rules": [{"segments": ["lost"], "action": "plan_review"}]}, "they have left already"),
        ({"budget": -1}, "budget"),
        ({"currency": "dollars"}, "currency"),
        ({"colour": 1}, "colour"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(raw, change, words):
    with pytest.raises(ValidationError, match=words):
        RetentionRules.model_validate(raw | change)


def test_no_rule_means_no_action(raw):
    empty = RetentionRules.model_validate(raw | {"rules": []})
    assert empty.action_for("champions", "price", None) == "none"
    assert set(listed(empty)[0]["why_not"]) == {"no_rule", "left"}


@pytest.mark.parametrize(
    "start",
    [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        " =",
        "\ufeff=",
        "\x00=",
        "\u200b=",
        "\u2060=",
        "\u202e\xad+",
    ],
)
def test_a_formula_is_text(start):
    assert neutralised(start + "HYPERLINK(1)") == "'" + start + "HYPERLINK(1)"


@pytest.mark.parametrize("cell", [-5.5, "a=b", "", None, True, "7590-VHVEG"])
def test_what_is_no_formula_stays(cell):
    assert neutralised(cell) is cell


@given(st.text(max_size=30))
def test_no_text_of_a_csv_begins_like_a_formula_and_all_of_it_is_there(text):
    table = pd.DataFrame({"customer_id": [text], "gain": [-1.25]})
    ((_, row),) = [tuple(csv.reader(io.StringIO(export_csv(table), newline="")))]
    assert not row[0].lstrip().lstrip("\ufeff").startswith(("=", "+", "-", "@"))
    assert row[0].removeprefix("'") == text.removeprefix("'") and row[1] == "-1.25"


def test_a_table_for_parquet_keeps_lists_and_runs_nothing():
    found = neutralised_texts(pd.DataFrame({"customer_id": ["=x"], "ids": [["d1"]], "n": [-1.0]}))
    assert found.to_dict("list") == {"customer_id": ["'=x"], "ids": [["d1"]], "n": [-1.0]}


def test_evidence_is_joined_and_headers_are_neutralised():
    rows = export_rows(pd.DataFrame({"=x": [["d1", "d2"]]}))
    assert rows.to_dict("list") == {"'=x": ["d1;d2"]}


def test_value_at_risk_beats_churn_probability_and_random_on_planted_truth():
    rng = np.random.default_rng(3)
    worth, risk = rng.gamma(2, 200, 1500), rng.beta(2, 5, 1500)
    customers = pd.DataFrame(
        {
            "customer_id": [f"C{n}" for n in range(1500)],
            "segment": "steady",
            "clv": worth,
            "value_at_risk": worth * risk * rng.normal(1, 0.1, 1500),
            "p_churn": risk,
            "p_leave": risk,
        }
    )
    truth = pd.DataFrame(
        {"customer_id": customers["customer_id"], "clv": worth, "clv_kept": worth * (1 + risk)}
    )
    gone = customers.assign(segment="lost", customer_id="gone" + customers["customer_id"])
    options = RetentionOptions(resamples=200)
    found = worth_of_list(pd.concat([customers, gone]), truth, 0.2, 10, options)
    assert found.lists[0].customers == 150
    assert found.against["churn_probability"].difference.low > 0
    assert found.against["random"].difference.low > 0
    assert found.lists[-1].gain.value == pytest.approx((0.2 * worth * risk - 10).mean())

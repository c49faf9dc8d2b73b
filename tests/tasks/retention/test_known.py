import pandas as pd
import pytest

from churnlens.schema import read_schema
from churnlens.tasks.retention.known import (
    churn_risk,
    earlier_offers,
    feedback_reasons,
    merge_known,
    service_signals,
)


def assessed(key, scores, *reasons):
    turns = [{"index": place, "score": score} for place, score in enumerate(scores)]
    told = [{"reason": name, "quotes": [{"turn": turn}]} for name, turn in reasons]
    return {"id": key, "turns": turns, "reasons": told}


def test_service_signals_of_a_customer_over_his_dialogues():
    dialogues = [
        {"id": "D1", "customer": "a"},
        {"id": "D2", "customer": "a"},
        {"id": "D3"},
        {"id": "D4", "customer": "b"},
        {"id": "D5", "customer": "c"},
    ]
    said = [
        assessed("D1", [4, 4, 3], ("billing", 1)),
        assessed("D2", [2, 1, 1], ("outage", 0), ("billing", 2)),
        assessed("D3", [1, 1], ("price", 0)),
        assessed("D4", [2]),
    ]
    found = service_signals(dialogues, said).set_index("customer_id")
    assert set(found.index) == {"a", "b"}
    assert found.loc["a", "satisfaction_trend"] == pytest.approx(4 / 3 - 11 / 3)
    assert found.loc["a", "main_reason"] == "billing"
    assert found.loc["a", "evidence_ids"] == ["D1#1"]
    assert pd.isna(found.loc["b", "satisfaction_trend"]) and found.loc["b", "main_reason"] == ""


def test_feedback_gives_the_complaint_that_stands_most_often_and_no_praise():
    rows = [
        ("a", "price", "praise", 0, 5),
        ("a", "price", "praise", 6, 9),
        ("a", "speed", "complaint", 10, 14),
        ("b", "price", "praise", 0, 5),
    ]
    frame = pd.DataFrame(rows, columns=["customer", "reason", "polarity", "start", "end"])
    found = feedback_reasons(frame)
    assert found.to_dict("records") == [
        {"customer_id": "a", "main_reason": "speed", "evidence_ids": ["feedback:10-14"]}
    ]


def test_keys_that_are_personal_join_by_their_hash(project):
    schema = read_schema(project / "conf/base/schemas/telco.yml")
    risk = pd.DataFrame({"customerID": ["7590-VHVEG", "kim@example.com"], "p_boosting": [0.1, 0.2]})
    keys = churn_risk(risk, schema)["customer_id"].tolist()
    assert keys[0] == "7590-VHVEG" and keys[1].startswith("key_")
    assert (
        earlier_offers(pd.DataFrame({"customer_id": ["kim@example.com"]}))["customer_id"][0]
        == keys[1]
    )


def test_offers_are_read_and_faults_are_told():
    table = pd.DataFrame(
        {"customer_id": ["a", "b"], "opted_out": ["Yes", ""], "days_since_offer": ["12", ""]}
    )
    found = earlier_offers(table)
    assert found["opted_out"].tolist() == [True, False]
    assert found["days_since_offer"][0] == 12 and pd.isna(found["days_since_offer"][1])
    with pytest.raises(ValueError, match="no number"):
        earlier_offers(table.assign(days_since_offer="soon"))
    with pytest.raises(ValueError, match="no column customer_id"):
        earlier_offers(table.drop(columns="customer_id"))


def test_the_first_frame_that_speaks_counts():
    first = pd.DataFrame({"customer_id": ["a"], "main_reason": ["speed"]})
    second = pd.DataFrame({"customer_id": ["a", "b"], "main_reason": ["price", "price"]})
    found = merge_known(None, first, second).set_index("customer_id")
    assert found["main_reason"].to_dict() == {"a": "speed", "b": "price"}
    assert merge_known(None, None) is None


@pytest.mark.parametrize("cell", ["1", "1.0", "Yes", "t", "x", "opted out", "TRUE", "是的", " y "])
def test_every_way_to_opt_out_is_heard(cell):
    table = pd.DataFrame({"customer_id": ["a"], "opted_out": [cell]})
    assert earlier_offers(table)["opted_out"].tolist() == [True]


@pytest.mark.parametrize("cell", ["", " ", "0", "0.0", "0.", "no", "N", "False", "否"])
def test_every_way_not_to_opt_out_is_heard(cell):
    table = pd.DataFrame({"customer_id": ["a"], "opted_out": [cell]})
    assert earlier_offers(table)["opted_out"].tolist() == [False]


@pytest.mark.parametrize("cell", ["ja", "maybe", "2", "10", "✓", "nan"])
def test_an_answer_that_is_neither_is_refused_without_its_words(cell):
    table = pd.DataFrame({"customer_id": ["a", "b"], "opted_out": ["no", cell]})
    with pytest.raises(ValueError, match="opted_out: 1 cell.*row 2.*neither yes") as told:
        earlier_offers(table)
    assert "✓" not in str(told.value)

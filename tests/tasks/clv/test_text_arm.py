import numpy as np
import pandas as pd
import pytest

from churnlens.options import ClvModelOptions, TextArmOptions
from churnlens.tasks.clv.features import FEATURES, temporal_split
from churnlens.tasks.clv.presets import Preset
from churnlens.tasks.clv.recovery import is_truth_of, recovery
from churnlens.tasks.clv.text_arm import customer_texts, head_rows, predict_embedded, sides
from tasks.clv.clv_support import shop
from tasks.clv.test_arms import SPLIT


@pytest.fixture(scope="module")
def split():
    return temporal_split(shop(200), SPLIT)


def test_no_customer_is_on_both_sides_and_ids_are_once(split):
    options = TextArmOptions(max_rows=80, max_validation_rows=30)
    training, validation = sides(split[0], options)
    assert (len(training), len(validation)) == (80, 30)
    assert not set(training["customer_id"]) & set(validation["customer_id"])
    rows = head_rows(training, customer_texts(training, None, "USD"))
    assert len({row["id"] for row in rows}) == 80
    assert rows[0]["label"] == pytest.approx(np.log1p(training["target"].iloc[0]))
    assert sides(split[0], options)[0].equals(training)


def test_boosting_reads_what_only_the_text_says(split):
    train, test = (each.assign(secret=np.arange(len(each)) % 2) for each in split)
    train, test = (each.assign(target=50.0 * each["secret"] + 1) for each in (train, test))
    texts = [[str(each) for each in rows["secret"]] for rows in (train, test)]

    def embed(said):
        return np.array([[float(each), 1.0] for each in said])

    options = (TextArmOptions(parts=1), ClvModelOptions(rounds=200, rate=0.1))
    said = predict_embedded(train, test, tuple(texts), FEATURES, embed, options)
    assert np.corrcoef(said, test["target"])[0, 1] > 0.95


def test_recovery_by_hand_and_of_those_still_there():
    truth = pd.DataFrame(
        {"customer_id": ["a", "b", "c"], "left": [False, False, True], "clv": [100.0, 200.0, 0.0]}
    )
    values = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "clv": [110.0, 180.0],
            "clv_low": [90.0, 170.0],
            "clv_high": 190.0,
        }
    )
    found = recovery(values, truth, 100, 1)
    assert found.customers == 2 and found.mape.value == pytest.approx(0.1)
    assert found.coverage.value == 0.5 and found.total_bias.value == pytest.approx(-10 / 300)


def test_truth_is_of_these_transactions_and_of_the_same_meaning():
    value = Preset(name="x", noun={"en": "x", "zh": "客"}, kind="contract").value
    bills = pd.DataFrame({"amount": [1.0, 2.5]})
    facts = {"rows": 2, "total": 3.5, "horizon_months": 36, "discount_year": 0.1, "first": 1}
    assert is_truth_of(facts, bills, value)
    assert not is_truth_of(None, bills, value)
    assert not is_truth_of({**facts, "total": 3.6}, bills, value)
    assert not is_truth_of({**facts, "horizon_months": 12}, bills, value)

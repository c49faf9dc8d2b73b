"""The public metrics by their definitions, every edge of them, and the stub that wins them."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.schema import read_schema
from churnlens.tasks.churn.public_metrics import (
    FIELDS,
    PublicScore,
    aligned_level,
    improve_reply,
    parse_reply,
    public_metrics,
    repair_citations,
    stub_answer,
)

ROOT = Path(__file__).parents[3]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", ROOT.parent / "shared" / "data"))
REAL_TABLE = REAL / "telco_feedback" / "telco_churn_with_feedback.csv"
SHOWN = {"0001-AAAAA": False, "0002-BBBBB": True, "0003-CCCCC": False, "0004-DDDDD": True}
GOOD = {
    "summary": "They leave for the price.",
    "top_reasons": ["price", "speed"],
    "risk_level": "medium",
    "actions": ["discount"],
    "citations": ["0001-AAAAA", "0002-BBBBB"],
}
ZERO = PublicScore()


def score(reply=GOOD, shown=SHOWN, **changes) -> PublicScore:
    return public_metrics(json.dumps(reply | changes), shown)


def without(name: str) -> dict:
    return {key: value for key, value in GOOD.items() if key != name}


def test_a_good_reply_has_all_five():
    found = score()
    assert found.model_dump() == {
        "json_valid": 1,
        "fields_complete": 1,
        "types_correct": 1,
        "citation_accuracy": 1,
        "risk_aligned": 1,
        "length": 25 + 5 + 5 + 8,
    }
    assert found.overall == 1


@pytest.mark.parametrize(
    "wrapped",
    ["Sure!\n```json\n{}\n```", "  {} ", "\ufeff{}", "Here it is: {} Anything else?"],
)
def test_words_around_the_object_are_forgiven(wrapped):
    assert public_metrics(wrapped.replace("{}", json.dumps(GOOD)), SHOWN).overall == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot answer.",
        json.dumps(GOOD)[:-1],  # cut off by a length limit
        json.dumps(GOOD).replace('"', "'"),
        json.dumps(GOOD) + " and " + json.dumps(GOOD),  # the span is greedy
        json.dumps(GOOD | {"error": "no"}),  # by definition: no key `error`
        "} nothing {",
        '{"a":' * 100_000,
    ],
)
def test_what_does_not_parse_scores_nothing_at_all(text):
    assert public_metrics(text, SHOWN) == ZERO
    assert ZERO.overall == 0


@pytest.mark.parametrize("top", [[GOOD], [], "citations", 7, None, True])
def test_another_type_at_the_top_scores_nothing_and_does_not_stop(top):
    assert public_metrics(json.dumps(top), SHOWN) == ZERO


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_no_text_stops_the_score(text):
    assert public_metrics(text, SHOWN).json_valid in {0, 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.sampled_from([*SHOWN, "high"]),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_object_stops_score_or_repair(reply):
    found = public_metrics(json.dumps(reply), SHOWN)
    assert found.json_valid == 1
    assert 0 <= found.overall <= 1
    assert set(repair_citations(reply.get("citations"), SHOWN)) <= set(SHOWN)


def test_parsing_fails_into_an_object_that_keeps_the_text():
    assert parse_reply("no [json]")["raw_response"] == "no [json]"
    assert parse_reply(json.dumps(GOOD)) == GOOD


@pytest.mark.parametrize("name", FIELDS)
def test_a_missing_field_is_incomplete_and_of_no_type(name):
    found = public_metrics(json.dumps(without(name)), SHOWN)
    assert (found.json_valid, found.fields_complete, found.types_correct) == (1, 0, 0)


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("summary", "x" * 11, 1),
        ("summary", "x" * 10, 0),
        ("summary", ["a long enough summary"], 0),
        ("top_reasons", [], 0),
        ("top_reasons", "price", 0),
        ("top_reasons", [None], 1),
        ("actions", [], 0),
        ("actions", {"a": 1}, 0),
        ("risk_level", "High", 0),
        ("risk_level", "low", 1),
        ("risk_level", ["high"], 0),
        ("risk_level", None, 0),
        ("citations", [], 1),
        ("citations", [1, None], 1),
        ("citations", "0001-AAAAA", 0),
    ],
)
def test_types(name, value, right):
    found = score(**{name: value})
    assert (found.types_correct, found.fields_complete) == (right, 1)


@pytest.mark.parametrize(
    ("cited", "accuracy"),
    [
        ([], 0),
        (None, 0),
        ("0001-AAAAA", 0),
        (["0001-AAAAA"], 1),
        ([" 0001-aaaaa\n", "CustomerID_0002-BBBBB", "customer_id_0003-ccccc"], 1),
        (["cid_0001-AAAAA", "ID_0002-bbbbb"], 1),
        (["id_cid_0001-AAAAA"], 0),  # one prefix goes, not two
        (["#0001-AAAAA", "0001"], 0),
        (["0001-AAAAA", "9999-ZZZZZ"], 0.5),
        (["0001-AAAAA", "0001-AAAAA", "9999-ZZZZZ"], 2 / 3),  # over the number cited
        ([1, None, ["0001-AAAAA"], "0004-DDDDD"], 0.25),
    ],
)
def test_citation_accuracy(cited, accuracy):
    assert score(citations=cited).citation_accuracy == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("left", "of", "level"),
    [
        (0, 5, "low"),
        (1, 5, "low"),
        (1, 4, "low"),
        (2, 5, "medium"),
        (1, 2, "medium"),
        (3, 5, "high"),
        (2, 3, "high"),
        (0, 0, "low"),
    ],
)
def test_level_of_the_shown_share(left, of, level):
    shown = {f"{i}": i < left for i in range(of)}
    assert aligned_level(shown) == level
    aligned = [
        score(shown=shown, risk_level=each).risk_aligned for each in ("high", "medium", "low")
    ]
    assert aligned == [float(each == level) for each in ("high", "medium", "low")]


def test_the_composite_is_the_plain_mean_of_five():
    found = score(risk_level="high", citations=["0001-AAAAA", "x", "y", "z"], actions=[])
    assert found.overall == pytest.approx((1 + 1 + 0 + 0.25 + 0) / 5)


@pytest.mark.parametrize(
    ("cited", "kept"),
    [
        (["id_0003-ccccc", "x", "0001-AAAAA", "0003-CCCCC"], ["0003-CCCCC", "0001-AAAAA"]),
        (["0003-CCCCC"], ["0003-CCCCC", "0002-BBBBB"]),  # topped up by who left, in rank order
        (["0002-BBBBB"], ["0002-BBBBB", "0004-DDDDD"]),
        ([], ["0002-BBBBB", "0004-DDDDD"]),
        ("0001-AAAAA", ["0002-BBBBB", "0004-DDDDD"]),
        (list(SHOWN), list(SHOWN)),  # never cut to two
    ],
)
def test_citations_are_repaired_as_published(cited, kept):
    assert repair_citations(cited, SHOWN) == kept


def test_repair_falls_back_on_who_stayed_and_on_too_few():
    assert repair_citations([], {"a": False, "b": False, "c": True}) == ["c", "a"]
    assert repair_citations(["b"], {"a": False, "b": False}) == ["b", "a"]
    assert repair_citations([], {"a": False}) == ["a"]
    assert repair_citations(["a"], {}) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("k", [1, 3, 5, 7])
def test_a_stub_without_a_model_wins_all_five(k, language):
    """Whatever is shown: so these five say nothing about an answer."""
    for pattern in range(2**k):
        shown = {f"{i:04}-ABCDE": bool(pattern >> i & 1) for i in range(k)}
        found = public_metrics(json.dumps(stub_answer(shown, language)), shown)
        assert found.overall == 1, shown
        assert min(found.citation_accuracy, found.risk_aligned) == 1


@pytest.fixture(scope="module")
def schema():
    return read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")


@pytest.fixture(scope="module")
def customers():
    return pd.DataFrame(
        {
            "customerID": [*SHOWN, "0005-EEEEE"],
            "tenure": [72.0, 0.0, 36.0, 36.0, 1.0],
            "MonthlyCharges": [18.25, 118.75, 68.5, 68.5, 20.0],
            "Contract": ["Two year", "Month-to-month", "One year", "Month-to-month", "One year"],
        }
    )


def test_the_improved_reply_has_repaired_citations_and_the_formulas_risk(customers, schema):
    text = json.dumps(GOOD | {"citations": ["x"], "risk_level": "low"})
    before = customers.copy()
    found = improve_reply(text, SHOWN, customers, schema)
    # churned 2 of 4; mean tenure 36 of 72; mean charge in the middle; contract (.2 + 1 + .5 + 1) / 4
    assert found["risk_components"] == {
        "churn_rate": 0.5,
        "tenure_risk": 0.5,
        "charge_risk": 0.5,
        "contract_risk": 0.675,
    }
    assert found["risk_score"] == pytest.approx(0.8 * 0.5 + 0.2 * 0.675)
    assert (found["risk_level"], found["citation_validated"]) == ("medium", True)
    assert found["citations"] == ["0002-BBBBB", "0004-DDDDD"]
    assert {name: found[name] for name in ("summary", "top_reasons", "actions")} == {
        name: GOOD[name] for name in ("summary", "top_reasons", "actions")
    }
    assert public_metrics(found, SHOWN).overall == 1
    pd.testing.assert_frame_equal(customers, before)


def test_the_order_of_the_table_does_not_matter(customers, schema):
    text, turned = json.dumps(GOOD), customers[::-1]
    shown = {"0002-BBBBB": True, "0001-AAAAA": False}
    assert improve_reply(text, shown, turned, schema) == improve_reply(
        text, shown, customers, schema
    )
    assert improve_reply(text, shown, turned, schema)["risk_components"]["churn_rate"] == 0.5


def test_a_failed_reply_gets_a_risk_and_no_score(customers, schema):
    found = improve_reply("cut off {", SHOWN, customers, schema)
    assert "citations" not in found and found["risk_level"] == "medium"
    assert public_metrics(found, SHOWN) == public_metrics(json.dumps(found), SHOWN) == ZERO


def test_risk_without_known_customers_is_medium(customers, schema):
    for shown in ({}, {"unknown": True}):
        found = improve_reply(json.dumps(GOOD), shown, customers, schema)
        assert (found["risk_level"], found["risk_score"]) == ("medium", 0.5)
        assert found["risk_components"] == {}


@pytest.mark.skipif(not REAL_TABLE.exists(), reason=f"no real table at {REAL_TABLE.name}")
@pytest.mark.parametrize(
    ("ids", "expected", "level"),
    [
        ("7590-VHVEG 5575-GNVDE 3668-QPYBK 7795-CFOCW 9237-HQITU", 0.5563, "medium"),
        ("8605-ITULD 9415-DPEWS 5624-BQSSA 8634-MPHTR 4208-UFFGW", 0.7548, "high"),
        ("2481-SBOYW 9318-NKNFC 0639-TSIQW 4701-AHWMW 7167-PCEYD", 0.4734, "medium"),
        ("1663-MHLHE 9374-YOLBJ 4106-HADHQ 7079-QRCBC 5766-XQXMQ", 0.6523, "high"),
    ],
)
def test_published_risk_scores(ids, expected, level, schema):
    table = pd.read_csv(REAL_TABLE)
    left = dict(zip(table["customerID"], table["Churn"] == "Yes", strict=True))
    found = improve_reply(json.dumps(GOOD), {key: left[key] for key in ids.split()}, table, schema)
    assert (found["risk_score"], found["risk_level"]) == (expected, level)
    assert np.isclose(found["risk_components"]["churn_rate"] * 5 % 1, 0)

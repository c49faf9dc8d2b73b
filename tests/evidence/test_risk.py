"""The public risk formula: by hand, on another trade, and its published examples."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlens.evidence.risk import cohort_risk, customer_formula
from churnlens.schema import parse_schema, read_schema

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", ROOT.parent / "shared" / "data"))
REAL_TABLE = REAL / "telco_feedback" / "telco_churn_with_feedback.csv"


def bank_schema(**changes):
    yes_no = [
        {"value": name, "label": {"en": name, "zh": name}} for name in ("basic", "gold", "old")
    ]
    raw = {
        "name": "bank",
        "noun": {"en": "clients", "zh": "客户"},
        "key": "id",
        "time": "years",
        "money": "fee",
        "outcome": {
            "column": "closed",
            "left": "y",
            "stayed": "n",
            "left_words": {},
            "stayed_words": {},
        },
        "columns": [
            {"name": "id", "kind": "key", "label": {"en": "id", "zh": "号"}},
            {"name": "years", "kind": "number", "label": {"en": "years", "zh": "年"}},
            {"name": "fee", "kind": "number", "label": {"en": "fee", "zh": "费"}},
            {
                "name": "plan",
                "kind": "category",
                "label": {"en": "plan", "zh": "套餐"},
                "values": yes_no,
            },
            {"name": "closed", "kind": "text", "label": {"en": "closed", "zh": "销户"}},
        ],
        "risk": {
            "time_cap": 10,
            "money_floor": 5,
            "money_span": 20,
            "commitment": "plan",
            "weights": {"basic": 1.0, "gold": 0.1},
        },
    }
    return parse_schema(raw | changes)


TABLE = pd.DataFrame(
    {"id": list("abcd"), "years": [2.0, 4.0, 6.0, 8.0], "fee": [10.0, 10.0, 20.0, 20.0]}
).assign(plan=["basic", "gold", "old", "basic"])
LEFT = np.array([True, False, False, True])


def test_score_is_the_weighted_sum_of_its_parts():
    risk = cohort_risk(TABLE, bank_schema(), LEFT)
    # means: 5 years of 10, fee 15 = 10 of 20 above the floor, weights (1 + .1 + .5 + 1) / 4
    assert risk.components.model_dump() == {
        "churn_rate": 0.5,
        "tenure_risk": 0.5,
        "charge_risk": 0.5,
        "contract_risk": 0.65,
    }
    assert risk.score == pytest.approx(0.35 * 0.5 + 0.25 * 0.5 + 0.2 * 0.5 + 0.2 * 0.65)
    assert risk.level == "medium"


def test_time_and_charge_are_clipped_at_the_mean_not_per_row():
    table = TABLE.assign(years=[0.0, 0.0, 0.0, 40.0], fee=[0.0, 0.0, 0.0, 100.0])
    parts = cohort_risk(table, bank_schema(), LEFT).components
    assert parts.tenure_risk == 0.0  # mean 10 reaches the cap although three rows have 0
    assert parts.charge_risk == 1.0  # mean 25
    assert cohort_risk(table.assign(fee=1.0), bank_schema(), LEFT).components.charge_risk == 0.0


@pytest.mark.parametrize(
    ("years", "fee", "plan", "left", "score", "level"),
    [
        (0.0, 25.0, "basic", True, 1.0, "high"),
        (10.0, 5.0, "gold", False, 0.02, "low"),
        (0.0, 15.0, "basic", False, 0.55, "medium"),
        (4.0, 25.0, "gold", True, 0.72, "high"),
        (0.0, 20.0, "basic", False, 0.6, "medium"),  # above 0.6, not from 0.6 on
        (6.0, 5.0, "basic", False, 0.3, "medium"),  # below 0.3, not up to 0.3
    ],
)
def test_levels_and_their_borders(years, fee, plan, left, score, level):
    table = TABLE.assign(years=years, fee=fee, plan=plan)
    risk = cohort_risk(table, bank_schema(), np.full(4, left))
    assert (risk.score, risk.level) == (score, level)


def test_no_formula_or_no_customers_give_no_score():
    assert cohort_risk(TABLE, bank_schema(risk=None), LEFT) is None
    assert customer_formula(TABLE, bank_schema(risk=None)) is None
    assert cohort_risk(TABLE.iloc[:0], bank_schema(), LEFT[:0]) is None


def test_customer_formula_is_the_score_without_the_outcome():
    scores = customer_formula(TABLE, bank_schema())
    for row in range(len(TABLE)):
        alone = cohort_risk(TABLE.iloc[[row]], bank_schema(), np.array([False]))
        assert scores[row] * 0.65 == pytest.approx(alone.score, abs=1e-4)


@pytest.mark.skipif(not REAL_TABLE.exists(), reason=f"real data not found at {REAL}")
@pytest.mark.parametrize(
    ("ids", "parts", "score", "level"),
    [
        (
            "7590-VHVEG 5575-GNVDE 3668-QPYBK 7795-CFOCW 9237-HQITU",
            (0.4, 0.7667, 0.3232, 0.8),
            0.5563,
            "medium",
        ),
        (
            "8605-ITULD 9415-DPEWS 5624-BQSSA 8634-MPHTR 4208-UFFGW",
            (0.8, 0.8083, 0.3634, 1.0),
            0.7548,
            "high",
        ),
        (
            "2481-SBOYW 9318-NKNFC 0639-TSIQW 4701-AHWMW 7167-PCEYD",
            (0.6, 0.3028, 0.2585, 0.68),
            0.4734,
            "medium",
        ),
        (
            "1663-MHLHE 9374-YOLBJ 4106-HADHQ 7079-QRCBC 5766-XQXMQ",
            (0.6, 0.7389, 0.3877, 0.9),
            0.6523,
            "high",
        ),
    ],
)
def test_published_examples_come_out(ids, parts, score, level):
    table = pd.read_csv(REAL_TABLE).set_index("customerID").loc[ids.split()].reset_index()
    schema = read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")
    risk = cohort_risk(table, schema, table["Churn"].eq("Yes").to_numpy())
    assert tuple(risk.components.model_dump().values()) == parts
    assert (risk.score, risk.level) == (score, level)


@pytest.mark.skipif(not REAL_TABLE.exists(), reason=f"real data not found at {REAL}")
def test_whole_real_table_has_its_known_score():
    table = pd.read_csv(REAL_TABLE)
    schema = read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")
    risk = cohort_risk(table, schema, table["Churn"].eq("Yes").to_numpy())
    assert risk.score == pytest.approx(0.464, abs=5e-4)
    rounded = [round(part, 3) for part in risk.components.model_dump().values()]
    assert rounded == [0.265, 0.550, 0.463, 0.703]

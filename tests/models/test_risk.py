"""Per-customer risk: recovers planted odds, knows no text, notices leaks, repeats to the byte."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from churnlens.evaluation import classification as metrics
from churnlens.models import risk
from churnlens.models.scorecard import POINTS_PER_LOG_ODDS
from churnlens.schema import parse_schema, read_schema

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", ROOT.parent / "shared" / "data"))
REAL_TABLE = REAL / "telco_feedback" / "telco_churn_with_feedback.csv"


def label(word):
    return {"en": word, "zh": word}


def category(name, *values, absent=(), **more):
    marks = [{"value": v, "label": label(v), "absent": v in absent} for v in values]
    return {"name": name, "kind": "category", "label": label(name), "values": marks, **more}


def number(name, **more):
    return {"name": name, "kind": "number", "label": label(name), **more}


SCHEMA = parse_schema(
    {
        "name": "shop",
        "noun": label("members"),
        "key": "id",
        "feedback": "words",
        "outcome": {
            "column": "gone",
            "left": "y",
            "stayed": "n",
            "left_words": {},
            "stayed_words": {},
        },
        "columns": [
            {"name": "id", "kind": "key", "label": label("id")},
            category("plan", "free", "paid", "none", absent=("none",)),
            category("region", "north", "south"),
            number("visits", cuts=[5]),
            number("sum", driver=False),
            category("gone", "y", "n", driver=False),
            {"name": "words", "kind": "text", "label": label("words")},
        ],
    }
)


def shop(n=3000, seed=0):
    """Members whose log odds of leaving are −2 + ln 4 · free + ln 8 · (visits < 5)."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "id": [f"m{i}" for i in range(n)],
            "plan": rng.choice(["free", "paid", "none"], n, p=[0.45, 0.45, 0.1]),
            "region": rng.choice(["north", "south"], n),
            "visits": rng.integers(0, 20, n).astype(float),
        }
    )
    odds = -2 + np.log(4) * table["plan"].eq("free") + np.log(8) * table["visits"].lt(5)
    left = rng.random(n) < expit(odds)
    words = np.where(left, "goodbye forever", "see you")
    table = table.assign(sum=np.where(left, 9.0, 1.0), gone=np.where(left, "y", "n"), words=words)
    return table, left


TABLE, LEFT = shop()


def test_columns_are_the_schemas_drivers_and_never_text_or_outcome():
    assert [c.name for c in risk.predictors(TABLE, SCHEMA)] == ["plan", "region", "visits"]
    assert [c.name for c in risk.predictors(TABLE.drop(columns="plan"), SCHEMA)] == [
        "region",
        "visits",
    ]


def test_scorecard_finds_the_planted_odds_ratios():
    card = risk.fit_scorecard(TABLE, SCHEMA, LEFT)
    one = TABLE.iloc[[0]].assign(plan="paid", region="north", visits=12.0)
    base = card.points(one)[0]
    assert card.points(one.assign(plan="free"))[0] - base == pytest.approx(20, abs=3)  # odds × 4
    assert card.points(one.assign(visits=1.0))[0] - base == pytest.approx(30, abs=4)  # odds × 8
    assert card.points(one.assign(region="south"))[0] - base == pytest.approx(0, abs=3)
    assert card.slope == pytest.approx(1 / POINTS_PER_LOG_ODDS, rel=0.05)


def test_points_are_the_sum_of_the_flags_that_hold():
    card = risk.fit_scorecard(TABLE, SCHEMA, LEFT)
    by_hand = sum(flag.points * flag.holds(TABLE).astype(int) for flag in card.flags)
    assert (card.points(TABLE) == by_hand).all()
    assert card.matches(TABLE).shape == (3000, len(card.flags))
    expected = expit(card.intercept + card.slope * by_hand)
    assert card.probability(TABLE) == pytest.approx(expected)
    assert card.probability(TABLE).mean() == pytest.approx(LEFT.mean(), abs=1e-3)


def test_an_absent_value_is_never_a_flag_and_an_unseen_one_scores_nothing():
    card = risk.fit_scorecard(TABLE, SCHEMA, LEFT | TABLE["plan"].eq("none").to_numpy())
    assert "none" not in {flag.condition.value for flag in card.flags}
    stranger = TABLE.iloc[:1].assign(plan="invented", region="invented", visits=19.0)
    assert card.points(stranger)[0] == 0


def test_scorecard_and_boosting_survive_json():
    card = risk.fit_scorecard(TABLE, SCHEMA, LEFT)
    boosting = risk.fit_boosting(TABLE, SCHEMA, LEFT, rounds=20)
    card_again = risk.Scorecard.model_validate(json.loads(card.model_dump_json()))
    boosting_again = risk.Boosting.model_validate_json(boosting.model_dump_json())
    assert card_again == card
    assert (card_again.probability(TABLE) == card.probability(TABLE)).all()
    assert (boosting_again.probability(TABLE) == boosting.probability(TABLE)).all()


def test_the_same_rows_give_the_same_models():
    again, left = shop()
    assert risk.fit_scorecard(again, SCHEMA, left) == risk.fit_scorecard(TABLE, SCHEMA, LEFT)
    first = risk.fit_boosting(again, SCHEMA, left, rounds=20)
    assert first == risk.fit_boosting(TABLE, SCHEMA, LEFT, rounds=20)
    assert first != risk.fit_boosting(TABLE, SCHEMA, LEFT, seed=1, rounds=20)


def test_boosting_reads_values_by_name_not_by_order_of_appearance():
    boosting = risk.fit_boosting(TABLE, SCHEMA, LEFT)
    some = TABLE.iloc[[5, 3, 9]]
    whole = boosting.probability(TABLE)
    assert boosting.probability(some) == pytest.approx(whole[[5, 3, 9]])
    columns = TABLE.columns[::-1]
    assert (boosting.probability(TABLE[columns]) == whole).all()


def test_nothing_to_learn_from_gives_the_leave_rate():
    blind = TABLE.drop(columns=["plan", "region", "visits"])
    card = risk.fit_scorecard(blind, SCHEMA, LEFT)
    assert card.flags == ()
    assert card.probability(blind) == pytest.approx(LEFT.mean())
    with pytest.raises(ValueError, match="none of its driver columns"):
        risk.fit_boosting(blind, SCHEMA, LEFT)


@pytest.mark.parametrize("fit", [risk.fit_scorecard, risk.fit_boosting, risk.cross_validate])
def test_one_class_or_a_wrong_shape_is_refused_in_words(fit):
    with pytest.raises(ValueError, match="got 0 and 3000"):
        fit(TABLE, SCHEMA, np.zeros(3000, bool))
    with pytest.raises(ValueError, match="3000 rows"):
        fit(TABLE, SCHEMA, LEFT[:10])


@pytest.fixture(scope="module")
def out_of_fold():
    return risk.cross_validate(TABLE, SCHEMA, LEFT, repeats=2)


def test_cross_validation_reaches_the_truth_and_no_more(out_of_fold):
    odds = np.log(4) * TABLE["plan"].eq("free") + np.log(8) * TABLE["visits"].lt(5)
    best = roc_auc_score(LEFT, odds)
    for probability in out_of_fold.probability.values():
        table = metrics.fold_metrics(LEFT, out_of_fold.folds, probability)
        assert table["auc"].mean() == pytest.approx(best, abs=0.02)
        pooled = np.mean([metrics.ece(LEFT, row) for row in probability])
        assert pooled < 0.04


def test_folds_are_stratified_and_drawn_anew_in_each_repeat(out_of_fold):
    folds = out_of_fold.folds
    assert folds.shape == (2, 3000)
    for fold in range(5):
        assert (folds[0] == fold).sum() == 600
        assert LEFT[folds[0] == fold].mean() == pytest.approx(LEFT.mean(), abs=0.002)
    assert (folds[0] != folds[1]).mean() > 0.7


def test_predictions_are_out_of_fold(out_of_fold):
    test = out_of_fold.folds[1] == 3
    card = risk.fit_scorecard(TABLE[~test], SCHEMA, LEFT[~test])
    assert out_of_fold.probability["scorecard"][1, test] == pytest.approx(
        card.probability(TABLE[test])
    )


def test_shuffled_outcomes_cannot_be_predicted():
    shuffled = np.random.default_rng(8).permutation(LEFT)
    result = risk.cross_validate(TABLE, SCHEMA, shuffled, repeats=2)
    for probability in result.probability.values():
        aucs = [roc_auc_score(shuffled, row) for row in probability]
        assert np.mean(aucs) == pytest.approx(0.5, abs=0.05)


def leaking_schema():
    raw = SCHEMA.model_dump()
    for column in raw["columns"]:
        column["driver"] |= column["name"] == "sum"
    return parse_schema(raw)


def test_a_leak_stops_the_run_and_names_the_column():
    with pytest.raises(risk.LeakError, match=r"single columns: sum 1\.000") as error:
        risk.cross_validate(TABLE, leaking_schema(), LEFT, repeats=1)
    assert "at most 0.870" in str(error.value)
    honest = risk.cross_validate(TABLE, leaking_schema(), LEFT, repeats=1, max_auc=None)
    assert roc_auc_score(LEFT, honest.probability["boosting"][0]) > 0.99


def test_single_columns_are_ranked_even_when_the_effect_is_not_monotone():
    middle = TABLE.assign(visits=np.abs(TABLE["visits"] - 10))
    left = middle["visits"].between(3, 6).to_numpy()
    aucs = risk.column_aucs(TABLE, SCHEMA, left)
    assert next(iter(aucs)) == "visits"
    assert aucs["visits"] == pytest.approx(1, abs=0.01)
    assert aucs["region"] < 0.55


def test_customer_risk_is_one_row_per_customer_in_order(out_of_fold):
    card = risk.fit_scorecard(TABLE, SCHEMA, LEFT)
    table = risk.customer_risk(TABLE, SCHEMA, card, out_of_fold)
    assert list(table.columns) == ["id", "points", "p_scorecard", "p_boosting"]
    assert (table["id"] == TABLE["id"]).all()
    assert (table["points"] == card.points(TABLE)).all()
    mean = out_of_fold.probability["boosting"][:, 7].mean()
    assert table["p_boosting"][7] == pytest.approx(mean)


@pytest.mark.skipif(not REAL_TABLE.exists(), reason=f"real data not found at {REAL}")
def test_bars_on_the_real_table():
    table = pd.read_csv(REAL_TABLE, dtype={"SeniorCitizen": str})
    schema = read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")
    left = table["Churn"].eq("Yes").to_numpy()
    result = risk.cross_validate(table, schema, left)
    for name, probability in result.probability.items():
        scores = metrics.fold_metrics(left, result.folds, probability).mean()
        assert 0.845 <= scores["auc"] <= 0.87, name
        assert scores["brier"] <= 0.136, name
        assert scores["ece"] <= 0.025, name
        pooled = np.mean([metrics.ece(left, row) for row in probability])
        assert pooled <= 0.015, name  # chance alone gives 0.010

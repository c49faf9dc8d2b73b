import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from churnlens.evidence.drivers import build_panel
from churnlens.evidence.study import Population
from churnlens.evidence.themes import label_feedback
from churnlens.options import DriverOptions
from churnlens.pipelines.reporting.churn.overview import build_overview
from churnlens.schema import read_schema
from pipelines.reporting.sample import CANARY, shop_population, shop_schema, shop_table

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def overview():
    return build_overview(shop_population(), DriverOptions())


def test_headline_counts_equal_a_count_of_the_table(overview):
    table, _ = shop_table()
    left = int((table["gone"] == "yes").sum())
    low, high = proportion_confint(left, len(table), method="wilson")
    assert (overview["customers"], overview["left"]) == (len(table), left)
    assert overview["rate"] == pytest.approx({"value": left / len(table), "low": low, "high": high})


def test_every_value_and_band_has_its_rate(overview):
    table, _ = shop_table()
    bands = pd.cut(table["months"], [0, 12, 24, np.inf], right=False, labels=False)
    groups = {
        "card=gold": table["card"] == "gold",
        "card=plain": table["card"] == "plain",
        "district=north": table["district"] == "north",
        "district=south": table["district"] == "south",
        "district=west": table["district"] == "west",
        "months<12": bands == 0,
        "12<=months<24": bands == 1,
        "months>=24": bands == 2,
    }
    assert [level["name"] for level in overview["levels"]] == list(groups)
    for level, mask in zip(overview["levels"], groups.values(), strict=True):
        left = int((table.loc[mask, "gone"] == "yes").sum())
        low, high = proportion_confint(left, int(mask.sum()), method="wilson")
        assert (level["n"], level["left"]) == (int(mask.sum()), left)
        expected = {"value": left / mask.sum(), "low": low, "high": high}
        assert level["rate"] == pytest.approx(expected)


def test_levels_are_labelled_in_both_languages(overview):
    last = overview["levels"][-1]
    assert last["label"]["en"] == "whose membership is 24 months or more"
    assert last["column_label"] == {"en": "membership", "zh": "入会时长"}


def test_the_planted_driver_is_reported_and_the_rest_say_why_not(overview):
    assert [driver["name"] for driver in overview["drivers"]] == ["card=plain"]
    assert overview["drivers"][0]["adjusted"]["low"] > 1
    assert overview["drivers"][0]["label"] == {"en": "with card plain", "zh": "with card plain"}
    assert all(driver["why_not"] for driver in overview["rejected"])
    assert {driver["column"] for driver in overview["rejected"]} == {"district", "months"}


def test_themes_are_counted_with_their_coverage(overview):
    table, said = shop_table()
    wrote = np.array([bool(each) for each in said])
    complained = np.array(["queue" in each for each in said])
    left = (table["gone"] == "yes").to_numpy()
    feedback, theme = overview["feedback"], overview["feedback"]["themes"][0]
    assert (feedback["texts"], feedback["texts_left"]) == (wrote.sum(), (wrote & left).sum())
    assert feedback["coverage"]["value"] == pytest.approx(wrote.mean())
    assert feedback["labelled_share"]["value"] == pytest.approx(complained.sum() / wrote.sum())
    assert theme["label"] == {"en": "queues", "zh": "排队"}
    assert theme["left"]["value"] == pytest.approx((complained & left).sum() / (wrote & left).sum())
    assert theme["stayed"]["value"] == 0
    assert theme["more_among"] == "left"


def test_it_is_plain_json_without_a_word_of_any_customer(overview):
    dumped = json.dumps(overview, allow_nan=False)
    assert json.loads(dumped) == overview
    assert CANARY not in dumped
    assert "K7" not in dumped


def test_a_value_that_nobody_has_and_a_table_without_feedback():
    table, _ = shop_table()
    table = table[table["district"] != "west"].reset_index(drop=True)
    schema = shop_schema()
    nothing = [""] * len(table)
    silent = np.zeros(len(table), dtype=bool)
    population = Population(
        schema, table, build_panel(table, schema), label_feedback(nothing, schema), silent
    )
    overview = build_overview(population, DriverOptions())
    west = next(level for level in overview["levels"] if level["name"] == "district=west")
    assert (west["n"], west["left"], west["rate"]) == (0, 0, None)
    assert overview["feedback"]["texts"] == 0
    assert overview["feedback"]["themes"] == []
    assert overview["feedback"]["labelled_share"] is None
    json.dumps(overview, allow_nan=False)


def _real_table():
    import os

    root = Path(os.environ.get("CHURNLENS_REAL_DATA", ROOT.parent / "shared" / "data"))
    path = root / "telco_feedback" / "telco_churn_with_feedback.csv"
    if not path.exists():
        pytest.skip("the real table is not here; set CHURNLENS_REAL_DATA to its folder")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_known_facts_of_the_real_table_come_out():
    schema, raw = read_schema(ROOT / "conf/base/schemas/telco.yml"), _real_table()
    numbers = [c.name for c in schema.attributes() if c.kind == "number"]
    parsed = raw[numbers].apply(lambda cells: pd.to_numeric(cells.str.strip().replace("", "0")))
    table = raw.assign(**{name: parsed[name].astype(float) for name in numbers})
    silent = np.zeros(len(table), dtype=bool)
    nothing = label_feedback([""] * len(table), schema)
    population = Population(schema, table, build_panel(table, schema), nothing, silent)
    overview = build_overview(population, DriverOptions())
    levels = {level["name"]: level for level in overview["levels"]}
    facts = {
        "InternetService=Fiber optic": (3096, 0.419),
        "Contract=Month-to-month": (3875, 0.427),
        "PaymentMethod=Electronic check": (2365, 0.453),
    }
    for name, (n, rate) in facts.items():
        assert (levels[name]["n"], round(levels[name]["rate"]["value"], 3)) == (n, rate)
    drivers = {driver["name"]: driver for driver in overview["drivers"]}
    assert not [name for name in drivers if name.startswith("gender")]
    fiber = drivers["InternetService=Fiber optic"]
    assert fiber["money_adjusted"]["value"] < fiber["odds_ratio"]["value"]

"""What a value rests on is what made it, and the report has words for every part of it."""

import re

import numpy as np
import pandas as pd
import pytest

from churnlens.options import ClvModelOptions, SurvivalOptions
from churnlens.pipelines.reporting.clv.wording import say_factors
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.tasks.clv.arms import fit_clv, predict_arms
from churnlens.tasks.clv.factors import contract_factors, repeat_factors
from churnlens.tasks.clv.features import temporal_split
from churnlens.tasks.clv.repeat import fit_repeat
from churnlens.tasks.clv.survival import fit_hazard
from tasks.clv.clv_support import shop
from tasks.clv.test_arms import SPLIT


def in_chinese(told, schema=None):
    """Whether every part of the factors has Chinese words, or is a model beside its factor."""
    parts = [part for text in told for part in text.split("; ")]
    said = [say_factors(part, schema, load_strings("zh")) for part in parts]
    return all(re.search(r"[\u3400-\u9fff]|×", each) for each in said)


def test_the_product_of_the_factors_is_the_spend_that_the_chosen_model_expects():
    train, test = temporal_split(shop(150), SPLIT)
    model = fit_clv(train, 90, ClvModelOptions(rounds=20, draws=100))
    rows = test.head(20)
    repeat = fit_repeat(test)
    for best in ("bg_nbd", "tweedie"):
        chosen = model.model_copy(update={"best": best})
        told = pd.Series(repeat_factors(chosen, repeat, rows))
        assert in_chinese(told)
        shown = told.str.extract(r"there (\d+) %; purchases ([\d.]+) in 90 days; amount ([\d.]+)")
        by = told.str.extract(r"tweedie x([\d.]+)")[0].astype(float).fillna(1)
        product = shown.astype(float).prod(axis=1) / 100 * by
        expected = predict_arms(model, rows, repeat)[best]
        big = repeat.spend(rows, 90) > 10  # smaller ones are rounded away
        assert big.any() and product[big].to_numpy() == pytest.approx(expected[big], rel=0.1)


def test_contracts_name_the_charge_and_what_the_hazard_reads(demo, schema):
    hazard = fit_hazard(demo.ledger, demo.columns, SurvivalOptions(period=12))
    told = contract_factors(hazard, demo.ledger.head(30))
    first = demo.ledger.iloc[0]
    assert told[0].startswith(f"charge {first['charge']:.2f}; ")
    assert all(text.count(";") == 2 for text in told)
    assert in_chinese(told, schema) and not in_chinese(["tariff=new +0.10"], schema)
    loyal = demo.ledger[demo.ledger["Contract"] == "Two year"].head(5)
    assert all("Contract=Two year -" in text for text in contract_factors(hazard, loyal))


def test_the_log_odds_of_a_customer_are_the_sum_of_what_his_attributes_add(demo):
    from churnlens.tasks.clv.factors import _moved

    hazard = fit_hazard(demo.ledger, demo.columns, SurvivalOptions(period=12))
    rows = demo.ledger.head(50)
    whole = hazard.encoding.matrix(rows) @ np.array(hazard.coefficients)
    assert _moved(hazard, rows).sum(axis=1).to_numpy() == pytest.approx(whole)


def test_strangers_have_charge_and_months(demo):
    alone = fit_hazard(demo.ledger, (), SurvivalOptions())
    row = demo.ledger.head(1)
    told = contract_factors(alone, row)
    assert told == [f"charge {row['charge'][0]:.2f}; months {row['months'][0]:.0f}"]
    assert in_chinese(told)

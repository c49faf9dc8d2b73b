import math

import pytest

from churnlens.evidence.query import AnyOf
from churnlens.pipelines.reporting.formats import (
    count,
    fact,
    formula,
    interval,
    p_value,
    shown,
    signed,
    whole,
)
from churnlens.schema import Condition
from pipelines.reporting.sample import shop_schema


@pytest.mark.parametrize(
    ("value", "kind", "language", "expected"),
    [
        (0.41893, "share", "en", "41.9\u00a0%"),
        (0.41893, "share", "zh", "41.9%"),
        (-0.217, "points", "en", "−21.7"),
        (-0.0001, "points", "en", "0.0"),
        (3.26113, "ratio", "zh", "3.26"),
        (-1e-9, "score", "en", "0.000"),
        (0.84712, "score", "en", "0.847"),
        (math.nan, "score", "en", "–"),
        (math.inf, "ratio", "en", "–"),
        (None, "share", "zh", "–"),
    ],
)
def test_a_figure_is_printed_by_its_kind(value, kind, language, expected):
    assert shown(value, kind, language) == expected


@pytest.mark.parametrize(
    ("bounds", "kind", "language", "expected"),
    [
        ((0.402, 0.436), "share", "en", "40.2–43.6\u00a0%"),
        ({"low": 0.402, "high": 0.436}, "share", "zh", "40.2–43.6%"),
        ((-0.265, -0.168), "points", "en", "−26.5 to −16.8"),
        ((-0.01, 0.2), "points", "zh", "−1.0 至 20.0"),
        ((-1e-12, 1e-12), "score", "en", "0.000–0.000"),
        ((None, None), "share", "en", ""),
        ((math.nan, 1.0), "ratio", "en", ""),
    ],
)
def test_an_interval_is_printed_with_one_unit_and_true_minus_signs(
    bounds, kind, language, expected
):
    assert interval(bounds, kind, language) == expected


def test_a_whole_estimate_is_one_phrase():
    estimate = {"value": 0.419, "low": 0.402, "high": 0.436}
    assert whole(estimate, "share", "en") == "41.9\u00a0% (40.2–43.6\u00a0%)"
    assert whole(estimate, "ratio", "zh") == "0.42（0.40–0.44）"
    assert whole(None, "ratio", "en") == "–"
    assert whole({"value": 1.0, "low": None, "high": None}, "ratio", "en") == "1.00"


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, "< 0.001"), (0.00099, "< 0.001"), (0.0421, "0.042"), (1, "1.000")]
)
def test_a_p_value_is_never_zero(value, expected):
    assert p_value(value) == expected


def test_a_missing_p_value_is_a_dash():
    assert p_value(math.nan) == "–"


def test_counts_and_points():
    assert [count(1234567), count(0), count(-10)] == ["1,234,567", "0", "−10"]
    assert [signed(13), signed(-9), signed(0)] == ["+13", "−9", "0"]


def test_a_filter_is_printed_as_it_is_computed():
    one = Condition(column="Contract", op="eq", value="One year")
    either = AnyOf(
        any_of=(
            Condition(column="tenure", op="lt", value=6.0),
            Condition(column="Partner", op="not_in", value=("No", "?")),
        )
    )
    assert formula((one, either)) == "Contract = One year ∧ (tenure < 6 ∨ Partner ∉ {No, ?})"
    assert formula(()) == ""


@pytest.mark.parametrize(
    ("column", "op", "value", "english", "chinese"),
    [
        ("card", "eq", "gold", "with card gold", "with card gold"),
        ("months", "lt", 6.0, "whose membership is below 6 months", "入会时长不足6个月"),
        ("months", "ge", 1.0, "whose membership is 1 month or more", "入会时长1个月及以上"),
    ],
)
def test_a_fact_of_the_scorecard_completes_the_sentence(column, op, value, english, chinese):
    said = fact(Condition(column=column, op=op, value=value), shop_schema())
    assert said.en == english
    assert said.zh.replace(" ", "") == chinese.replace(" ", "")

"""Numbers of questions: numerals against their definition, comparisons, units and columns."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from churnlens.evidence.parsing.numerals import read_number
from churnlens.evidence.parsing.text import tokens
from churnlens.evidence.parsing.thresholds import Thresholds
from churnlens.evidence.questions import parse_question
from evidence.questions_support import BANK, TELCO, random_table

TABLES = {"telco": (TELCO, random_table(TELCO)), "bank": (BANK, random_table(BANK))}
DIGITS = "零一二三四五六七八九"
ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def chinese(number: int) -> str:
    """Write 1 to 99,999 in Chinese, the schoolbook way."""
    text, zero = "", False
    for scale, name in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // scale % 10
        if digit:
            text += ("零" if zero and text else "") + DIGITS[digit] + name
        zero = not digit
    return text.removeprefix("一") if 10 <= number < 20 else text


def english(number: int) -> str:
    """Write 0 to 999,999 in English words."""
    if number >= 1000:
        rest = english(number % 1000) if number % 1000 else ""
        return f"{english(number // 1000)} thousand {rest}".strip()
    if number >= 100:
        rest = f" and {english(number % 100)}" if number % 100 else ""
        return f"{ONES[number // 100]} hundred{rest}"
    if number >= 20:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    return ONES[number]


def conditions(question: str, name: str = "telco") -> list[tuple[str, str, float]]:
    query = parse_question(question, *TABLES[name])
    assert query.problems == (), query.problems
    return [(each.column, each.op, each.value) for each in query.cohort]


@given(integers(1, 99_999))
def test_chinese_numerals(number):
    sentence = tokens(chinese(number))
    assert read_number(sentence, 0) == (number, len(sentence))


@given(integers(0, 999_999))
def test_english_numerals(number):
    sentence = tokens(english(number))
    assert read_number(sentence, 0) == (number, len(sentence))


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,200.50", 1200.5), ("80k", 80_000), ("5万", 50_000), ("两百五", 250), ("一千二", 1200),
     ("二百零五", 205), ("a", None), ("百", None), ("fiber", None), ("a hundred", 100),
     ("a dozen", 12), ("an", None), ("过百", None)],
)  # fmt: skip
def test_numerals_by_example(text, number):
    found = read_number(tokens(text), 0)
    assert (found and found[0]) == number


BOUNDS = {
    "ge": ["at least {}", "no less than {}", "{} or more", "{}+", "minimum of {}", "not under {}",
           "至少{}", "不低于{}", "不少于{}", "{}以上", "{}及以上", ">= {}"],
    "gt": ["more than {}", "over {}", "above {}", "exceeding {}", "in excess of {}", "超过{}",
           "高于{}", "> {}"],
    "le": ["at most {}", "up to {}", "no more than {}", "not more than {}", "{} or less",
           "not exceeding {}", "至多{}", "最多{}", "不超过{}", "{}以下", "{}以内", "<= {}"],
    "lt": ["less than {}", "under {}", "below {}", "fewer than {}", "不到{}", "不足{}", "低于{}",
           "少于{}", "< {}"],
}  # fmt: skip
SAID = [(op, form) for op, forms in BOUNDS.items() for form in forms]


@given(sampled_from(SAID), integers(2, 60))
def test_every_comparison_has_its_plain_meaning(said, number):
    op, form = said
    if form.isascii():
        tenure = conditions(f"Why do customers with {form.format(f'{number} months')} leave?")
        charge = conditions(f"customers with monthly charges {form.format(f'${number}')}")
        bare = conditions(f"customers whose tenure is {form.format(number)}")
    else:
        tenure = conditions(f"入网{form.format(f'{number}个月')}的客户为什么流失")
        charge = conditions(f"月费{form.format(f'{number}元')}的客户为什么流失")
        bare = conditions(f"在网时长{form.format(number)}的客户")
    assert tenure == bare == [("tenure", op, number)]
    assert charge == [("MonthlyCharges", op, number)]


@given(integers(1, 40), integers(1, 20))
def test_every_way_to_say_a_range(low, span):
    high = low + span
    wanted = [("tenure", "ge", low), ("tenure", "le", high)]
    for text in (
        f"customers between {low} and {high} months",
        f"customers with {low}-{high} months of tenure",
        f"customers with a tenure from {low} to {high} months",
        f"入网{low}到{high}个月的客户",
        f"在网时长在{chinese(low)}至{chinese(high)}个月之间的客户",
    ):
        assert conditions(text) == wanted, text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("in their first six months", [("tenure", "le", 6)]),
        ("in the first year", [("tenure", "le", 12)]),
        ("in their second year", [("tenure", "gt", 12), ("tenure", "le", 24)]),
        ("in year three", [("tenure", "gt", 24), ("tenure", "le", 36)]),
        ("after the first year", [("tenure", "gt", 12)]),
        ("within half a year", [("tenure", "le", 6)]),
        ("with over a year and a half", [("tenure", "gt", 18)]),
        ("with two and a half years of tenure", [("tenure", "eq", 30)]),
        ("in the first 90 days", [("tenure", "le", 3)]),
        ("who joined in the past three months", [("tenure", "le", 3)]),
        ("who signed up less than a year ago", [("tenure", "lt", 12)]),
        ("with more than one but less than three years", [("tenure", "gt", 12), ("tenure", "lt", 36)]),
        ("not in their first year", [("tenure", "gt", 12)]),
        ("paying $80", [("MonthlyCharges", "eq", 80)]),
        ("who spent over $1.5k in total", [("TotalCharges", "gt", 1500)]),
        ("with monthly charges over 80 but under 100", [("MonthlyCharges", "gt", 80), ("MonthlyCharges", "lt", 100)]),
    ],
)  # fmt: skip
def test_english_forms(text, wanted):
    assert conditions(f"customers {text}") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("前六个月流失的客户", [("tenure", "le", 6)]),
        ("头一年离开的客户", [("tenure", "le", 12)]),
        ("入网第二年的客户", [("tenure", "gt", 12), ("tenure", "le", 24)]),
        ("入网不满一年的客户", [("tenure", "lt", 12)]),
        ("在网满两年的客户", [("tenure", "ge", 24)]),
        ("在网两年多的客户", [("tenure", "gt", 24)]),
        ("入网半年内的客户", [("tenure", "le", 6)]),
        ("入网不超过一年半的客户", [("tenure", "le", 18)]),
        ("入网一年零三个月以内的客户", [("tenure", "le", 15)]),
        ("最近三个月入网的客户", [("tenure", "le", 3)]),
        ("入网半年后流失的客户", [("tenure", "gt", 6)]),
        ("每月付费一百二十块以上的客户", [("MonthlyCharges", "ge", 120)]),
        ("累计消费超过2000美元的客户", [("TotalCharges", "gt", 2000)]),
    ],
)
def test_chinese_forms(text, wanted):
    assert conditions(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("customers older than 60", [("Age", "gt", 60)]),
        ("60岁以上的客户", [("Age", "ge", 60)]),
        ("customers with 3 or more products", [("NumOfProducts", "ge", 3)]),
        ("持有两个以上产品的客户", [("NumOfProducts", "ge", 2)]),
        ("customers with a balance over €1.5k", [("Balance", "gt", 1500)]),
        ("customers in their first six months", [("Tenure", "le", 0.5)]),
        ("customers with a credit score of 600 to 700", [("CreditScore", "ge", 600), ("CreditScore", "le", 700)]),
    ],
)  # fmt: skip
def test_the_units_of_another_schema(text, wanted):
    assert conditions(text, "bank") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Why do customers whose balance is at least 4 EUR or whose salary is at most 4 EUR leave?",
        "为什么余额不低于4欧元或薪资不超过4欧元的客户流失？",
    ],
)
def test_opposite_bounds_at_one_amount_keep_the_columns_that_they_name(text):
    [either] = parse_question(text, *TABLES["bank"]).cohort
    found = {(each.column, each.op, each.value) for each in either.any_of}
    assert found == {("Balance", "ge", 4), ("EstimatedSalary", "le", 4)}


def test_shares_and_averages_come_from_the_table():
    charges = TABLES["telco"][1]["MonthlyCharges"]
    top = conditions("the top 10% of customers by monthly charges")
    assert top == [("MonthlyCharges", "ge", pytest.approx(charges.quantile(0.9)))]
    low = conditions("月费最低的四分之一客户")
    assert low == [("MonthlyCharges", "le", pytest.approx(charges.quantile(0.25)))]
    above = conditions("customers above the average monthly charge")
    assert above == [("MonthlyCharges", "gt", pytest.approx(charges.mean()))]


def test_a_threshold_of_the_table_is_printed_without_binary_dust():
    cells = pd.DataFrame({"fee": [1.1, 123.54, 123.57, 123.58]})
    assert str(np.nanquantile(cells.fee, 0.75)) == "123.57249999999999"
    thresholds = Thresholds(cells)
    assert thresholds.of("fee", 0.75) == 123.5725
    assert thresholds.of("fee", "median") == 123.555
    assert thresholds.of("fee", "mean") == 92.9475
    assert thresholds.of("fee", 1.0) == 123.58, "a cell of the table stays what it is"


@pytest.mark.parametrize(
    "text",
    ["customers over 42", "customers in 2023", "customers in the last three months",
     "2023年流失的客户", "3月流失的客户", "customers with more than 2 kids",
     "three-year contract customers", "30 year old customers"],
)  # fmt: skip
def test_a_number_without_a_column_is_refused(text):
    assert not parse_question(text, *TABLES["telco"]).answerable


@pytest.mark.parametrize(
    "text", ["Top 3 reasons for churn", "Give me 5 reasons why customers leave", "流失的三个原因"]
)
def test_a_number_of_answers_restricts_nobody(text):
    assert conditions(text) == []

"""Numbers with units, and the closed list of problem keys."""

import pytest

from churnlens.evidence.query import PROBLEMS
from churnlens.evidence.questions import parse_question
from churnlens.evidence.units import plain_number, with_unit
from evidence.questions_support import TELCO, questions, random_table


@pytest.mark.parametrize(
    ("number", "unit", "english", "chinese"),
    [
        ("12", "month", "12 months", "12个月"),
        ("1", "month", "1 month", "1个月"),
        ("89.8", "USD", "89.80 USD", "89.8美元"),
        ("100", "USD", "100 USD", "100美元"),
        ("30", "kg", "30 kg", "30 kg"),
        ("3", "", "3", "3"),
    ],
)
def test_a_number_is_printed_with_its_unit(number, unit, english, chinese):
    spoken = with_unit(number, unit)
    assert (spoken.en, spoken.zh) == (english, chinese)


def test_chinese_may_set_the_unit_apart():
    assert with_unit("12", "month", " ").zh == "12 个月"


def test_no_exponent_is_printed():
    assert plain_number(1e-5) == "0.00001"
    assert plain_number(12.0) == "12"


def test_every_refusal_has_a_key_of_the_closed_list():
    table = random_table(TELCO)
    texts = [row["q"] for row in questions("questions_dev.yml") if "refuse" in row]
    found = [p.partition(": ") for q in texts for p in parse_question(q, TELCO, table).problems]
    assert found
    assert {key for key, _, _ in found} <= set(PROBLEMS)
    assert all(words for _, _, words in found)

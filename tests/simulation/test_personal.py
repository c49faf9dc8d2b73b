from __future__ import annotations

import re

import numpy as np
import pytest

from churnlens.simulation.feedback import SHARES
from churnlens.simulation.personal import (
    KINDS,
    customer_names,
    id_check,
    luhn_digit,
    personal_value,
)
from churnlens.simulation.sampling import Draw

FORMS = {
    "phone": r"(\+86 )?1[3-9]\d[ -]?\d{4}[ -]?\d{4}|(\+1 )?\(?[2-8]\d\d\)?[ -]?555[ -]?01\d\d",
    "email": r"[\w.]+\d\d@(mail\.)?example\.(com|net|org)",
    "order": r"(ORD-|DD|A)?202\d{5}-?\d{5}",
    "card": r"(\d{4}[ -]?){3}\d{4}",
    "id": r"\d{17}[\dX]",
}


@pytest.mark.parametrize(
    "number", ["4111111111111111", "5500005555555559", "378282246310005", "6011111111111117"]
)
def test_luhn_against_published_test_cards(number):
    assert luhn_digit(number[:-1]) == number[-1]


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_id_check_against_the_standards_examples(number):
    assert id_check(number[:-1]) == number[-1]


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_items_have_the_form_and_the_checksum(kind, language):
    draw = Draw(np.random.default_rng(5))
    values = {personal_value(kind, language, "", draw) for _ in range(300)}
    assert len(values) > (60 if kind == "phone" and language == "en" else 100)
    for value in values:
        assert re.fullmatch(FORMS[kind], value), value
        digits = re.sub(r"\D", "", value)
        if kind == "card":
            # the schoolbook form of Luhn, written apart from the code under test
            odd = sum(map(int, digits[-1::-2]))
            even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
            assert (odd + even) % 10 == 0
        if kind == "id":
            weighted = sum(pow(2, 17 - at, 11) * int(d) for at, d in enumerate(value[:17]))
            check = 10 if value[17] == "X" else int(value[17])
            assert (weighted + check) % 11 == 1, "ISO 7064 mod 11-2"


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="got 'passport'"):
        personal_value("passport", "en", "", Draw(np.random.default_rng(1)))


def test_marked_values_stand_in_the_text_and_nothing_is_unmarked(large):
    rows = large.truth_rows[large.truth_rows.language != ""]
    customers = large.customers.loc[rows.index]
    seen = set()
    for text, name, kinds, values, canary in zip(
        customers.CustomerFeedback,
        customers.CustomerName,
        rows.personal_kinds,
        rows.personal_values,
        rows.canary,
        strict=True,
    ):
        planted = list(zip(kinds.split(";"), values.split(";"), strict=True)) if kinds else []
        rest = text.replace(canary, "") if canary else text
        for kind, value in planted:
            assert value in text
            assert value == name if kind == "name" else re.fullmatch(FORMS[kind], value)
            rest = rest.replace(value, "")
            seen.add(kind)
        assert not re.search(r"\d|@", rest), rest
        assert name.lower() not in rest.lower(), rest
    assert seen == set(KINDS)


def test_shares_of_personal_data_and_orders(large):
    rows = large.truth_rows[large.truth_rows.language != ""]
    assert (rows.personal_kinds != "").mean() == pytest.approx(SHARES["personal_data"], abs=0.005)
    two = rows.personal_kinds.str.contains(";").mean()
    assert two == pytest.approx(SHARES["two_kinds_of_personal_data"], abs=0.003)
    assert (rows.canary != "").mean() == pytest.approx(SHARES["orders"], abs=0.0015)
    assert not ((rows.canary != "") & (rows.personal_kinds != "")).any()


def test_orders_carry_their_own_canary(large):
    marked = large.truth_rows.canary[large.truth_rows.canary != ""]
    texts = large.customers.CustomerFeedback
    assert marked.is_unique
    assert all(canary in texts[row] for row, canary in marked.items())
    assert texts.str.contains(r"ZX\d{8}").sum() == len(marked)
    ordering = texts.str.contains("ignore all previous|debug mode|忽略|系统提示词|调试模式")
    assert not (ordering & (large.truth_rows.canary == "")).any()


def test_names_follow_language_and_sex():
    languages = np.array(["en", "zh"] * 200)
    women = np.arange(400) < 200
    names = customer_names(languages, women, np.random.default_rng(1))
    assert all(re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", name) for name in names[languages == "en"])
    assert all(re.fullmatch(r"[\u4e00-\u9fff]{2,4}", name) for name in names[languages == "zh"])
    assert not set(names[women]) & set(names[~women])
    assert len(set(names)) > 300


def test_names_mostly_go_with_the_language_of_the_feedback(demo):
    rows = demo.truth_rows[demo.truth_rows.language != ""]
    english = demo.customers.CustomerName[rows.index].str.isascii()
    assert (english == (rows.language == "en")).mean() == pytest.approx(0.9, abs=0.02)

from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from churnlens.tasks.satisfaction.action_table import AXES, ActionTable, load_actions

PATH = Path(__file__).parents[3] / "conf/base/satisfaction/actions.yml"
TABLE = load_actions(PATH)
KEYS = list(product(*AXES.values()))


def raw():
    return yaml.safe_load(PATH.read_text(encoding="utf-8"))


def refused(table, *words):
    with pytest.raises(ValidationError) as caught:
        ActionTable.model_validate(table)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_every_combination_has_one_row():
    assert len(KEYS) == 54
    assert all(key in TABLE.row(key).combinations() for key in KEYS)


@given(st.sampled_from(KEYS), st.sampled_from(KEYS))
def test_who_has_more_reason_never_gets_less(one, other):
    ranks = [values.index for values in AXES.values()]
    if all(rank(a) <= rank(b) for rank, a, b in zip(ranks, one, other, strict=True)):
        assert TABLE.row(one).amount <= TABLE.row(other).amount
        assert TABLE.row(one).cap <= TABLE.row(other).cap


@pytest.mark.parametrize("place", range(len(TABLE.compensation)))
def test_a_table_with_a_gap_or_an_overlap_is_refused(place):
    gap, twice = raw(), raw()
    row = gap["compensation"].pop(place)
    refused(gap, "stands in 0 rows")
    twice["compensation"].append(row)
    refused(twice, "stands in 2 rows")


@pytest.mark.parametrize("place", range(len(TABLE.compensation)))
def test_a_cap_that_falls_is_refused(place):
    table = raw()
    table["compensation"][place].update(offer="credit", amount=400, cap=450)
    if {"red", "company", "key", "none"} <= {
        value for axis in AXES for value in table["compensation"][place][axis]
    }:
        ActionTable.model_validate(table)  # the most deserving may get any more
    else:
        refused(table, "gives less than")


def test_an_amount_that_falls_is_refused_though_caps_rise():
    table = raw()
    table["compensation"][-1].update(amount=40)
    refused(table, "red.company.key.none gives less than red.company.valued.none")


def test_a_cap_that_falls_is_refused_though_amounts_rise():
    table = raw()
    table["compensation"][-1].update(cap=79)
    table["compensation"][-1].update(amount=79)
    refused(table, "red.company.key.none gives less than red.company.valued.none")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cautious": "nobody"}, "nobody"),
        ({"approvers": ["manager"]}, "team_lead"),
        ({"actions": {"amber": ["supervisor_alert"]}}, "expected"),
        ({"actions": {"amber": ["crm_tag"], "red": ["supervisor_alert"]}}, "less than amber"),
        ({"actions": {"red": ["supervisor_alert"]}}, "expected amber and red"),
        ({"actions": {"amber": ["call_the_ceo"], "red": []}}, "supervisor_alert"),
        ({"some_credits": 3}, "some_credits"),
        ({"ceiling": 100}, "cap 150 is above ceiling 100"),
        ({"currency": "yuan"}, "currency"),
        ({"bonus": 3}, "bonus"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(change, words):
    refused(raw() | change, words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": 30, "cap": 20}, "expected amount <= cap"),
        ({"amount": 0}, "expected credit > 0 only"),
        ({"offer": "apology"}, "expected credit > 0 only"),
        ({"amount": -5}, "amount"),
        ({"amount": 10.5}, "amount"),
        ({"tier": ["golden"]}, "tier"),
        ({"tier": []}, "tier"),
        ({"approver": "nobody"}, "nobody"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(change, words):
    table = raw()
    table["compensation"][-1].update(change)
    refused(table, words)


def test_credits_fall_into_three_columns():
    assert [TABLE.band(n) for n in range(5)] == ["none", "some", "some", "many", "many"]

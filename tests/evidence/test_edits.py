from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.evidence.edits import MOST_CONDITIONS, Edit, FilterError, check_filter, edited
from churnlens.evidence.query import AnyOf, Query
from churnlens.schema import Condition, read_schema

SCHEMA = read_schema(Path(__file__).parents[2] / "conf" / "base" / "schemas" / "telco.yml")


def condition(column="Contract", op="eq", value="One year"):
    return Condition(column=column, op=op, value=value)


GOOD = [
    condition(),
    condition(op="ne"),
    condition(op="in", value=("One year", "Two year")),
    condition(op="not_in", value=("One year",)),
    condition("tenure", "le", 6.0),
    condition("tenure", "eq", 6.0),
    condition("tenure", "in", (6.0, 7.0)),
]
BAD = [
    condition("Weather"),
    condition("Churn", value="Yes"),  # who left is asked, and no filter
    condition("customerID", value="7590-VHVEG"),
    condition(value="Ten years"),
    condition(value=("One year",)),
    condition(op="in", value="One year"),
    condition(op="in", value=()),
    condition(op="in", value=("One year", "Ten years")),
    condition(op="le", value="One year"),
    condition("tenure", "le", "six"),
    condition("tenure", "le", float("nan")),
    condition("tenure", "eq", float("inf")),
    condition("tenure", "le", (6.0,)),
    AnyOf(any_of=()),
    AnyOf(any_of=(condition(), condition("Weather"))),
]


@pytest.mark.parametrize("part", [*GOOD, AnyOf(any_of=tuple(GOOD))])
def test_what_the_table_can_have_is_taken(part):
    check_filter((part,), SCHEMA)


@pytest.mark.parametrize("part", BAD)
def test_what_it_cannot_have_is_refused(part):
    with pytest.raises(FilterError, match="expected"):
        check_filter((condition(), part), SCHEMA)


def test_too_many_conditions_are_refused():
    check_filter((condition(),) * MOST_CONDITIONS, SCHEMA)
    with pytest.raises(FilterError, match="at most 40"):
        check_filter((condition(),) * (MOST_CONDITIONS + 1), SCHEMA)


@given(st.text(min_size=4), st.text(min_size=4))
def test_an_error_repeats_no_value(column, value):
    with pytest.raises(FilterError) as caught:
        check_filter((Condition(column=f"<{column}>", op="eq", value=f"<{value}>"),), SCHEMA)
    assert f"<{value}>" not in str(caught.value) and f"<{column}>" not in str(caught.value)


def test_an_edit_takes_the_place_of_whom_the_question_names():
    query = Query(question="q", language="en", cohort=(GOOD[0],), ask="compare", compare_to=())
    alone = edited(query, Edit(cohort=(GOOD[4],)), SCHEMA)
    assert (alone.cohort, alone.compare_to, alone.ask) == ((GOOD[4],), None, "why")
    both = edited(query, Edit(cohort=(), compare_to=(GOOD[1],)), SCHEMA)
    assert (both.cohort, both.compare_to, both.ask) == ((), (GOOD[1],), "compare")
    assert both.question == "q"


def test_the_other_group_is_checked_too():
    with pytest.raises(FilterError):
        edited(Query(question="q", language="en"), Edit(cohort=(), compare_to=(BAD[0],)), SCHEMA)


def test_what_cannot_be_answered_stays_so():
    query = Query(question="q", language="en", problems=("forecast: tomorrow",))
    assert not edited(query, Edit(cohort=()), SCHEMA).answerable

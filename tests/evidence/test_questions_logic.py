"""The algebra of filters against numpy: what the masks say, the clauses must say."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import data, lists, sampled_from

from churnlens.evidence.parsing.logic import (
    Contradiction,
    any_of,
    clauses_of,
    negated,
    normal,
    opposite,
    without,
)
from churnlens.evidence.query import AnyOf, select
from churnlens.schema import Condition
from evidence.questions_support import BANK, TELCO, random_table
from evidence.test_questions_roundtrip import condition, filters

SCHEMAS = [(TELCO, random_table(TELCO)), (BANK, random_table(BANK))]
fast = settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))


def rows(clauses, schema, table):
    """Rows of a conjunction of clauses, without bringing it into normal form."""
    parts = tuple(AnyOf(any_of=c) if len(c) > 1 else c[0] for c in clauses)
    return select(parts, table)


@fast
@given(sampled_from(SCHEMAS), data())
def test_the_strict_negation_is_the_complement(pair, draw):
    schema, table = pair
    wanted = draw.draw(filters(schema))
    turned = negated(clauses_of(wanted), schema, strict=True)
    if wanted:
        assert np.array_equal(rows(turned, schema, table), ~select(wanted, table))


@fast
@given(sampled_from(SCHEMAS), data())
def test_alternatives_are_the_union(pair, draw):
    schema, table = pair
    both = [draw.draw(filters(schema)) for _ in range(2)]
    if all(both):
        joined = any_of([clauses_of(each) for each in both])
        masks = [select(each, table) for each in both]
        assert np.array_equal(rows(joined, schema, table), masks[0] | masks[1])


@fast
@given(sampled_from(SCHEMAS), data())
def test_the_normal_form_keeps_the_rows_and_is_its_own_normal_form(pair, draw):
    schema, table = pair
    columns = draw.draw(lists(sampled_from(schema.attributes()), min_size=1, max_size=4))
    parts = tuple(draw.draw(condition(column)) for column in columns)
    clauses = tuple((part,) for part in parts)
    try:
        found = normal(clauses, schema)
    except Contradiction:
        assert not select(parts, table).any()
        return
    assert normal(clauses_of(found), schema) == found
    if select(parts, table).any():
        assert np.array_equal(select(found, table), select(parts, table))


def test_the_normal_form_does_not_depend_on_order():
    one = Condition(column="InternetService", op="ne", value="DSL")
    two = Condition(column="InternetService", op="ne", value="No")
    three = Condition(column="tenure", op="le", value=6)
    wanted = (
        three,
        Condition(column="InternetService", op="eq", value="Fiber optic"),
    )
    assert normal(((one,), (two,), (three,)), TELCO) == wanted
    assert normal(((three,), (two,), (one,)), TELCO) == wanted


def test_without_means_no_and_not_the_whole_rest():
    support = Condition(column="TechSupport", op="eq", value="Yes")
    assert without(support, TELCO) == Condition(column="TechSupport", op="eq", value="No")
    assert opposite(support).op == "ne"
    fiber = Condition(column="InternetService", op="eq", value="Fiber optic")
    assert without(fiber, TELCO) == opposite(fiber)


@pytest.mark.parametrize(
    "parts",
    [
        [("tenure", "gt", 12), ("tenure", "le", 12)],
        [("tenure", "eq", 3), ("tenure", "ge", 4)],
        [("InternetService", "eq", "DSL"), ("InternetService", "eq", "No")],
        [("InternetService", "eq", "No"), ("StreamingTV", "eq", "Yes")],
        [("PhoneService", "eq", "No"), ("MultipleLines", "eq", "Yes")],
    ],
)
def test_contradictions_name_their_column(parts):
    clauses = tuple((Condition(column=c, op=o, value=v),) for c, o, v in parts)
    with pytest.raises(Contradiction) as fault:
        normal(clauses, TELCO)
    assert str(fault.value) == TELCO.column(parts[-1][0]).label.en


def test_an_alternative_that_always_holds_disappears():
    every = tuple(Condition(column="gender", op="eq", value=value) for value in ("Female", "Male"))
    assert normal((every,), TELCO) == ()

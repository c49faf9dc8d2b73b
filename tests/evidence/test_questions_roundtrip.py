"""What `describe` prints, `parse_question` reads back: for any filter, schema and language."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from evidence.questions_support import BANK, TELCO, random_table

from churnlens.evidence.parsing.logic import Contradiction, clauses_of, normal
from churnlens.evidence.query import AnyOf, Filter, describe, select
from churnlens.evidence.questions import parse_question
from churnlens.schema import Column, Condition, Schema

SCHEMAS = {"telco": TELCO, "bank": BANK}
TABLES = {name: random_table(schema) for name, schema in SCHEMAS.items()}


def category(column: Column) -> st.SearchStrategy[Condition]:
    values = [value.value for value in column.values]
    single = st.builds(
        lambda op, value: Condition(column=column.name, op=op, value=value),
        st.sampled_from(["eq", "ne"]),
        st.sampled_from(values),
    )
    several = st.builds(
        lambda op, chosen: Condition(column=column.name, op=op, value=tuple(chosen)),
        st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from(values), min_size=2, max_size=max(2, len(values) - 1), unique=True),
    )
    return single | several if len(values) > 2 else single


def number(column: Column) -> st.SearchStrategy[Condition]:
    high = column.maximum if column.maximum is not None else 9_000.0
    amounts = st.floats(column.minimum or 0.0, high, allow_nan=False).map(lambda x: round(x, 4))
    whole = st.integers(int(column.minimum or 0), int(high)).map(float)
    ops = st.sampled_from(["ge", "gt", "le", "lt", "eq", "ne"])
    return st.builds(
        lambda op, value: Condition(column=column.name, op=op, value=value), ops, amounts | whole
    )


def condition(column: Column) -> st.SearchStrategy[Condition]:
    return category(column) if column.kind == "category" else number(column)


@st.composite
def filters(draw: st.DrawFn, schema: Schema) -> Filter:
    """A filter in normal form with plain conditions, ranges and at most one "or"."""
    columns = draw(st.lists(st.sampled_from(schema.attributes()), max_size=5, unique_by=lambda c: c.name))
    parts: list[Condition | AnyOf] = []
    either = draw(st.integers(0, 3)) if len(columns) >= 2 else 0
    if either >= 2:
        alternatives = tuple(draw(condition(column)) for column in columns[:either])
        if len(alternatives) > 1:
            parts.append(AnyOf(any_of=alternatives))
        columns = columns[either:]
    for column in columns:
        parts.append(draw(condition(column)))
        if column.kind == "number" and draw(st.booleans()):
            parts.append(draw(number(column)))
    try:
        return normal(clauses_of(tuple(parts)), schema)
    except Contradiction:
        return ()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["telco", "bank"])
def test_a_described_filter_reads_back_to_the_same_customers(name, language):
    schema, table = SCHEMAS[name], TABLES[name]

    @settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(filters(schema))
    def check(wanted: Filter) -> None:
        text = describe(wanted, schema, language)
        query = parse_question(text, schema, table)
        assert query.problems == (), (text, query.problems)
        assert query.compare_to is None, text
        assert np.array_equal(select(query.cohort, table), select(wanted, table)), (text, query.cohort)

    check()

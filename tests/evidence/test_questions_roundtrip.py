"""What `describe` prints, `parse_question` reads back: for any filter, schema and language."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from churnlens.evidence.parsing.logic import Contradiction, clauses_of, normal
from churnlens.evidence.query import AnyOf, Filter, describe, select
from churnlens.evidence.questions import parse_question
from churnlens.schema import Column, Condition, Schema, parse_schema
from evidence.questions_support import BANK, TELCO, random_table


def value(name: str, en: str, zh: str) -> dict:
    return {"value": name, "label": {"en": en, "zh": zh}}


def column(name: str, en: str, zh: str, *values: dict, **more) -> dict:
    kind = "category" if values else "number"
    label = {"en": en, "zh": zh}
    return {"name": name, "kind": kind, "label": label, "values": values, **more}


# A schema as awkward as one may write it: labels with "or", "not", commas and numbers.
AWKWARD = parse_schema(
    {
        "name": "gym",
        "noun": {"en": "members", "zh": "会员"},
        "key": "id",
        "time": "weeks",
        "outcome": {
            "column": "quit", "left": "Y", "stayed": "N", "left_words": {}, "stayed_words": {},
        },
        "columns": [
            {"name": "id", "kind": "key", "label": {"en": "member", "zh": "会员"}},
            column("quit", "quit", "退会", value("N", "stayed", "留下"), value("Y", "quit", "退会")),
            column(
                "plan", "plan", "套餐",
                value("S", "on a small or medium plan", "小套餐或中套餐"),
                value("L", "on a large plan, with sauna", "大套餐"),
                value("None", "without any plan", "没有套餐"),
                value("3", "for 3 months or more", "三个月以上套餐"),
            ),
            column(
                "Trainer", "personal trainer", "私教",
                value("Yes", "with a trainer", "有私教"),
                value("No", "not with a trainer", "没有私教"),
            ),
            column(
                "sauna", "sauna", "桑拿",
                value("true", "who use the sauna", "使用桑拿"),
                value("false", "who do not use the sauna", "不使用桑拿"),
            ),
            column(
                "shift", "shift", "时段",
                value("am", "mornings", "早上"), value("pm", "evenings", "晚上"),
            ),
            column("weeks", "weeks of membership", "会龄", unit="week"),
            column("visits", "visits", "到店次数", maximum=500),
            column("kg", "weight", "体重", unit="kg", minimum=30, maximum=200),
            column("share", "attendance", "出勤率", unit="%", maximum=100),
            column("spend", "monthly spend", "月消费", unit="CNY", maximum=900),
            column("spent", "total spend", "总消费", unit="CNY", maximum=9000),
        ],
    }
)  # fmt: skip
SCHEMAS = {"telco": TELCO, "bank": BANK, "awkward": AWKWARD}
TABLES = {name: random_table(schema) for name, schema in SCHEMAS.items()}


def category(of: Column) -> st.SearchStrategy[Condition]:
    values = [value.value for value in of.values]
    single = st.builds(
        lambda op, value: Condition(column=of.name, op=op, value=value),
        st.sampled_from(["eq", "ne"]),
        st.sampled_from(values),
    )
    several = st.builds(
        lambda op, chosen: Condition(column=of.name, op=op, value=tuple(chosen)),
        st.sampled_from(["in", "not_in"]),
        st.lists(
            st.sampled_from(values), min_size=2, max_size=max(2, len(values) - 1), unique=True
        ),
    )
    return single | several if len(values) > 2 else single


def number(of: Column) -> st.SearchStrategy[Condition]:
    high = of.maximum if of.maximum is not None else 9_000.0
    amounts = st.floats(of.minimum or 0.0, high, allow_nan=False).map(lambda x: round(x, 4))
    whole = st.integers(int(of.minimum or 0), int(high)).map(float)
    ops = st.sampled_from(["ge", "gt", "le", "lt", "eq", "ne"])
    return st.builds(
        lambda op, value: Condition(column=of.name, op=op, value=value), ops, amounts | whole
    )


def condition(of: Column) -> st.SearchStrategy[Condition]:
    return category(of) if of.kind == "category" else number(of)


@st.composite
def filters(draw: st.DrawFn, schema: Schema) -> Filter:
    """A filter in normal form with plain conditions, ranges and at most one "or"."""
    columns = draw(
        st.lists(st.sampled_from(schema.attributes()), max_size=5, unique_by=lambda c: c.name)
    )
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
@pytest.mark.parametrize("name", SCHEMAS)
def test_a_described_filter_reads_back_to_the_same_customers(name, language):
    schema, table = SCHEMAS[name], TABLES[name]

    @settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(filters(schema))
    def check(wanted: Filter) -> None:
        text = describe(wanted, schema, language)
        query = parse_question(text, schema, table)
        assert query.problems == (), (text, query.problems)
        assert query.compare_to is None, text
        assert np.array_equal(select(query.cohort, table), select(wanted, table)), (
            text,
            query.cohort,
        )

    check()


@pytest.mark.parametrize(
    ("question", "english", "chinese"),
    [
        ("new fiber customers", "customers whose tenure is at most 6 months, on fiber internet",
         "在网时长不超过6个月、光纤上网的客户"),
        ("seniors or women", "customers either who are women or who are senior citizens",
         "女性或老年的客户"),
        ("customers not on fiber", "customers not on fiber internet",
         "非光纤上网的客户"),
        ("customers paying $70-90", "customers whose monthly charge is between 70 and 90 USD",
         "月费在70到90美元之间的客户"),
        ("customers not paying by electronic check", "customers not paying by electronic check",
         "不用电子支票付款的客户"),
        ("customers with internet", "customers with internet service", "有上网服务的客户"),
        ("customers paying over $80.5", "customers whose monthly charge is more than 80.50 USD",
         "月费超过80.5美元的客户"),
        ("everybody", "all customers", "全部客户"),
    ],
)  # fmt: skip
def test_what_a_reader_sees(question, english, chinese):
    cohort = parse_question(f"Why do {question} leave?", TELCO, TABLES["telco"]).cohort
    assert describe(cohort, TELCO, "en") == english
    assert describe(cohort, TELCO, "zh") == chinese


def test_a_label_that_two_values_share_is_printed_with_its_column():
    filters = (Condition(column="TechSupport", op="eq", value="No internet service"),)
    assert describe(filters, TELCO, "en") == "customers tech support = No internet service"

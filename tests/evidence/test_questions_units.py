"""Durations on a schema whose own words for tenure are units of time."""

import pytest

from churnlens.evidence.questions import parse_question
from churnlens.schema import parse_schema
from evidence.questions_support import random_table


def _text(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def saas(time: str = "active"):
    """Return a schema of accounts whose tenure is called "months"."""
    outcome = {"column": "gone", "left": "yes", "stayed": "no"}
    words = {"left_words": {"en": ["cancel"], "zh": ["流失"]}, "stayed_words": {}}
    number = {"kind": "number", "minimum": 0, "maximum": 100, "integer": True}
    answers = [{"value": "yes", "label": _text("gone", "已流失")},
               {"value": "no", "label": _text("here", "留存")}]  # fmt: skip
    columns = [
        {"name": "id", "kind": "key", "label": _text("account", "账户编号")},
        number
        | {
            "name": "active",
            "label": _text("tenure", "使用时长"),
            "words": {"en": ["months", "month", "years"], "zh": ["月", "个月", "月数"]},
            "unit": "month",
            "cuts": [6, 12],
        },
        {"name": "gone", "kind": "category", "label": _text("churn", "流失"), "values": answers},
    ]
    return parse_schema(
        {
            "name": "saas",
            "noun": _text("accounts", "账户"),
            "key": "id",
            "time": time,
            "outcome": outcome | words,
            "columns": columns,
        }
    )


def read(question: str, time: str = "active"):
    schema = saas(time)
    return parse_question(question, schema, random_table(schema))


@pytest.mark.parametrize(
    ("question", "bounds"),
    [
        ("Why do accounts cancel in the first 3 months?", [("le", 3)]),
        ("Why do accounts cancel within the first 3 months?", [("le", 3)]),
        ("churn in the first three months", [("le", 3)]),
        ("Why do accounts with more than 12 months cancel?", [("gt", 12)]),
        ("Why do accounts with more than 2 years cancel?", [("gt", 24)]),
        ("Why do accounts cancel in month 2?", [("gt", 1), ("le", 2)]),
        ("accounts whose months are below 3", [("lt", 3)]),
        ("头三个月流失的账户为什么走", [("le", 3)]),
        ("前3个月的流失率", [("le", 3)]),
    ],
)
def test_a_unit_that_the_schema_calls_its_tenure_stays_a_unit(question, bounds):
    query = read(question)
    assert query.problems == ()
    assert [(each.op, each.value) for each in query.cohort] == bounds
    assert {each.column for each in query.cohort} == {"active"}


@pytest.mark.parametrize("question", ["Why do accounts cancel in the first 3 months?",
                                      "头三个月流失的账户为什么走"])  # fmt: skip
def test_a_period_is_refused_where_no_column_is_the_tenure(question):
    assert [each.partition(":")[0] for each in read(question, "").problems] == ["unclear_number"]

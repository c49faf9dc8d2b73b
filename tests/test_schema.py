import re
from pathlib import Path

import click
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from pydantic import ValidationError

from churnlens.cli.plain import PlainCommand
from churnlens.evidence.questions import parse_question
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.schema import Schema, parse_schema, read_schema

TELCO = Path(__file__).parents[1] / "conf" / "base" / "schemas" / "telco.yml"
SMALL = {
    "name": "shop",
    "noun": {"en": "customers", "zh": "客户"},
    "key": "id",
    "outcome": {"column": "gone", "left": "1", "stayed": "0", "left_words": {}, "stayed_words": {}},
    "columns": [
        {"name": "id", "kind": "key", "label": {"en": "customer", "zh": "客户"}},
        {
            "name": "gone",
            "kind": "category",
            "label": {"en": "gone", "zh": "流失"},
            "values": [{"value": v, "label": {"en": v, "zh": v}} for v in ("0", "1")],
        },
        {"name": "age", "kind": "number", "label": {"en": "age", "zh": "年龄"}},
    ],
}

RISK = {"time_cap": 9, "money_floor": 0, "money_span": 9, "commitment": "gone", "weights": {"1": 1}}


def change(**keys) -> dict:
    return {**SMALL, **keys}


def test_the_telco_schema_reads_and_describes_every_attribute():
    schema = read_schema(TELCO)
    assert len(schema.attributes()) == 19
    assert all(column.label.en and column.label.zh for column in schema.columns)
    assert schema.outcome.column not in [column.name for column in schema.attributes()]


def test_lookups():
    schema = parse_schema(SMALL)
    assert schema.column("gone").value("1").label.of("zh") == "1"
    with pytest.raises(KeyError, match="no column 'x'"):
        schema.column("x")
    with pytest.raises(KeyError, match="no value '2'"):
        schema.column("gone").value("2")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (change(keyy="id"), "keyy"),
        (change(key="nobody"), "unknown columns"),
        (change(columns=[*SMALL["columns"], SMALL["columns"][2]]), "named twice"),
        (
            change(columns=[*SMALL["columns"][:2], {**SMALL["columns"][2], "cuts": [3, 1]}]),
            "must increase",
        ),
        (
            change(columns=[*SMALL["columns"][:2], {**SMALL["columns"][2], "kind": "category"}]),
            "belong to a category",
        ),
        (
            change(
                time="age",
                columns=[*SMALL["columns"][:2], {**SMALL["columns"][2], "personal": True}],
            ),
            r"personal columns \['age'\] cannot be key",
        ),
        (change(risk=RISK), "risk needs the roles time and money"),
        (change(risk=RISK | {"money_span": 0}), "money_span"),
        (change(risk=RISK | {"weights": {"1": 1.5}}), "weights"),
    ],
)
def test_a_wrong_schema_names_its_fault(raw, message):
    with pytest.raises(ValidationError, match=message):
        Schema.model_validate(raw)


def test_a_personal_column_is_no_attribute():
    hidden = {**SMALL["columns"][2], "personal": True}
    assert parse_schema(change(columns=[*SMALL["columns"][:2], hidden])).attributes() == ()


def test_a_schema_cannot_be_changed():
    with pytest.raises(ValidationError):
        parse_schema(SMALL).name = "other"


def test_the_schema_that_the_page_shows_reads_a_table_and_a_question():
    page = TELCO.parents[3].joinpath("docs", "data.md").read_text(encoding="utf-8")
    [shown] = re.findall("```yaml\n(.*?)```", page, re.DOTALL)
    schema = parse_schema(yaml.safe_load(shown))
    cells = {"account_id": ["a", "b"], "status": ["active", "churned"], "plan": ["Pro", "Starter"]}
    table, faults = find_faults(pd.DataFrame(cells | {"months": ["3", "30"], "x": "y"}), schema)
    assert faults == []
    [plan] = parse_question("Why do Starter accounts leave?", schema, table).cohort
    assert (plan.column, plan.value) == ("plan", "Starter")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"columns": SMALL["columns"][:1]}, "- schema shop: unknown columns ['gone']"),
        ({"riks": "secret"}, "- riks: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_schema_is_told_by_its_faults_and_not_by_its_contents(wrong, told):
    @click.command(cls=PlainCommand)
    def read() -> None:
        parse_schema(change(**wrong))

    said = CliRunner().invoke(read).output
    assert "Schema: 1 fault(s)" in said
    assert told in said
    assert not re.search("input_value|https:|secret", said)

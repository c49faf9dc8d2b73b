import json
import re
from pathlib import Path

import pytest
import yaml
from kedro.io.core import DatasetError

from bank import bank_customers
from churnlens.options import InferenceOptions
from churnlens.pipelines.inference.churn import nodes
from churnlens.tasks.churn import loading
from churnlens.tasks.churn.writers import TemplateWriter
from pipelines.letters import INDEXING, stored_of, use_letters

ROOT = Path(__file__).parents[4]
BANK = yaml.safe_load((ROOT / "tests" / "schemas" / "bank.yml").read_text(encoding="utf-8"))
TEMPLATE = InferenceOptions(writer="template")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """What the earlier stages hold of a small bank."""
    return stored_of(bank_customers(400).astype(str), BANK, tmp_path_factory.mktemp("models"))


@pytest.fixture
def answer(monkeypatch, stored):
    use_letters(monkeypatch, loading)
    return lambda questions: nodes.answer_questions(questions, INDEXING, TEMPLATE, **stored)


def test_answers_are_plain_in_order_and_the_same_each_time(answer):
    questions = [
        "Why do inactive customers leave?",
        "有多少德国客户流失？",
        "Why do customers with a mortgage leave?",
    ]
    answers = answer(questions)
    assert [each["question"] for each in answers] == questions
    assert [each["language"] for each in answers] == ["en", "zh", "en"]
    assert [each["status"] for each in answers] == ["answered", "answered", "not_answerable"]
    assert json.loads(json.dumps(answers)) == answer(questions)


def test_figures_and_citations_are_of_the_asked_group(answer, stored):
    table = stored["table"].set_index("CustomerId")
    (told,) = answer(["Why do inactive customers leave?"])
    group = table[table["IsActiveMember"] == "0"]
    assert told["cohort"]["size"] == len(group)
    assert told["cohort"]["churn_rate"] == pytest.approx((group["Exited"] == "1").mean())
    assert told["citations"]
    assert set(told["citations"]) <= set(group.index[group["Exited"] == "1"])


def test_no_questions_no_answers(answer):
    assert answer([]) == []


def test_the_template_writer_needs_no_model(stored):
    assert isinstance(loading.load_writer(stored, TEMPLATE), TemplateWriter)


def test_a_small_model_writes_in_the_noun_of_the_schema(stored):
    schema = stored["schema"] | {"noun": {"en": "accounts (B2B)", "zh": "账户"}}
    shapes = loading.load_shapes(stored | {"schema": schema})
    assert re.match(shapes.voices.split(" who ")[0], "The quoted accounts (B2B)")
    assert loading.load_shapes(stored).voices == stored["prompts"]["shapes"]["voices"]


def test_the_population_knows_who_has_spoken(stored):
    names = ("schema", "table", "feedback", "reasons")
    population = loading.load_population(**{name: stored[name] for name in names})
    assert population.has_feedback.sum() == (stored["feedback"]["feedback"] != "").sum()


def others(frame):
    """Return the rows of another table of the same size: the same ones, of other customers."""
    return frame.assign(customer="X" + frame["customer"])


def silent(frame):
    """Return rows that do not say whose they are, as an earlier version wrote them."""
    return frame.drop(columns="customer")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("feedback", others),
        ("reasons", others),
        ("reasons", silent),
        ("vectors", others),
    ],
)
def test_what_two_runs_have_left_is_never_put_together(monkeypatch, stored, name, change):
    use_letters(monkeypatch, loading)
    mixed = stored | {name: change(stored[name])}
    with pytest.raises(DatasetError, match=f"{name}: the rows are not of the customers"):
        loading.load_analyst(mixed, INDEXING, TEMPLATE)


def test_reasons_of_a_longer_table_are_refused(stored):
    reasons = stored["reasons"].assign(row=stored["reasons"]["row"] + len(stored["table"]))
    with pytest.raises(DatasetError, match="reasons"):
        loading.load_population(stored["schema"], stored["table"], stored["feedback"], reasons)

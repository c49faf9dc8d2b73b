from pathlib import Path

import pytest
import yaml

from bank import bank_customers
from churnlens.evaluation.question_bench import generate, read_bench
from churnlens.evidence.questions import parse_question
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.schema import parse_schema
from churnlens.tasks.churn.curriculum import set_lessons
from churnlens.tasks.churn.own_bench import bench_of

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def telco():
    return read_bench(yaml.safe_load((ROOT / "conf/base/bench/telco.yml").read_text("utf-8")))


@pytest.fixture(scope="module")
def bank():
    return parse_schema(yaml.safe_load((ROOT / "tests/schemas/bank.yml").read_text("utf-8")))


def test_a_bench_of_the_table_stays_as_it_is(telco, schema):
    assert bench_of(telco, schema) is telco


def test_another_table_gets_questions_about_its_own_groups(telco, bank):
    made = bench_of(telco, bank)
    assert made.name == bank.name
    columns = {column.name for column in bank.columns}
    for split in ("dev", "held_out"):
        questions = generate(made, split, 7)
        assert {question.language for question in questions} == {"en", "zh"}
        assert {"why", "how_many", "what_to_do"} <= {question.ask for question in questions}
        named = {part.column for question in questions for part in question.cohort}
        assert len(named) > 3
        assert named <= columns


def test_the_splits_share_no_group(telco, bank):
    made = bench_of(telco, bank)
    dev, held_out = (
        {phrase.cohort for phrase in made.splits[split]["en"].phrases["alone"]}
        for split in ("dev", "held_out")
    )
    assert dev and held_out and not dev & held_out


def test_most_of_its_questions_are_read_as_meant(telco, bank):
    table, faults = find_faults(bank_customers(400).astype(str), bank)
    assert not faults
    questions = generate(bench_of(telco, bank), "dev", 7)
    read = [parse_question(each.text, bank, table) for each in questions]
    right = [q.answerable == each.answerable for q, each in zip(read, questions, strict=True)]
    assert sum(right) / len(right) > 0.8


def test_refused_questions_stay_refused(telco, bank):
    questions = generate(bench_of(telco, bank), "dev", 7)
    assert {each.category for each in questions if not each.answerable} == {
        "off_topic",
        "injection",
    }


def test_lessons_leave_out_what_is_read_otherwise(make_analyst, telco):
    questions = generate(telco, "dev", 7)[:6]
    other = questions[0].model_copy(
        update={"id": "x", "cohort": questions[-1].cohort, "text": questions[1].text}
    )
    lessons, misread = set_lessons(make_analyst(), [other, *questions[1:3]], (3,), "training")
    assert len(lessons) + len(misread) == 3

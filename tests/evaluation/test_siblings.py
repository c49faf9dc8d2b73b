"""Questions that mean the same, however they are put."""

import pytest

from churnlens.evaluation.question_bench import BenchQuestion
from churnlens.evaluation.siblings import drop_siblings
from churnlens.schema import Condition, read_schema
from evaluation.bench_support import REPO

FIBER = Condition(column="InternetService", op="eq", value="Fiber optic")
DSL = Condition(column="InternetService", op="eq", value="DSL")
SENIOR = Condition(column="SeniorCitizen", op="eq", value="1")

NOT_SENIOR = Condition(column="SeniorCitizen", op="ne", value="1")
ADULT = Condition(column="SeniorCitizen", op="eq", value="0")
SCHEMA = read_schema(REPO / "conf/base/schemas/telco.yml")


def question(*cohort, name="q", **changes):
    """Return why customers of a group leave."""
    fields = {"family": "f", "split": "dev", "category": "service", "language": "en", "text": name}
    meaning = {"answerable": True, "cohort": cohort, "outcome": "left", "ask": "why"} | changes
    return BenchQuestion(id=name, **(fields | meaning))


TEST = question(FIBER, SENIOR, name="test")


@pytest.mark.parametrize(
    "sibling",
    [
        question(FIBER, SENIOR),
        question(SENIOR, FIBER),
        question(FIBER, SENIOR, language="zh"),
        question(FIBER, SENIOR, outcome=None),
        question(FIBER, SENIOR, ask="what_to_do", outcome=None),
    ],
)
def test_a_sibling_is_dropped_whichever_of_the_two_is_the_test(sibling):
    assert drop_siblings([sibling], [TEST], SCHEMA) == ()
    assert drop_siblings([TEST], [sibling], SCHEMA) == ()


@pytest.mark.parametrize(
    "other",
    [
        question(FIBER),
        question(FIBER, DSL),
        question(FIBER, SENIOR, outcome="stayed"),
        question(FIBER, SENIOR, ask="how_many"),
        question(FIBER, SENIOR, ask="compare", compare_to=(DSL,)),
        question(answerable=False, outcome=None, ask=None),
    ],
)
def test_another_group_yardstick_outcome_or_kind_is_kept(other):
    assert drop_siblings([other], [TEST], SCHEMA) == (other,)
    assert drop_siblings([TEST], [other], SCHEMA) == (TEST,)


def test_what_cannot_be_answered_has_no_sibling_and_the_rest_keep_their_order():
    none = {"answerable": False, "outcome": None, "ask": None}
    rows = [question(name="a", **none), question(FIBER, SENIOR), question(DSL, name="b")]
    everyone = question(name="everyone")
    kept = drop_siblings([*rows, everyone], [TEST, question(name="x", **none)], SCHEMA)
    assert kept == (rows[0], rows[2], everyone)
    assert drop_siblings(rows, [], SCHEMA) == tuple(rows)


def test_the_rest_of_two_is_the_other_one_by_name():
    versus = {"ask": "compare"}
    one = question(SENIOR, compare_to=(NOT_SENIOR,), **versus)
    other = question(SENIOR, compare_to=(ADULT,), **versus)
    assert drop_siblings([one], [other], SCHEMA) == () == drop_siblings([other], [one], SCHEMA)
    rest = Condition(column="InternetService", op="ne", value="DSL")
    named = Condition(column="InternetService", op="in", value=("Fiber optic", "No"))
    assert drop_siblings([question(rest)], [question(named)], SCHEMA) == ()
    assert drop_siblings([question(rest)], [question(FIBER)], SCHEMA) == (question(rest),)

"""Questions that mean the same, however they are put."""

import pytest

from churnlens.evaluation.question_bench import BenchQuestion
from churnlens.evaluation.siblings import drop_siblings
from churnlens.schema import Condition

FIBER = Condition(column="InternetService", op="eq", value="Fiber optic")
DSL = Condition(column="InternetService", op="eq", value="DSL")
SENIOR = Condition(column="SeniorCitizen", op="eq", value="1")


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
    assert drop_siblings([sibling], [TEST]) == ()
    assert drop_siblings([TEST], [sibling]) == ()


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
    assert drop_siblings([other], [TEST]) == (other,)
    assert drop_siblings([TEST], [other]) == (TEST,)


def test_what_cannot_be_answered_has_no_sibling_and_the_rest_keep_their_order():
    none = {"answerable": False, "outcome": None, "ask": None}
    rows = [question(name="a", **none), question(FIBER, SENIOR), question(DSL, name="b")]
    everyone = question(name="everyone")
    kept = drop_siblings([*rows, everyone], [TEST, question(name="x", **none)])
    assert kept == (rows[0], rows[2], everyone)
    assert drop_siblings(rows, []) == tuple(rows)

"""Scores of a parser on the bench."""

import numpy as np
import pytest
from pydantic import ValidationError

from churnlens.evaluation.bench_score import score
from evaluation.bench_support import FIBER, SENIOR, read_filter, synthetic_table


def perfect(question):
    fields = {"answerable", "cohort", "compare_to", "outcome", "ask"}
    return question.model_dump(mode="json", include=fields)


def test_perfect_predictions_score_one(questions):
    result = score(questions, [perfect(each) for each in questions], synthetic_table(2000))
    assert set(result.splits) == {"dev", "held_out"}
    for part in result.splits.values():
        assert part.overall.exact_filter.value == part.overall.correct_refusal.value == 1
        assert part.overall.outcome.value == part.overall.ask.value == 1
        assert part.overall.false_refusal.value == 0
        assert part.failures == ()
        assert set(part.by_language) == {"en", "zh"}
        assert part.by_category["off_topic"].exact_filter is None
        assert part.by_category["service"].correct_refusal is None
    assert sum(part.overall.questions for part in result.splits.values()) == len(questions)


def test_refusing_everything_and_refusing_nothing(questions):
    table = synthetic_table(300)
    mute = score(questions, [{"answerable": False}] * len(questions), table)
    keen = score(questions, [{"answerable": True}] * len(questions), table)
    for split in ("dev", "held_out"):
        figures = mute.splits[split].overall
        assert figures.exact_filter.value == figures.ask.value == figures.outcome.value == 0
        assert figures.correct_refusal.value == figures.false_refusal.value == 1
        figures = keen.splits[split].overall
        assert figures.correct_refusal.value == figures.false_refusal.value == 0
        assert figures.exact_filter.value < 0.05  # right only where everyone was asked about


def scored(question, table, **change):
    part = score([question], [perfect(question) | change], table).splits[question.split]
    return part, part.failures[0].wrong if part.failures else ()


def test_each_fault_is_counted_once_where_it_belongs(questions):
    table = synthetic_table(2000)
    q = next(
        each for each in questions if each.cohort == read_filter(FIBER) and each.outcome == "left"
    )
    assert scored(q, table, ask="compare" if q.ask == "why" else "why")[1] == ("ask",)
    assert scored(q, table, outcome="stayed")[1] == ("outcome",)
    assert scored(q, table, cohort=[SENIOR])[1] == ("exact_filter",)
    assert scored(q, table, compare_to=[])[1] == ("exact_filter",)
    part, wrong = scored(q, table, answerable=False)
    assert set(wrong) == {"exact_filter", "false_refusal", "ask", "outcome"}
    assert part.failures[0].expected["cohort"] == [FIBER]


def test_filters_count_by_rows_and_not_by_spelling(questions):
    table = synthetic_table(2000)
    q = next(each for each in questions if each.cohort == read_filter(FIBER))
    same = [{"column": "InternetService", "op": "not_in", "value": ["DSL", "No"]}]
    assert scored(q, table, cohort=same)[1] == ()
    new = next(
        each
        for each in questions
        if each.text == "Why do fiber customers leave in their first six months?"
    )
    assert scored(new, table, cohort=[FIBER, {"column": "tenure", "op": "lt", "value": 7}])[1] == ()
    assert scored(new, table, cohort=[FIBER, {"column": "tenure", "op": "lt", "value": 6}])[1] == (
        "exact_filter",
    )


def test_order_of_a_comparison_counts(questions):
    table = synthetic_table(2000)
    q = next(each for each in questions if each.compare_to is not None)
    right = perfect(q)
    swapped = {"cohort": right["compare_to"], "compare_to": right["cohort"]}
    assert scored(q, table, **swapped)[1] == ("exact_filter",)
    assert scored(q, table, compare_to=None)[1] == ("exact_filter",)


def test_outcome_is_not_scored_where_the_question_fixes_none(questions):
    table = synthetic_table(300)
    q = next(each for each in questions if each.ask == "what_to_do")
    for outcome in ("left", "stayed"):
        part, wrong = scored(q, table, outcome=outcome)
        assert wrong == ()
        assert part.overall.outcome is None


def test_intervals_failures_and_other_keys(questions):
    table = synthetic_table(300)
    some = [each for each in questions if not each.answerable and each.split == "dev"][:20]
    predictions = [{"answerable": i < 5, "question": "…"} for i in range(20)]
    part = score(some, predictions, table, max_failures=3).splits["dev"]
    refusal = part.overall.correct_refusal
    assert (refusal.value, refusal.n) == (0.75, 20)
    # Wilson's closed form for 15 of 20 at z = 1.959964
    z2 = 1.959964**2
    half = 1.959964 * np.sqrt(0.75 * 0.25 / 20 + z2 / 1600) / (1 + z2 / 20)
    middle = (0.75 + z2 / 40) / (1 + z2 / 20)
    assert refusal.low == pytest.approx(middle - half, abs=1e-6)
    assert refusal.high == pytest.approx(middle + half, abs=1e-6)
    assert part.failure_count == 5
    assert [failure.id for failure in part.failures] == [each.id for each in some[:3]]


def test_malformed_predictions_are_refused(questions):
    table = synthetic_table(50)
    with pytest.raises(ValueError, match="got 0 for 1"):
        score(questions[:1], [], table)
    with pytest.raises(ValidationError, match="cohort"):
        score(questions[:1], [{"answerable": True, "cohort": [{"column": "tenure"}]}], table)

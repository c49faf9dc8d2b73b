"""Lessons: which questions become one, with what evidence, and how they are thinned out."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.evaluation.question_bench import BenchQuestion
from churnlens.tasks.churn.analyst import Analyst
from churnlens.tasks.churn.curriculum import set_lessons, take_evenly

FIBER = {"column": "InternetService", "op": "eq", "value": "Fiber optic"}
DSL = FIBER | {"value": "DSL"}
NOT_FIBER = FIBER | {"op": "ne"}


def question(text, **meaning):
    fields = {"id": "q", "family": "f", "split": "dev", "category": "service", "language": "en"}
    meaning = {"answerable": True, "ask": "why", "outcome": "left", "cohort": [FIBER]} | meaning
    if not meaning["answerable"]:
        meaning = {"answerable": False}
    return BenchQuestion.model_validate(fields | {"text": text} | meaning)


def test_each_question_is_a_lesson_at_every_depth(lessons, asked):
    by_question = Counter(lesson.id.partition("@")[0] for lesson in lessons)
    assert set(by_question.values()) == {2}
    known = {each.id: each for each in asked}
    assert len(by_question) >= 0.9 * len(known)
    for lesson in lessons:
        key, _, depth = lesson.id.partition("@")
        told = known[key]
        assert (lesson.depth, lesson.split) == (int(depth), "training")
        assert (lesson.family, lesson.category) == (told.family, told.category)
        assert (lesson.language, lesson.brief.language) == (told.language, told.language)
        assert lesson.brief.question == told.text
        assert len(lesson.brief.documents) <= lesson.depth
        assert (lesson.brief.status == "not_answerable") == (not told.answerable)


def test_fewer_documents_are_the_first_of_more_and_the_figures_are_the_same(lessons):
    pairs = list(zip(lessons[::2], lessons[1::2], strict=True))
    for few, many in pairs:
        assert few.id.partition("@")[0] == many.id.partition("@")[0]
        assert few.brief.documents == many.brief.documents[: few.depth]
        assert [f.headline for f in few.brief.findings if f.kind != "voices"] == [
            f.headline for f in many.brief.findings if f.kind != "voices"
        ]
        for lesson in (few, many):
            shown = {document.id for document in lesson.brief.documents}
            assert {key for f in lesson.brief.findings for key in f.doc_ids} <= shown
    assert any(len(many.brief.documents) > len(few.brief.documents) for few, many in pairs)


def test_a_brief_is_what_the_analyst_finds_for_that_question_alone(make_analyst, lessons):
    for lesson in lessons[:: max(1, len(lessons) // 12)]:
        alone = make_analyst(documents=lesson.depth)
        assert lesson.brief == alone.brief(alone.tell(alone.parse(lesson.brief.question)))


def test_a_question_is_studied_and_searched_for_once_for_all_depths(monkeypatch, make_analyst):
    calls, study, illustrate = Counter(), Analyst.study, Analyst.illustrate

    def counted(name, method):
        def call(self, *args):
            calls[name] += 1
            return method(self, *args)

        return call

    monkeypatch.setattr(Analyst, "study", counted("study", study))
    monkeypatch.setattr(Analyst, "illustrate", counted("illustrate", illustrate))
    asked = [
        question("Why do fiber customers leave?", id="a"),
        question("为什么光纤客户会流失？", id="b", language="zh"),
        question("Why do fiber customers stay?", id="c", outcome="stayed"),
    ]
    lessons, misread = set_lessons(make_analyst(), asked, (5, 3, 7), "test")
    assert [each.id for each in lessons] == [f"{key}@{d}" for key in "abc" for d in (5, 3, 7)]
    assert [len(each.brief.documents) for each in lessons] == 3 * [5, 3, 7]
    assert (misread, calls) == ([], {"study": 3, "illustrate": 3})


@pytest.mark.parametrize(
    "meant",
    [
        {"cohort": [DSL]},
        {"answerable": False},
        {"ask": "compare", "compare_to": [NOT_FIBER]},
        {"outcome": "stayed"},
    ],
)
def test_a_question_that_is_read_otherwise_than_meant_is_left_out(make_analyst, meant, caplog):
    caplog.set_level("INFO")
    good = question("Why do fiber customers leave?", id="good")
    off = question("Why do fiber customers leave?", **meant)
    lessons, misread = set_lessons(make_analyst(), [good, off], (3,), "training")
    assert [lesson.id for lesson in lessons] == ["good@3"]
    assert misread == ["q"]
    assert "1 of 2 training questions left out" in caplog.text


def test_the_same_rows_in_other_words_are_as_meant(make_analyst):
    either = {"any_of": [FIBER, FIBER]}
    same = question("Why do fiber customers leave?", cohort=[either], outcome=None)
    assert set_lessons(make_analyst(), [same], (3,), "training")[1] == []


def test_nothing_gives_nothing(make_analyst):
    assert set_lessons(make_analyst(), [], (3,), "test") == ([], [])


# thinning out


def test_every_family_in_turn_and_the_order_kept():
    families = list("aaaabbc")
    assert take_evenly(range(7), families, 3) == [0, 4, 6]
    assert take_evenly(range(7), families, 5) == [0, 1, 4, 5, 6]
    assert take_evenly(range(7), families, 6) == [0, 1, 2, 4, 5, 6]
    assert take_evenly(range(7), families, 0) == []


@given(st.lists(st.sampled_from("abcd"), max_size=30), st.none() | st.integers(0, 40))
def test_no_family_is_ahead_of_another_that_has_more_to_give(families, most):
    taken = take_evenly(range(len(families)), families, most)
    assert taken == sorted(set(taken))
    assert len(taken) == (len(families) if most is None else min(most, len(families)))
    have, got = Counter(families), Counter(families[place] for place in taken)
    for one in have:
        for other in have:
            assert got[one] <= got[other] + 1 or got[other] == have[other]

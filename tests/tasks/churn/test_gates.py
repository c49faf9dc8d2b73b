"""Only answers without a fault become rows, once each, and none that a test could know."""

import json
from collections import Counter

import pytest

from churnlens.options import DistillationOptions
from churnlens.tasks.churn.gates import (
    contaminated,
    describe_rows,
    make_rows,
    near_duplicates,
    shortfalls,
)
from churnlens.tasks.teaching import Reply
from tasks.churn.written import (
    COMMON,
    CORRUPTIONS,
    PROMPT,
    STUB,
    TEACHER,
    corrupted,
    find,
    reference,
    write,
)

LONG = "Why do customers who have fiber internet and a partner leave us so early?"
LONG_ZH = "为什么签了按月合同又没有在线安全的老年客户会离开我们？"


def gate(lessons, answers, tests=()):
    replies = [each if isinstance(each, Reply) else Reply(text=each) for each in answers]
    return make_rows(lessons, replies, PROMPT, COMMON, tests)


def asking(lesson, question, key="q@3"):
    """Return a lesson that asks something else."""
    brief = lesson.brief.model_copy(update={"question": question})
    return lesson.model_copy(update={"brief": brief, "id": key})


def row(key, question, answer):
    roles = zip(("system", "user", "assistant"), ("Report.", question, answer), strict=True)
    return {"id": key, "messages": [{"role": r, "content": text} for r, text in roles]}


def test_reference_answers_become_rows_as_they_are_written(lessons):
    replies = TEACHER.answer(lessons)
    rows, refused = gate(lessons, replies)
    assert {why for each in refused for why in each.why} <= {"near_duplicate"}
    texts = {lesson.id: reply.text for lesson, reply in zip(lessons, replies, strict=True)}
    known = {lesson.id: lesson for lesson in lessons}
    assert {each["id"] for each in rows} | {each.id for each in refused} == set(known)
    for each in rows:
        lesson, (system, user, assistant) = known[each["id"]], each["messages"]
        assert [m["role"] for m in each["messages"]] == ["system", "user", "assistant"]
        assert user["content"].startswith(lesson.brief.question)
        assert system["content"] == PROMPT.system
        assert assistant["content"] == texts[each["id"]]
        assert {k: each[k] for k in ("split", "family", "category", "language", "depth")} == (
            lesson.model_dump(include={"split", "family", "category", "language", "depth"})
        )
        assert each["status"] == lesson.brief.status


def test_the_same_lessons_give_the_same_bytes(lessons):
    one, other = (gate(lessons, TEACHER.answer(lessons)) for _ in range(2))
    assert json.dumps(one[0]) == json.dumps(other[0]) and one[1] == other[1]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_single_fault_is_refused_and_named(lessons, name, language):
    lesson = find(lessons, language=language)
    rows, (refused,) = gate([lesson], [write(corrupted(name, lesson))])
    assert not rows and refused.id == lesson.id
    assert CORRUPTIONS[name][1] in refused.why


@pytest.mark.parametrize("text", ["", "{}", write(STUB)])
def test_a_stub_is_refused(lessons, text):
    rows, (refused,) = gate([find(lessons)], [text])
    assert not rows and "support_incomplete" in refused.why


def test_an_error_is_refused_for_that_reason_alone(lessons):
    rows, (refused,) = gate([find(lessons)], [Reply(error="HTTP 503")])
    assert not rows and refused.why == ("error: HTTP 503",)


def test_a_reply_must_be_there_for_every_lesson(lessons):
    with pytest.raises(ValueError, match="zip"):
        gate(lessons[:2], [write(reference(lessons[0]))])


# near-duplicates


def test_a_row_that_says_nearly_the_same_to_the_same_question_goes(lessons):
    lesson = find(lessons)
    again = lesson.model_copy(update={"id": "again"})
    rows, (refused,) = gate([lesson, again], 2 * [write(reference(lesson))])
    assert [each["id"] for each in rows] == [lesson.id]
    assert (refused.id, refused.why) == ("again", ("near_duplicate",))


def test_near_is_97_of_100_shared_runs_of_five_words():
    words = [f"w{n}" for n in range(400)]
    answer = " ".join(words)
    near, far = ([*words[:-1], "x"], [*words[:-20], *(f"x{n}" for n in range(20))])
    rows = [row("a", "Why?", answer), row("b", "Why?", " ".join(near))]
    assert near_duplicates([*rows, row("c", "Why?", " ".join(far))]) == {"b"}
    assert near_duplicates([row("a", "Why?", answer), row("b", "Who?", answer)]) == set()
    assert near_duplicates([row("a", "Why?", answer), row("b", "Why?", answer.upper())]) == {"b"}


def test_short_answers_are_compared_too():
    rows = [row("a", "Q", "one"), row("b", "Q", "one"), row("c", "Q", "two")]
    assert near_duplicates(rows) == {"b"}


# contamination


@pytest.mark.parametrize(
    ("question", "test", "dirty"),
    [
        (LONG, LONG, True),
        (LONG, LONG.upper().replace(" ", "  "), True),
        (LONG, "Tell me: do customers who have fiber internet and a dog leave?", True),
        (LONG, "Why do customers who have fiber internet stay with us?", False),
        (LONG, "Why do customers leave us so early?", False),
        ("Why do they leave?", "Why do they leave?", True),
        ("Why do they leave?", "Why do they leave?!", True),
        ("Why do they leave?", "Why do they leave us?", False),
        (LONG_ZH, LONG_ZH, True),
        (LONG_ZH, "请问签了按月合同又没有在线安全的客户怎么样？", True),
        (LONG_ZH, "为什么签了按月合同的客户会离开？", False),
    ],
)
def test_a_question_that_shares_a_long_run_with_a_test_question_is_refused(
    lessons, question, test, dirty
):
    language = "zh" if question == LONG_ZH else "en"
    lesson = asking(find(lessons, language=language), question)
    assert contaminated([lesson], ["Something else.", test]) == ({lesson.id} if dirty else set())
    rows, refused = gate([lesson], [write(reference(lesson))], [test])
    assert [each.why for each in refused] == ([("in_a_test",)] if dirty else [])
    assert len(rows) == 1 - dirty


def test_without_tests_nothing_is_contaminated(lessons):
    assert contaminated(lessons, []) == set()
    assert contaminated([], [LONG]) == set()


# the report


def test_the_report_counts_what_there_is(lessons):
    answers = [reply.text for reply in TEACHER.answer(lessons)]
    answers[0] = ""
    rows, refused = gate(lessons, answers)
    told = describe_rows(rows, refused, "reference")
    assert told == json.loads(json.dumps(told))
    assert told["lessons"] == len(lessons) and told["rows"] == len(rows) < len(lessons)
    assert told["accepted"] == len(rows) / len(lessons)
    assert told["refused"]["is_json"] == 1
    assert told["refused"] == dict(sorted(Counter(w for r in refused for w in r.why).items()))
    assert sum(told["language"].values()) == sum(told["status"].values()) == len(rows)
    kept = {each["id"] for each in rows}
    asked = {each.brief.question for each in lessons if each.id in kept}
    assert told["questions"] == len(asked)
    assert told["families"] == len({each.family for each in lessons if each.id in kept})
    lengths = sorted(len(each["messages"][-1]["content"]) for each in rows)
    low, middle, high = told["answer_chars"]
    assert (low, high) == (lengths[0], lengths[-1]) and low < middle < high


def test_the_report_of_nothing():
    told = describe_rows([], [], "openai")
    assert (told["accepted"], told["rows"], told["answer_chars"]) == (None, 0, [])


def counted(split, language, **statuses):
    return [
        {"split": split, "language": language, "status": status}
        for status, n in statuses.items()
        for _ in range(n)
    ]


def test_enough_rows_of_each_kind_are_not_short():
    rows = counted("training", "en", answered=8, too_few=1, not_answerable=1)
    rows += counted("validation", "en", answered=3, too_few=1, not_answerable=1)
    options = DistillationOptions(min_rows=10, min_validation_rows=5)
    assert shortfalls(rows, ["en"], options) == []
    assert {(e["split"], e["language"], e["of"]) for e in shortfalls(rows, ["zh"], options)} == {
        (split, "zh", of)
        for split in ("training", "validation")
        for of in ("rows", "too_few", "not_answerable")
    }


def test_what_is_short_is_named_by_split_and_language():
    rows = counted("training", "en", answered=19, too_few=1, not_answerable=1)
    rows += counted("validation", "en", answered=3, not_answerable=1)
    options = DistillationOptions(min_rows=21, min_validation_rows=5, min_share=1 / 21)
    one, two = shortfalls(rows, ["en"], options)
    place = {"split": "validation", "language": "en"}
    assert one == place | {"of": "rows", "got": 4, "expected": 5}
    assert two == place | {"of": "too_few", "got": 0, "expected": 1 / 21}

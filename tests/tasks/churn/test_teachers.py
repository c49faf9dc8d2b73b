"""Teachers: phrasings that vary and repeat, models asked inside the grammar, failures told."""

import json
import re

import pytest

from churnlens.models.generation import Completion
from churnlens.models.remote import Failure
from churnlens.tasks.churn import teachers
from churnlens.tasks.churn.exercise import messages, set_exercise
from churnlens.tasks.churn.teachers import CITED, ModelTeacher, Phrasings, ReferenceTeacher
from churnlens.tasks.teaching import Reply
from tasks.churn.conftest import PROMPTS
from tasks.churn.written import PROMPT, TEACHER, find, reference


class Scripted:
    """A model that says its part; `fails` are the keys that a server would refuse."""

    def __init__(self, fails=()):
        self.requests, self.fails = [], fails

    def _one(self, request):
        if request.key in self.fails:
            return Failure(key=request.key, kind="failed", reason="HTTP 503, asked 5 times")
        return Completion(key=request.key, text=f"to {request.key}", finished=True, tokens=2)

    def generate(self, requests):
        self.requests += requests
        return [self._one(each) for each in requests]


class Server(Scripted):
    def try_generate(self, requests):
        return super().generate(requests)

    def generate(self, requests):
        raise AssertionError("a server is asked with try_generate, which stops at nothing")


# the reference


def test_the_same_seed_writes_the_same_bytes_and_another_seed_other_words(lessons):
    again = ReferenceTeacher(Phrasings.read(PROMPTS["phrasings"]), seed=7)
    assert TEACHER.answer(lessons) == again.answer(lessons)
    assert TEACHER.answer(lessons[5:9]) == TEACHER.answer(lessons)[5:9]
    other = ReferenceTeacher(TEACHER.phrasings, seed=8).answer(lessons)
    changed = [a != b for a, b in zip(TEACHER.answer(lessons), other, strict=True)]
    assert sum(changed) > 0.8 * len(lessons)


@pytest.mark.parametrize(("language", "several"), [("en", 6), ("zh", 6)])
def test_the_words_for_the_same_thing_vary_over_lessons(lessons, language, several):
    ways = set()
    for lesson in lessons:
        fact = set_exercise(lesson.brief).facts.get("F1")
        if fact and (fact.kind, lesson.language) == ("rate", language):
            body = reference(lesson)["summary"].partition(f"({fact.headline})")[0]
            ways.add(body.casefold().replace(fact.subject.casefold(), "…"))
    assert len(ways) >= several


def test_a_theme_cites_two_documents_and_voices_all_that_they_name(lessons):
    lesson = find(lessons)
    brief = lesson.brief
    shown = tuple(document.id for document in brief.documents)
    theme = next(each for each in brief.findings if each.kind == "theme")
    assert len(shown) > CITED
    for kind, count in (("theme", CITED), ("voices", len(shown))):
        told = theme.model_copy(update={"kind": kind, "doc_ids": shown})
        changed = brief.model_copy(update={"findings": (told,), "rejected": ()})
        answer = reference(lesson.model_copy(update={"brief": changed}))
        assert answer["citations"] == [f"D{n}" for n in range(1, count + 1)]


def test_all_facts_are_said_but_no_rejected_one_and_all_documents_are_of_the_fact(lessons):
    for lesson in lessons:
        exercise, answer = set_exercise(lesson.brief), reference(lesson)
        said = [answer["summary"], *answer["top_reasons"]]
        marks = [mark for text in said for mark in re.findall(r"\[(F\d+)\]", text)]
        assert marks == list(exercise.reportable)
        for mark, text in zip(marks, said, strict=False):
            cited = tuple(re.findall(r"\[(D\d+)\]", text))
            most = None if exercise.facts[mark].kind == "voices" else CITED
            assert cited == exercise.cited_by(mark)[:most]
            assert f"({exercise.facts[mark].headline})" in text
        assert (lesson.brief.status == "answered") == bool(marks)
        assert answer["status"] == lesson.brief.status
        assert answer["risk_level"] == lesson.brief.risk_level


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("status", ["too_few", "not_answerable"])
def test_a_refusal_names_its_reason_and_too_few_its_group(lessons, status, language):
    lesson = find(lessons, status, language)
    told = reference(lesson)["summary"]
    assert lesson.brief.refusal in told
    assert told.endswith({"en": ".", "zh": "。"}[language])
    if status == "too_few":
        assert lesson.brief.group.casefold() in told.casefold()


def test_phrasings_are_read_with_and_without_a_direction(lessons):
    raw = {
        "rate": {"en": ["a"], "zh": ["b"]},
        "comparison": {"more": {"en": ["c"], "zh": ["d"]}, "level": {"en": ["e"], "zh": ["f"]}},
    }
    phrasings = Phrasings.read(raw)
    assert set(phrasings.ways) == {"rate", "comparison.more", "comparison.level"}
    rate = find(lessons).brief.findings[0]
    assert rate.kind == "rate" and phrasings.of(rate, "zh") == ("b",)
    compared = rate.model_copy(update={"kind": "comparison", "more": True})
    assert phrasings.of(compared, "en") == ("c",)
    level = compared.model_copy(update={"more": None})
    assert phrasings.of(level, "en") == ("e",)


@pytest.mark.parametrize(("outcome", "key"), [("left", "complaint"), ("stayed", "praise")])
def test_a_theme_is_a_complaint_of_leavers_and_praise_of_stayers(lessons, outcome, key):
    theme = next(f for f in find(lessons).brief.findings if f.kind == "theme")
    told = theme.model_copy(update={"outcome": outcome})
    assert TEACHER.phrasings.of(told, "en") == tuple(PROMPTS["phrasings"][f"theme_{key}"]["en"])


def test_recipe_and_request_hold_all_that_the_words_depend_on(monkeypatch, lessons):
    assert json.loads(json.dumps(TEACHER.recipe))[0] == "reference"
    fewer = Phrasings(ways=TEACHER.phrasings.ways | {"rate": {"en": ("a",), "zh": ("b",)}})
    others = [ReferenceTeacher(fewer, 7), ReferenceTeacher(TEACHER.phrasings, 8)]
    assert all(other.recipe != TEACHER.recipe for other in others)
    before = TEACHER.recipe
    monkeypatch.setattr(teachers, "code_hash", lambda: "of other rules")
    assert TEACHER.recipe != before
    one = ModelTeacher("m", Scripted(), PROMPT, 64)
    prompt = PROMPT.model_copy(update={"system": "Other."})
    others = [ModelTeacher("n", Scripted(), PROMPT, 64), ModelTeacher("m", Scripted(), prompt, 64)]
    others.append(ModelTeacher("m", Scripted(), PROMPT, 65))

    def key(teacher):
        return json.dumps([teacher.recipe, teacher.request(lessons[0])])

    assert all(key(other) != key(one) for other in others)
    assert key(one) == key(ModelTeacher("m", Server(), PROMPT, 64))


# models


@pytest.mark.parametrize("model", [Scripted, Server])
def test_a_model_is_asked_each_lesson_inside_its_grammar(lessons, model):
    from llguidance import LLMatcher, LLTokenizer

    fake, some = model(), [find(lessons), find(lessons, "too_few", "zh")]
    teacher = ModelTeacher("m", fake, PROMPT, 99)
    replies = teacher.answer(some)
    assert replies == [Reply(text=f"to {lesson.id}") for lesson in some]
    sent = [request.model_dump(mode="json") for request in fake.requests]
    assert [teacher.request(lesson) for lesson in some] == sent == json.loads(json.dumps(sent))
    for lesson, request in zip(some, fake.requests, strict=True):
        assert request.messages == messages(set_exercise(lesson.brief), PROMPT)
        assert (request.key, request.max_new_tokens) == (lesson.id, 99)
        matcher = LLMatcher(LLTokenizer("byte"), request.grammar)
        text = TEACHER.answer([lesson])[0].text.encode()
        assert matcher.try_consume_tokens(list(text)) == len(text)


def test_a_failure_is_a_reply_of_its_own(lessons):
    some = lessons[:3]
    fake = Server(fails={some[1].id})
    replies = ModelTeacher("m", fake, PROMPT, 99).answer(some)
    assert [reply.error for reply in replies] == ["", "HTTP 503, asked 5 times", ""]
    assert replies[1].text == ""

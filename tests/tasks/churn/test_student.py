import json
from types import SimpleNamespace

from churnlens.models.generation import Completion
from churnlens.tasks.churn.exercise import set_exercise
from churnlens.tasks.churn.student import StudentWriter
from tasks.churn.written import PROMPT, TEACHER, find


class Scripted:
    """A generator that writes given texts, one a request."""

    def __init__(self, *texts):
        self.texts, self.requests = texts, []

    def generate(self, requests):
        self.requests += requests
        return [
            Completion(key=request.key, text=text, finished=True, tokens=1)
            for request, text in zip(requests, self.texts, strict=True)
        ]


def student(*texts):
    return StudentWriter("tuned", Scripted(*texts), PROMPT, ("en",), 400)


def answer_of(lesson):
    (reply,) = TEACHER.answer([lesson])
    return reply.text


def test_what_it_was_taught_becomes_claims_with_all_figures(lessons):
    lesson = find(lessons)
    exercise = set_exercise(lesson.brief)
    (drafts,) = student(answer_of(lesson)).write([lesson.brief])
    assert [finding for _, finding in drafts] == [exercise.facts[m] for m in exercise.reportable]
    for claim, finding in drafts:
        assert f"({finding.figures})" in claim.text
        assert claim.stat_ids == finding.stat_ids
        assert set(claim.doc_ids) <= set(finding.doc_ids)


def test_a_sentence_without_a_clear_fact_is_no_claim(lessons):
    lesson = find(lessons)
    answer = json.loads(answer_of(lesson))
    answer["top_reasons"] = ["Everything is fine.", "Two facts. [F1] [F2]", "No such fact. [F99]"]
    (drafts,) = student(json.dumps(answer)).write([lesson.brief])
    assert len(drafts) == 1  # the summary


def test_a_text_that_is_no_answer_is_no_claims(lessons):
    brief = find(lessons).brief
    assert student("I am sorry").write([brief]) == [[]]
    assert student().write([]) == []


def test_it_writes_inside_the_grammar_of_its_exercise(lessons):
    writer = student(answer_of(find(lessons)))
    writer.write([find(lessons).brief])
    (request,) = writer.generator.requests
    assert "F1" in request.grammar
    assert request.messages[0].content == PROMPT.system
    assert request.max_new_tokens == 400


def test_it_speaks_what_it_was_taught():
    assert student().speaks("en")
    assert not student().speaks("zh")


def test_an_analyst_checks_a_student_like_any_writer(make_analyst, lessons):
    lesson = find(lessons)
    good = json.loads(answer_of(lesson))
    good["top_reasons"][0] = good["top_reasons"][0].replace("more", "less")
    writer = student(json.dumps(good))
    writer = SimpleNamespace(name="tuned", speaks=writer.speaks, write=writer.write)
    answer = make_analyst(writer, documents=lesson.depth).ask(lesson.brief.question)
    assert answer.model == "tuned"
    assert answer.claims
    assert answer.checks.kept + len(answer.checks.dropped) == answer.checks.written
    assert all("less often" not in claim.text for claim in answer.claims)

"""Answers as a teacher writes them, and what each of many faults makes of them."""

import copy
import json

from churnlens.tasks.churn.exercise import ExercisePrompt, set_exercise
from churnlens.tasks.churn.grading import grade
from churnlens.tasks.churn.teachers import Phrasings, ReferenceTeacher
from tasks.churn.conftest import PROMPTS

TEACHER = ReferenceTeacher(Phrasings.read(PROMPTS["phrasings"]), seed=7)
PROMPT = ExercisePrompt.model_validate(PROMPTS["exercise"])
COMMON = frozenset(PROMPTS["common_words"])
STUB = {"status": "answered", "summary": "Customers leave.", "top_reasons": ["Price."]}
STUB |= {"risk_level": "low", "actions": [], "citations": []}


def reference(lesson):
    """Return the reference answer to a lesson, read from its JSON."""
    (reply,) = TEACHER.answer([lesson])
    return json.loads(reply.text)


def write(answer):
    return json.dumps(answer, ensure_ascii=False)


def judge(answer, lesson):
    text = answer if isinstance(answer, str) else write(answer)
    return grade(text, set_exercise(lesson.brief), COMMON)


def find(lessons, status="answered", language="en", rich=True):
    """Return the first lesson of a status; a rich one has drivers, rejected ones and a theme."""
    for lesson in lessons:
        kinds = [fact.kind for fact in set_exercise(lesson.brief).facts.values()]
        fits = kinds.count("driver") > 1 and {"rejected", "theme"} <= set(kinds)
        documents = len(lesson.brief.documents) > 2
        if (lesson.brief.status, lesson.language) == (status, language) and (
            status != "answered" or not rich or (fits and documents)
        ):
            return lesson
    raise LookupError(f"no lesson {status} in {language}")


def mark_of(exercise, kind, nth=0):
    return [mark for mark, fact in exercise.facts.items() if fact.kind == kind][nth]


def place_of(answer, mark):
    """Return the place of the reason about a fact."""
    return next(i for i, each in enumerate(answer["top_reasons"]) if f"[{mark}]" in each)


def change_reason(kind, change, nth=0):
    """Return a corruption that changes the reason about the nth fact of a kind."""

    def corrupt(answer, exercise):
        mark = mark_of(exercise, kind, nth)
        place = place_of(answer, mark)
        answer["top_reasons"][place] = change(answer["top_reasons"][place], exercise, mark)

    return corrupt


def figures_of(other):
    """Return a change that puts the figures of another fact in the place of its own."""

    def change(text, exercise, mark):
        own, figures = (exercise.facts[each].headline for each in (mark, other(exercise)))
        assert own in text and own != figures
        return text.replace(own, figures)

    return change


def turn_figures(text, exercise, mark):
    headline = exercise.facts[mark].headline
    between = "，其余为" if "，其余为" in headline else " against "
    a, b = headline.split(between)
    return text.replace(headline, f"{b}{between}{a}")


def change_number(text, exercise, mark):
    headline = exercise.facts[mark].headline
    digit = next(sign for sign in headline if sign.isdigit())
    changed = str((int(digit) + 5) % 10)
    return text.replace(headline, headline.replace(digit, changed, 1))


def put_before_figures(english, chinese):
    def change(text, exercise, mark):
        words, figures = (chinese, "(") if exercise.brief.language == "zh" else (english, " (")
        return text.replace(figures, f"{words}{figures}", 1)

    return change


def say_instead(english, chinese):
    """Return a change that says something else of the subject, with its own figures and mark."""

    def change(text, exercise, mark):
        fact, zh = exercise.facts[mark], exercise.brief.language == "zh"
        words = (chinese if zh else english).format(subject=fact.subject)
        return f"{words} ({fact.headline}){'。' if zh else '.'} [{mark}]"

    return change


def name_rejected(answer, exercise):
    mark = mark_of(exercise, "rejected")
    change = say_instead("Here {subject} left more often", "{subject}流失更多")
    answer["top_reasons"].append(change("", exercise, mark))


def drop_driver(answer, exercise):
    del answer["top_reasons"][place_of(answer, mark_of(exercise, "driver"))]


def cite_a_stranger(text, exercise, mark):
    others = [each for each in exercise.documents if each not in exercise.cited_by(mark)]
    return f"{text} [{others[0]}]"


def cite(answer, exercise):
    """Cite, with the list in order, a document that does not show the fact."""
    change_reason("driver", cite_a_stranger)(answer, exercise)
    said = write([answer["summary"], *answer["top_reasons"]])
    answer["citations"] = [mark for mark in exercise.documents if f"[{mark}]" in said]


def repeat(answer, exercise):
    answer["top_reasons"].append(answer["top_reasons"][0])


def without_marks(text, exercise, mark):
    return text.replace(f" [{mark}]", "")


def edit(**changes):
    return lambda answer, exercise: answer.update(changes)


def wrong_risk(answer, exercise):
    levels = ("low", "medium", "high")
    answer["risk_level"] = next(each for each in levels if each != exercise.brief.risk_level)


def other_language(answer, exercise):
    zh = exercise.brief.language == "zh"
    answer["summary"] = "Customers left at this rate. [F1]" if zh else "客户按此比例流失。 [F1]"
    answer["top_reasons"] = []


def another_driver(exercise):
    return mark_of(exercise, "driver", 1)


CORRUPTIONS = {
    "swapped figures": (change_reason("driver", turn_figures), "loose_number"),
    "figures of another fact": (
        change_reason("driver", figures_of(another_driver)),
        "number_not_in_table",
    ),
    "changed number": (change_reason("driver", change_number), "numbers_incomplete"),
    "missing driver": (drop_driver, "drivers_named_incomplete"),
    "rejected candidate": (name_rejected, "not_reported"),
    "wrong direction": (
        change_reason("driver", say_instead("Here {subject} left less often", "{subject}流失更少")),
        "contradicts_the_table",
    ),
    "wrong outcome": (
        change_reason(
            "driver", say_instead("Here {subject} stayed more often", "{subject}留存更多")
        ),
        "other_outcome",
    ),
    "denied": (
        change_reason("driver", put_before_figures(" not at all", "，并不是")),
        "negated",
    ),
    "causal word": (
        change_reason("driver", put_before_figures(" because of it", "，这导致流失")),
        "causal_wording",
    ),
    "number in words": (
        change_reason("driver", put_before_figures(" ten times", "，是十倍")),
        "number_in_words",
    ),
    "loose number": (
        change_reason("driver", put_before_figures(" in 2024", "，在2024年")),
        "number_not_in_table",
    ),
    "wrong status": (edit(status="too_few"), "status_right"),
    "unknown status": (edit(status="sure"), "status_right"),
    "wrong risk": (wrong_risk, "risk_right"),
    "unknown risk": (edit(risk_level="none"), "risk_right"),
    "citations left out": (edit(citations=[]), "citations_right"),
    "citation of nothing": (edit(citations=["D9"]), "citations_right"),
    "invented action": (edit(actions=["A1", "A9"]), "actions_right"),
    "action said twice": (edit(actions=["A1", "A1"]), "actions_right"),
    "document of another fact": (cite, "document_does_not_support"),
    "document of nobody": (
        change_reason("driver", lambda text, exercise, mark: f"{text} [D99]"),
        "unknown_document",
    ),
    "fact of nobody": (
        change_reason("driver", lambda text, exercise, mark: text.replace(f"[{mark}]", "[F99]")),
        "unclear_fact",
    ),
    "two facts": (
        change_reason("driver", lambda text, exercise, mark: f"{text} [F1]"),
        "unclear_fact",
    ),
    "no mark": (change_reason("driver", without_marks), "no_fact"),
    "invented mark": (
        change_reason("driver", lambda text, exercise, mark: f"{text} [X7]"),
        "number_not_in_table",
    ),
    "repeated fact": (repeat, "repeated"),
    "other language": (other_language, "language_right"),
}


def corrupted(name, lesson):
    """Return the reference answer to a lesson with one fault."""
    answer = copy.deepcopy(reference(lesson))
    CORRUPTIONS[name][0](answer, set_exercise(lesson.brief))
    assert answer != reference(lesson)
    return answer

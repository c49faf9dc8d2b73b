"""The judge of answers: good ones are good, and whatever is bent is found."""

from dataclasses import fields

import pandas as pd
import pytest

from churnlens.evaluation.oracle import Meaning
from churnlens.evidence.checks import Claim
from churnlens.schema import Text
from churnlens.tasks.churn.judging import Judged, judge, score_answers

FIBER, DSL = (
    {"column": "InternetService", "op": "eq", "value": value} for value in ("Fiber optic", "DSL")
)
NEW = {"column": "tenure", "op": "le", "value": 6}
QUESTIONS = {
    "Why do fiber customers leave?": ([FIBER], None, "left"),
    "为什么光纤客户会流失？": ([FIBER], None, "left"),
    "Why do DSL customers stay?": ([DSL], None, "stayed"),
    "Why do customers whose tenure is at most 6 months leave?": ([NEW], None, "left"),
    "Do fiber customers leave more often than DSL customers?": ([FIBER], [DSL], "left"),
    "Do DSL customers stay more often than fiber customers?": ([DSL], [FIBER], "stayed"),
    "光纤客户比DSL客户更容易流失吗？": ([FIBER], [DSL], "left"),
    "How many fiber customers left?": ([FIBER], None, "left"),
}
WHY, COMPARE = list(QUESTIONS)[0], list(QUESTIONS)[4]


def meaning(question: str, **changes) -> Meaning:
    cohort, other, outcome = QUESTIONS[question]
    row = {"answerable": True, "cohort": cohort, "compare_to": other, "outcome": outcome}
    return Meaning.model_validate(row | changes)


@pytest.fixture(scope="module")
def analyst(make_analyst):
    return make_analyst()


@pytest.fixture(scope="module")
def feedback(table):
    return pd.DataFrame({"customer": table["customerID"], "feedback": table["CustomerFeedback"]})


@pytest.fixture
def ruling(table, feedback, schema):
    """Return name → (right, judged) of an answer."""

    def rule(answer, asked=None, schema=schema):
        judged = judge(answer, asked, table, feedback, schema)
        return {field.name: getattr(judged, field.name) for field in fields(Judged)}

    return rule


def bent(answer, place=0, **changes):
    """Return the answer with one claim changed."""
    claims = list(answer.claims)
    claims[place] = claims[place].model_copy(update=changes)
    return answer.model_copy(update={"claims": tuple(claims)})


def all_right(found) -> bool:
    return all(right == judged for right, judged in found.values())


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_good_answer_is_found_good(analyst, ruling, question):
    answer = analyst.ask(question)
    assert answer.status == "answered"
    for asked in (meaning(question), None):
        found = ruling(answer, asked)
        assert all_right(found), found
        assert found["numbers"][1] >= 3
        assert found["inside"][1] == found["citations"][1] == len(answer.citations)
    assert found["outcome"] == (0, 0), "nobody but a bench knows which outcome was asked for"
    groups = 1 + (QUESTIONS[question][1] is not None)
    assert found["sizes"] == found["rates"] == (groups, groups)


@pytest.mark.parametrize("question", QUESTIONS)
def test_any_two_numbers_that_change_places_are_found(analyst, ruling, question):
    answer = analyst.ask(question)
    swapped = 0
    for place, claim in enumerate(answer.claims):
        cells = [answer.statistics[key] for key in claim.stat_ids]
        shown = [
            c.shown(answer.language) for c in cells if c.measure not in ("customers", "events")
        ]
        printed = [text for text in shown if text in claim.text]
        for first, second in zip(printed, printed[1:], strict=False):
            if first == second:
                continue
            text = claim.text.replace(first, "\0").replace(second, first).replace("\0", second)
            right, judged = ruling(bent(answer, place, text=text))["numbers"]
            assert right < judged, text
            swapped += 1
    assert swapped


def test_a_number_of_another_sentence_or_another_form_is_found(analyst, ruling):
    answer = analyst.ask(WHY)
    _, judged = ruling(answer)["numbers"]
    others = [key for key in answer.statistics if key not in answer.claims[0].stat_ids]
    moved = bent(answer, stat_ids=tuple(others))
    assert ruling(moved)["numbers"][0] < judged
    rate = next(s for s in answer.statistics.values() if s.measure == "rate")
    exact, rounded = f"{100 * rate.value:.1f}", f"{100 * rate.value:.0f}"
    text = answer.claims[0].text
    assert exact in text
    for form in (rounded, f"{rate.value:.2f}", f"{100 * rate.value:.2f}", f"-{exact}"):
        right, judged = ruling(bent(answer, text=text.replace(exact, form, 1)))["numbers"]
        assert right < judged, form
    right, judged = ruling(bent(answer, text=text + " 77.7 %"))["numbers"]
    assert right == judged - 1


def test_numbers_in_the_name_of_a_group_are_no_figures_elsewhere(analyst, ruling):
    answer = analyst.ask("Why do customers whose tenure is at most 6 months leave?")
    right, judged = ruling(bent(answer, text=answer.claims[0].text + " Of them 6 left."))["numbers"]
    assert right == judged - 1


@pytest.mark.parametrize(("language", "name"), [("en", "5G masts"), ("zh", "5G信号")])
def test_numbers_in_the_name_of_a_reason_are_no_figures(analyst, ruling, schema, language, name):
    label = Text(en="5G masts", zh="5G信号")
    (first, *rest) = schema.reasons
    reasons = (first.model_copy(update={"label": label}), *rest)
    answer = analyst.ask(WHY)
    (key, rate) = next((k, s) for k, s in answer.statistics.items() if s.measure == "coverage")
    said = Claim(text=f"{name}: {100 * rate.value:.1f} %.", stat_ids=(key,))
    told = answer.model_copy(update={"claims": (said,), "language": language})
    assert ruling(told, schema=schema.model_copy(update={"reasons": reasons}))["numbers"] == (1, 1)
    assert ruling(told)["numbers"] == (1, 2)


def test_invented_and_exchanged_quotes_are_found(analyst, ruling):
    answer = analyst.ask(WHY)
    keys = list(answer.documents)

    def with_quotes(quotes):
        pairs = zip(keys, quotes, strict=True)
        documents = {k: answer.documents[k].model_copy(update={"quote": q}) for k, q in pairs}
        return ruling(answer.model_copy(update={"documents": documents}))["citations"]

    quotes = [answer.documents[key].quote for key in keys]
    assert with_quotes(quotes) == (len(keys), len(keys))
    assert with_quotes(["I never said this"] * len(keys)) == (0, len(keys))
    assert with_quotes([" "] * len(keys)) == (0, len(keys))
    assert with_quotes(quotes[1:] + quotes[:1])[0] < len(keys)
    assert ruling(answer.model_copy(update={"documents": {}}))["citations"] == (0, len(keys))


def test_citations_of_strangers_are_found_wherever_they_stand(analyst, ruling, table):
    answer = analyst.ask(WHY)
    who = (table["Churn"] == "No") & (table["InternetService"] != "Fiber optic")
    stranger = str(table.loc[who, "customerID"].iloc[0])
    cited = len(answer.citations)
    found = ruling(bent(answer, doc_ids=(stranger,)), meaning(WHY))
    for name in ("inside", "outcome", "citations"):
        assert found[name] == (cited, cited + 1)


def test_a_wrong_group_size_rate_or_lift_is_found(analyst, ruling):
    answer = analyst.ask(WHY)
    for name, field in (("sizes", "size"), ("rates", "churn_rate"), ("lifts", "lift")):
        wrong = {field: getattr(answer.cohort, field) + 1}
        cohort = answer.cohort.model_copy(update=wrong)
        assert ruling(answer.model_copy(update={"cohort": cohort}))[name] == (0, 1)
    nothing = ruling(answer.model_copy(update={"cohort": None}), meaning(WHY))
    assert nothing["sizes"] == nothing["rates"] == nothing["lifts"] == (0, 1)


def test_an_answer_about_another_group_than_the_asked_one_is_found(analyst, ruling):
    answer = analyst.ask(WHY)
    assert all_right(ruling(answer)), "right about the group that it names"
    found = ruling(answer, meaning(WHY, cohort=[DSL]))
    assert found["sizes"] == found["rates"] == found["lifts"] == (0, 1)
    assert found["inside"][0] == 0
    assert ruling(answer, meaning(WHY, outcome="stayed"))["outcome"][0] == 0


@pytest.mark.parametrize("question", [q for q in QUESTIONS if QUESTIONS[q][1]])
def test_a_wrong_other_group_is_found(analyst, ruling, question):
    answer = analyst.ask(question)
    wrong = meaning(question, compare_to=[NEW])
    assert ruling(answer, wrong)["sizes"] == ruling(answer, wrong)["rates"] == (1, 2)
    cohort = answer.cohort.model_copy(update={"compare_to": wrong.compare_to})
    changed = answer.model_copy(update={"cohort": cohort})
    assert ruling(changed)["rates"] == (1, 2)
    other = {"left": "stayed", "stayed": "left"}[QUESTIONS[question][2]]
    assert ruling(answer, meaning(question, outcome=other))["rates"] == (1, 2)


def test_a_comparison_that_nobody_asked_for_or_that_is_missing_is_found(analyst, ruling):
    compared = ruling(analyst.ask(COMPARE), meaning(COMPARE, compare_to=None))
    assert compared["sizes"] == compared["rates"] == (1, 2)
    alone = ruling(analyst.ask(WHY), meaning(WHY, compare_to=[DSL]))
    assert alone["sizes"] == alone["rates"] == (1, 2)


def test_the_score_adds_answers_up_and_passes_refusals_over(analyst, table, feedback, schema):
    asked = [WHY, COMPARE, "Why do customers with high income leave?"]
    answers = [analyst.ask(question) for question in asked]
    meanings = [meaning(WHY), meaning(COMPARE), None]
    score = score_answers(answers, meanings, table, feedback, schema)
    assert (score.answers, score.answered) == (3, 2)
    assert (score.sizes.value, score.sizes.n) == (1, 3)
    assert score.numbers.value == score.citations.value == score.outcome.value == 1
    assert score.models == {"template": 3}
    nobody = score_answers(answers[:1], [None], table, feedback, schema)
    assert nobody.outcome is None

"""The pages of the tasks that read dialogues: whole, in two languages, and nothing runs in them."""

import json
import re
from functools import cache

import pytest

from churnlens.options import (
    FaithfulnessOptions,
    SatisfactionReportingOptions,
    SummaryReportingOptions,
    SummaryScoreOptions,
    SummaryWriterOptions,
)
from churnlens.pipelines.reporting.formats import shown
from churnlens.pipelines.reporting.satisfaction.plots import most_alerted, plot_course
from churnlens.pipelines.reporting.satisfaction.report import SECTIONS, render_satisfaction
from churnlens.pipelines.reporting.summary.report import render_summary
from churnlens.tasks.satisfaction import judging
from churnlens.tasks.satisfaction.tracing import explainer
from churnlens.tasks.summary import stages
from pipelines.reporting.sample import Page
from tasks.satisfaction.deskwork import OPTIONS, demo, desk, fitted
from tasks.satisfaction.support import FINDER
from tasks.summary.test_stages import PROMPTS

LIVE = '<script>alert("x")</script>'
COUNTS = {
    "read": {"dialogues": 9, "turns": 50, "rated_turns": 20, "faults": 1},
    "removed": {"phone": 3},
}
REVIEW = {
    "turns": {"alpha": 0.6, "one_against_others": 0.5},
    "likely_errors": {
        "found": 1,
        "listed": [{"dialogue": "D", "turn": 2, "given": 1, "expected": 4, "quote": LIVE}],
    },
}
QUICK = SatisfactionReportingOptions(
    resamples=100, traced=4, faithfulness=FaithfulnessOptions(resamples=100, draws=2)
)


@cache
def entries():
    test = demo(60, 23)
    found = desk().assess(test)
    learned = judging.learned_labels(demo(), OPTIONS.turns)
    judged = judging.AlertScoreOptions(resamples=100)
    metrics = {
        "turns": judging.judge_turns(test, desk(), fitted().floor, learned, QUICK),
        "wholes": judging.judge_wholes(test, found, desk(), QUICK),
        "alerts": judging.judge_alerts(test, found, desk(), FINDER, judged),
        "reasons": judging.judge_reasons(test, desk(), QUICK),
        "traces": judging.judge_traces(test, desk(), QUICK),
    }
    alerted = [(d, a) for d, each in zip(test, found, strict=True) for a in each.alerts]
    dialogue, alert = alerted[0]
    told = explainer(desk(), dialogue.language, judging.AttributionOptions())
    explained = {"alert": alert.id, "dialogue": LIVE, **told.explain(dialogue, alert.turn)}
    decision = {
        "dialogue": LIVE, "severity": "red", "actions": ["supervisor_alert"], "offer": "credit",
        "amount": 5, "currency": "CNY", "approver": "team_lead",
    }  # fmt: skip
    return json.loads(
        json.dumps(
            {
                "metrics": judging.plain(metrics),
                "assessments": [{"id": each.id, **each.output()} for each in found],
                "decisions": [decision],
                "explanations": [explained],
                "case_metrics": {"k": 5},
                "cleaning_counts": COUNTS,
                "label_review": REVIEW,
                "desk_rules": {"alerts": desk().monitor.options.model_dump()},
            }
        )
    )


@cache
def page(language):
    return render_satisfaction(language=language, shown=2, **entries())


@cache
def summaries():
    training = list(demo(60, 5))
    fit = stages.fit_summaries(training[:40], "scenario")
    stored = stages.StoredWriters(
        extractive=fit,
        prompts=PROMPTS,
        model_lock={},
        model_root="",
        student=None,
        searched_prompt=None,
    )
    writers = stages.load_writers(stored, SummaryWriterOptions())
    told = stages.summarise_dialogues(training[40:], writers)
    figures = stages.judge_summaries(training[40:], told, fit, SummaryScoreOptions(resamples=100))
    return training[40:], told, figures


@cache
def summary_page(language):
    return render_summary(*summaries(), COUNTS, SummaryReportingOptions(language=language))


PAGES = [(make, language) for make in (page, summary_page) for language in ("en", "zh")]


@pytest.mark.parametrize(("make", "language"), PAGES)
def test_a_page_is_whole_and_needs_nothing_else(make, language):
    source = make(language)
    assert not re.search(r"https?:|@import|\bsrc\s*=|javascript:", source)
    assert "<script" not in source
    parsed = Page(source)
    targets = {attributes["href"] for attributes in parsed.all("a")}
    ids = {f"#{attributes['id']}" for _, attributes in parsed.elements if "id" in attributes}
    assert targets <= ids
    assert source.count("nan") == 0


def test_untrusted_words_are_shown_and_do_not_run():
    assert "&lt;script&gt;" in page("en")


def test_the_same_data_give_the_same_page():
    assert render_satisfaction(language="en", shown=2, **entries()) == page("en")


def test_every_section_is_there_and_chinese_is_chinese():
    for name in SECTIONS:
        assert f'id="{name}"' in page("en")
    assert "早期预警" in page("zh") and "Early warning" not in page("zh")


def test_floors_stand_beside_scores():
    for floor in ("always 3", "TF-IDF", "constant answer"):
        assert floor in page("en") + summary_page("en")


def test_every_field_of_a_summary_has_its_scores():
    for name in ("the customer’s problem", "the agent’s solution", "accepted", "negative emotion"):
        assert f'<th scope="row">{name}</th>' in summary_page("en")


@pytest.mark.parametrize(("corpus", "said"), [(0.987, "dialogue: 98.7"), (None, "")])
def test_numbers_that_their_dialogue_holds_are_counted(corpus, said):
    dialogues, told, figures = summaries()
    one = figures["en"] | {"number_fidelity": {"corpus": corpus}}
    source = render_summary(dialogues, told, {"en": one}, COUNTS, SummaryReportingOptions())
    assert said in source and ("that occur in the dialogue" in source) == bool(said)


def test_dialogues_with_most_alerts_come_first():
    rows = [
        {"id": n, "alerts": [0] * alerts, "turns": [0] * turns}
        for n, (alerts, turns) in enumerate([(0, 9), (1, 3), (2, 3), (1, 5)])
    ]
    assert [each["id"] for each in most_alerted(rows, 2)] == [2, 3]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("a phrase that must be heard: legal steps", "tell the supervisor", "team lead")),
        ("zh", ("出现警示用语：法律途径", "通知主管", "组长")),
    ],
)
def test_an_alert_says_what_raised_it_also_where_no_word_carried_the_score(language, said):
    (explained,) = entries()["explanations"]
    fired = {"rule": "phrase", "turns": [explained["turn"]], "phrase": "legal"}
    alerted = {"id": "D", "turns": [], "alerts": [{"id": explained["alert"], "reasons": [fired]}]}
    given = entries() | {
        "assessments": [alerted],
        "explanations": [explained | {"words": []}],
    }
    source = render_satisfaction(language=language, shown=0, **given)
    assert all(each in source for each in said)
    assert "supervisor alert" not in source


@pytest.mark.parametrize(("rules", "lines"), [((1.0, 1.0), 0), ((0.3, 1.0), 1), ((0.3, 0.6), 2)])
def test_a_threshold_that_is_off_is_said_to_be_off_and_not_drawn(rules, lines):
    given = dict(zip(("amber", "red"), rules, strict=True))
    row = {"id": "D", "turns": [{"index": 0, "p_dissatisfied": 0.4}], "alerts": []}
    (axes,) = plot_course(row, given, "en").axes
    assert len(axes.lines) == 1 + lines
    desk_rules = {"alerts": entries()["desk_rules"]["alerts"] | given | {"ahead": 0.44}}
    text = render_satisfaction(language="en", shown=2, **entries() | {"desk_rules": desk_rules})
    said = ["off" if each == 1 else shown(each, "share", "en") for each in rules]
    assert (
        f"amber {said[0]}, red {said[1]}" in text and f"soon {shown(0.44, 'share', 'en')}" in text
    )


def test_without_alerts_reasons_or_references_the_page_says_so():
    bare = entries() | {"assessments": [], "decisions": [], "explanations": []}
    bare["metrics"] = bare["metrics"] | {"wholes": None, "reasons": None, "traces": None}
    source = render_satisfaction(language="en", shown=2, **bare)
    assert "No dialogue raised an alert" in source and "told by the words of the list" in source
    dialogues, told, _ = summaries()
    empty = render_summary(dialogues, told, {}, COUNTS, SummaryReportingOptions())
    assert "nothing can be judged" in empty

import copy
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from churnlens.pipelines.reporting.churn.report import SECTIONS, render_report
from churnlens.pipelines.reporting.pages import HTML_LANG
from churnlens.pipelines.reporting.strings import read_wordbook
from pipelines.reporting.sample import (
    ANSWERED,
    CANARY,
    HOSTILE,
    TOO_FEW,
    UNANSWERABLE,
    Page,
    answered,
    page,
    report_inputs,
    shop_table,
)

LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module")
def sources():
    return {language: page(language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def pages(sources):
    return {language: Page(source) for language, source in sources.items()}


@pytest.fixture(scope="module")
def hostile():
    return Page(page("en", HOSTILE))


def test_the_page_needs_nothing_else(sources):
    for source in sources.values():
        assert not re.search(r"https?:|//[a-z]|@import|\bsrc\s*=|javascript:", source)
        assert not re.search(r"url\((?!#)", source)
        forbidden = {"script", "link", "iframe", "object", "embed", "img", "form", "base"}
        assert not forbidden & {tag for tag, _ in Page(source).elements}


def test_the_browser_is_told_to_load_nothing(pages):
    policies = [meta for meta in pages["en"].all("meta") if "http-equiv" in meta]
    assert policies[0]["http-equiv"] == "Content-Security-Policy"
    assert policies[0]["content"].startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_the_page_is_well_formed(pages):
    for parsed in pages.values():
        assert parsed.faults == []
        ids = parsed.ids()
        assert len(ids) == len(set(ids))


def test_every_link_leads_somewhere_in_the_page(pages):
    for parsed in pages.values():
        assert len(parsed.targets()) > 20
        assert set(parsed.targets()) <= set(parsed.ids())


def test_labels_of_regions_refer_to_headings(pages):
    parsed = pages["en"]
    named = {a["aria-labelledby"] for _, a in parsed.elements if "aria-labelledby" in a}
    assert named <= set(parsed.ids())


def test_headings_do_not_skip_a_level(pages):
    for parsed in pages.values():
        levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_tables_have_captions_and_scoped_heads_and_can_be_scrolled_by_keyboard(pages):
    parsed = pages["en"]
    assert len(parsed.all("caption")) == len(parsed.all("table")) > 8
    assert all(head.get("scope") for head in parsed.all("th"))
    scrolled = [a for a in parsed.all("div") if a.get("class") == "scroll"]
    assert len(scrolled) == len(parsed.all("table"))
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in scrolled)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_its_language_and_every_section(pages, language):
    parsed = pages[language]
    assert parsed.all("html")[0]["lang"] == HTML_LANG[language]
    assert [a["id"] for a in parsed.all("section")] == list(SECTIONS)


def test_text_in_the_other_language_is_marked(pages):
    questions = {a["id"]: a["lang"] for a in pages["en"].all("h3") if "lang" in a}
    assert questions == {"a1-question": "en", "a2-question": "zh-Hans", "a3-question": "en"}


def test_each_language_speaks_only_for_itself(sources):
    for phrase in read_wordbook().phrases.values():
        if "{" not in phrase.en and len(phrase.en) > 14:
            assert phrase.en not in sources["zh"]
            assert phrase.zh not in sources["en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_and_refusal_is_shown(pages, language):
    text = pages[language].text
    for question in (ANSWERED, TOO_FEW, UNANSWERABLE):
        assert question in text
    for said in ("170 of 400 shoppers left.", "客户太少", "The table cannot answer this."):
        assert said in text


def test_an_answer_shows_all_that_it_stands_on(pages):
    text = pages["en"].text
    for part in (
        "card = plain ∧ (months < 12 ∨ district ∈ {north, west})",
        "card ≠ plain",
        "37.7–47.4",
        "high: score 0.61 of 1",
        "They name queues.",
        "Open another till.",
        "a long queue",
        "complaint: queues",
        "Queues drive it.",
        "speaks of causes",
        "model-1",
        "written: 3; kept: 2",
    ):
        assert part in text, part


def test_the_four_components_add_up_to_the_score(pages):
    weights = {"0.425": 0.35, "0.610": 0.25, "0.703": 0.2, "0.853": 0.2}
    for shown, weight in weights.items():
        assert shown in pages["en"].text
        assert f"{weight:.2f}" in pages["en"].text
    assert "0.612" in pages["en"].text


def test_the_evidence_of_a_claim_is_reached_by_its_links(pages):
    parsed = pages["en"]
    assert {"a1-S1", "a1-S2", "a1-S3", "a1-q1", "a1-q2"} <= set(parsed.targets())
    assert "42.5" in parsed.texts["a1-S2"]
    assert "a long queue" in parsed.texts["a1-q1"]
    assert "Customer K9" in parsed.texts["a1-q2"]


def test_refusals_say_why(pages):
    assert "The table cannot answer this." in pages["en"].text
    assert "too few customers" in pages["en"].text


def test_what_was_planted_is_told_where_it_is_known(pages):
    assert "Drivers were searched in 124 groups" in pages["en"].text
    assert "98.7" in pages["en"].text
    assert "n = 1,849" in pages["en"].text
    assert "depend on each other and no interval is given" in pages["en"].text
    assert "在问题测试的124个群体中" in pages["zh"].text


def test_figures_stand_beside_their_floors(pages):
    text = pages["en"].text
    for part in ("public formula (floor)", "0.825", "0.850", "0.838–0.862", "< 0.001"):
        assert part in text
    assert "refuses everything (floor)" in text
    assert "95.3" in text and "Who is old?" in text and "wrong group; wrong kind" in text


def test_the_headline_ranks_models_and_not_floors():
    metrics = report_inputs()["risk_metrics"]
    metrics["models"]["base_rate"]["auc"] = {"value": 0.99, "low": 0.98, "high": 1.0, "n": 15}
    text = Page(page("en", risk_metrics=metrics)).texts["summary"]
    assert "0.850" in text
    assert "0.990" not in text


def test_limits_are_told(pages):
    limits = pages["en"].texts["limits"]
    wrote = sum(bool(each) for each in shop_table()[1]) / 800
    for part in (
        "association",
        "membership",
        f"Only {100 * wrote:.1f}",
        "model-1; template",
        "experiment",
    ):
        assert part in limits


def test_redaction_is_counted(pages):
    assert "telephone numbers" in pages["en"].text
    assert "12" in pages["en"].texts["privacy"]


def test_only_cited_words_of_customers_are_in_the_page(sources):
    assert all(CANARY not in source for source in sources.values())


def test_hostile_words_stay_words(hostile):
    assert hostile.faults == []
    assert not {"script", "img"} & {tag for tag, _ in hostile.elements}
    assert not [a for _, attributes in hostile.elements for a in attributes if a.startswith("on")]
    assert set(hostile.targets()) <= set(hostile.ids())
    assert "49" not in re.findall(r"\{\{ (\d+)", hostile.text)


@pytest.mark.parametrize(
    "place",
    [
        ANSWERED,
        TOO_FEW,
        "170 of 400 shoppers left.",
        "42.5 % left.",
        "a long queue",
        "Customer K7",
        "Queues drive it.",
        "Open another till.",
        "Written by model-1",
        "The table cannot answer this.",
        "complaint: queues",
        "with card plain",
        "Who is old?",
        "range",
        "Why do customers leave? (0)",
        "I do not know.",
        "error: refused",
    ],
)
def test_hostile_words_are_printed_where_they_belong(hostile, place):
    assert place + HOSTILE in hostile.text


def test_equal_inputs_give_equal_bytes_in_another_process(sources):
    root = Path(__file__).parents[4]
    code = (
        "import hashlib; from pipelines.reporting.sample import page; "
        "print(hashlib.sha256(page('zh').encode()).hexdigest())"
    )
    path = os.pathsep.join(
        [str(root / "src"), str(root / "tests"), os.environ.get("PYTHONPATH", "")]
    )
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == hashlib.sha256(sources["zh"].encode()).hexdigest()


def test_the_inputs_are_not_changed():
    inputs = report_inputs()
    before = copy.deepcopy(inputs)
    render_report(**inputs, language="en")
    assert inputs == before


def test_a_report_of_nearly_nothing_is_still_a_page():
    inputs = report_inputs()
    overview = inputs["overview"] | {"drivers": [], "rejected": [], "levels": [], "rate": None}
    overview["feedback"] = overview["feedback"] | {"texts": 0, "themes": [], "coverage": None}
    source = render_report(
        **inputs
        | {
            "answers": [],
            "overview": overview,
            "risk_metrics": {"models": {}, "differences": {}, "reliability": {}},
            "question_metrics": {"skipped": "the bench is about another table"},
            "driver_metrics": {"skipped": "nothing was planted"},
            "answer_metrics": {"written": None, "bench": None},
            "redaction_counts": {"customers": 800, "with_feedback": 0, "removed": {}},
            "scorecard": inputs["scorecard"] | {"flags": []},
        },
        language="en",
    )
    parsed = Page(source)
    assert parsed.faults == []
    assert set(parsed.targets()) <= set(parsed.ids())
    for part in (
        "No question was answered.",
        "Every question was answered.",
        "No attribute passed",
        "The table holds no feedback.",
        "the bench is about another table",
        "no personal data was found",
        "No attribute earned points.",
    ):
        assert part in parsed.text


def test_figures_that_do_not_exist_are_dashes_and_never_nan():
    inputs = report_inputs()
    missing = {"value": float("nan"), "low": float("nan"), "high": float("nan"), "n": 0}
    inputs["risk_metrics"]["models"]["scorecard"]["auc"] = missing
    assert "nan" not in Page(render_report(**inputs, language="en")).text.replace("nance", "")


def test_an_answer_that_breaks_its_contract_is_refused():
    broken = answered() | {"citations": "K7"}
    with pytest.raises(ValidationError, match="citations"):
        page("en", answers=[broken])

"""The report on whom to keep: figures, both languages, nothing unescaped."""

import copy
import re

import pandas as pd
import pytest

from churnlens.options import RetentionReportingOptions
from churnlens.pipelines.reporting.retention.nodes import draw_retention, evaluate_retention
from churnlens.pipelines.reporting.retention.plots import plot_value_at_risk
from churnlens.pipelines.reporting.retention.report import render_retention
from churnlens.pipelines.reporting.strings import load_strings
from pipelines.reporting.value_sample import POINT, value_metrics

REASONS = {"slow_answer": {"en": "slow answers", "zh": "回复太慢"}}


def listed():
    return pd.DataFrame(
        {
            "rank": [1, 2],
            "customer_id": ["<i>a", "b"],
            "segment": ["champions", "lost"],
            "p_churn": [0.4, 1.0],
            "clv": [90.0, 0.0],
            "value_at_risk": [30.0, 0.0],
            "main_reason": ["slow_answer", ""],
            "action": ["call", "none"],
            "action_text": ["call him", ""],
            "evidence_ids": [["D1#2"], []],
            "cost": [10.0, 0.0],
            "expected_gain": [5.0, 0.0],
            "eligible": [True, False],
            "why_not": ["", "left"],
        }
    )


def kept(**planted):
    truth = {
        "purchases": pd.DataFrame({"amount": [1.0]}),
        "ledger_truth": None,
        "ledger_facts": None,
    }
    trade = {"name": "x", "noun": {"en": "x", "zh": "客"}, "kind": "contract"}
    sources = {"customers": 2, "churn": None, "offers": None, "satisfaction": 1, "feedback": 2}
    options = RetentionReportingOptions()
    return evaluate_retention(listed(), listed(), sources, trade, options, **truth | planted)


@pytest.mark.parametrize(
    ("language", "word", "reason"),
    [("en", "has not run", "slow answers"), ("zh", "未运行", "回复太慢")],
)
def test_the_list_says_what_it_rests_on_and_claims_no_worth_without_truth(language, word, reason):
    found = kept()
    assert found["worth"] is None and found["list"]["eligible"] == 1
    assert found["list"]["why_not"] == {"acted_on": 1, "left": 1}
    page = render_retention(found, value_metrics(), listed(), REASONS, language)
    bars = plot_value_at_risk(found["segments"], "USD", language).axes[0].patches
    assert [bar.get_width() for bar in bars] == [0.0, 30.0]
    assert reason in page and "slow_answer" not in page and "slow answer<" not in page
    assert word in page and "&lt;i&gt;a" in page and "D1#2" in page


def test_worth_is_shown_where_the_truth_is_planted():
    worth = {
        "lists": [{"name": n, "customers": 1, "gain": POINT} for n in ("value_at_risk", "random")],
        "against": {"random": {"difference": POINT, "p_value": 0.01}},
    }
    page = render_retention(
        {**copy.deepcopy(kept()), "worth": worth}, value_metrics(), listed(), REASONS, "en"
    )
    assert "at random" in page and "effect 20.0" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["Gini curve: ", "Decile calibration: "]), ("zh", ["基尼曲线：", "十分位校准："])],
)
@pytest.mark.parametrize("arm", ["survival", "bg_nbd"])
def test_the_page_shows_how_good_the_values_are_in_pictures_and_words(language, words, arm):
    page = render_retention(kept(), value_metrics(arm), listed(), REASONS, language)
    pictures = re.findall(r'<svg role="img" aria-label="([^"]+)"', page)
    captions = re.findall(r"<figcaption>(.+?)</figcaption>", page)
    assert pictures == captions and len(pictures) == 3
    assert all(any(each.startswith(word) for each in pictures) for word in words)
    assert load_strings(language).name("value_models", arm) in page


def test_figures_are_value_at_risk_ranking_and_calibration():
    drawn = draw_retention(kept(), value_metrics())
    assert [figure.get_label() for figure in drawn] == ["value-at-risk", "gini", "deciles"]

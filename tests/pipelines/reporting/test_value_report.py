"""The reports on value and on whom to keep: figures, both languages, nothing unescaped."""

import copy

import pandas as pd
import pytest

from churnlens.options import RetentionReportingOptions
from churnlens.pipelines.reporting.retention import render_retention
from churnlens.pipelines.reporting.retention_nodes import evaluate_retention
from churnlens.pipelines.reporting.svg import as_svg
from churnlens.pipelines.reporting.value import render_value
from churnlens.pipelines.reporting.value_plots import plot_deciles, plot_gini, plot_value_at_risk
from churnlens.tasks.clv.arms import arms

POINT = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 100}
NAMES = ("normalised_gini", "decile_mape", "total_bias", "mae")
SEGMENTS = [
    {"segment": "champions", "customers": 2, "clv": 90.0, "mean_clv": 45.0, "value_at_risk": 3.0},
    {"segment": "lost", "customers": 1, "clv": 0.0, "mean_clv": 0.0, "value_at_risk": 0.0},
]


def metrics(arm="survival", best="stack"):
    models = [
        {"model": name, "metrics": dict.fromkeys(NAMES, POINT), "deciles": [[4.0, 5.0], [1.0, 0.0]]}
        for name in arms(arm)
    ]
    difference = {"difference": POINT, "p_value": 0.01}
    curve = [{"customers": 0.0, "spend": 0.0}, {"customers": 1.0, "spend": 1.0}]
    return {
        "kind": "contract" if arm == "survival" else "repeat",
        "currency": "USD",
        "definition": "CLV over 36 months",
        "scores": {
            "customers": 100,
            "days": 90,
            "share_of_zeros": 0.3,
            "best": best,
            "weights": {arm: 1.0, "tweedie": 0.0},
            "models": models,
            "comparisons": [
                {"metric": "decile_mape", "first": "stack", "second": arm, "result": difference}
            ],
            "coverage": POINT,
        },
        "curves": dict.fromkeys(["perfect", best, arm, "mean_rate"], curve),
        "importance": {"idle_weeks": 0.4},
        "segments": SEGMENTS,
        "survival": [{"model": "cox", "concordance": difference, "largest_gap": 3.2}]
        if arm == "survival"
        else None,
        "recovery": None,
    }


REPORT = {
    "kept": 9,
    "rows": 10,
    "customers": 3,
    "first": "2025-01-01",
    "last": "2025-12-01",
    "excluded": {"bad_date": 1, "no_customer": 0},
    "split": {"train": ["2025-04-01", "2025-07-01"], "test": "2025-10-01"},
}
FIRST = [
    {
        "rank": 1,
        "customer_id": "<b>1</b>",
        "clv": 90.0,
        "clv_low": 70.0,
        "clv_high": 99.0,
        "segment": "champions",
        "factors": "idle_weeks -0.20",
    }
]


@pytest.mark.parametrize("arm", ["survival", "bg_nbd"])
@pytest.mark.parametrize(
    ("language", "word"), [("en", "date not understood"), ("zh", "日期无法识别")]
)
def test_the_page_has_every_model_and_exclusion_and_escapes(arm, language, word):
    page = render_value(metrics(arm), REPORT, FIRST, language)
    assert word in page and "&lt;b&gt;1" in page and "<b>1" not in page
    assert page.count('class="floor"') >= 3
    assert page == render_value(metrics(arm), REPORT, FIRST, language)


def test_the_best_may_be_the_parametric_model_or_a_floor():
    for best in ("survival", "mean_rate"):
        assert "Gini" in render_value(metrics(best=best), REPORT, FIRST, "en")


def test_figures_draw_what_is_named():
    found = metrics()
    gini = plot_gini(found["curves"], ["stack", "survival"], "en")
    assert len(gini.axes[0].lines) == 4  # the diagonal, the ideal, and two models
    deciles = plot_deciles({"stack": [[4.0, 5.0], [1.0, 0.0]]}, "USD", "zh")
    assert "Chinese" not in as_svg(deciles, "x") and len(deciles.axes[0].lines) == 2
    bars = plot_value_at_risk(SEGMENTS, "USD", "en").axes[0].patches
    assert [bar.get_width() for bar in bars] == [0.0, 3.0]


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


@pytest.mark.parametrize(("language", "word"), [("en", "has not run"), ("zh", "未运行")])
def test_the_list_says_what_it_rests_on_and_claims_no_worth_without_truth(language, word):
    found = kept()
    assert found["worth"] is None and found["list"]["eligible"] == 1
    assert found["list"]["why_not"] == {"acted_on": 1, "left": 1}
    page = render_retention(found, listed(), language)
    assert word in page and "&lt;i&gt;a" in page and "D1#2" in page


def test_worth_is_shown_where_the_truth_is_planted():
    worth = {
        "lists": [{"name": n, "customers": 1, "gain": POINT} for n in ("value_at_risk", "random")],
        "against": {"random": {"difference": POINT, "p_value": 0.01}},
    }
    page = render_retention({**copy.deepcopy(kept()), "worth": worth}, listed(), "en")
    assert "at random" in page and "effect 20.0" in page

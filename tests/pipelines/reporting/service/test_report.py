import pytest

from churnlens.options import ServiceReportingOptions
from churnlens.pipelines.reporting.service.report import render_service
from churnlens.tasks.service.arms import ARMS, CHECKED, FLOOR, PASSAGES
from churnlens.tasks.service.judging import METRICS

SHARE = {"value": 0.8, "low": 0.7, "high": 0.9, "n": 20}
SCORES = dict.fromkeys([*METRICS, "pass_all"], SHARE)
METRICS_OF = {
    "side": "test",
    "served": SCORES,
    "floor": SCORES,
    "languages": {"en": SCORES, "zh": SCORES},
    "intents": {"return": SHARE},
    "conduct": {"refused": SHARE},
    "tasks": 12,
    "arms": {name: SCORES for name in (FLOOR, PASSAGES, *ARMS, CHECKED)},
    "comparisons": [
        {
            "metric": "stated",
            "first": "tuned_retrieval",
            "second": "base_retrieval",
            "result": {"difference": {**SHARE, "value": 0.123}, "p_value": 0.01},
            "holm": 0.04,
        }
    ],
    "forgetting": {"before": 80.0, "after": 79.0, "drop": 1.0},
    "examples": [
        {"question": "<script>alert(1)</script>", "language": "en", "texts": {FLOOR: "a & b"}}
    ],
}
ROUTING = {
    "requests": 300,
    "families": 90,
    "assistant": SHARE,
    "nearest_faq": SHARE,
    "languages": {"en": SHARE},
    "by_family": {"return": SHARE, "cancel_order": SHARE},
}
ROWS = {
    "splits": {"training": {"rows": 180, "families": 70, "languages": {"en": 180}}},
    "own": {"rows": 9, "faulty": 2, "faults": {"twice": 2}},
}
HISTORY = [
    {"split": "validation", "loss": 2.5, "step": 0},
    {"split": "training", "loss": 2.0, "step": 1},
    {"split": "validation", "loss": 0.75, "step": 2},
]


@pytest.fixture(params=["en", "zh"])
def page(request):
    options = ServiceReportingOptions(language=request.param)
    return render_service(METRICS_OF, ROUTING, ROWS, HISTORY, options)


def test_the_page_shows_every_arm_and_the_paired_difference(page):
    assert page.count("12.3") == 1
    assert "cancel_order" in page
    assert "2.500" in page and "0.750" in page


def test_what_is_said_is_escaped(page):
    assert "<script>" not in page
    assert "a &amp; b" in page


def test_equal_inputs_give_equal_bytes(page):
    options = ServiceReportingOptions(language="zh" if 'lang="zh' in page else "en")
    assert render_service(METRICS_OF, ROUTING, ROWS, HISTORY, options) == page


def test_without_forgetting_or_history_the_page_stands():
    metrics = {**METRICS_OF, "forgetting": None, "comparisons": [], "intents": {}}
    assert "79.0" not in render_service(metrics, ROUTING, ROWS, [], ServiceReportingOptions())

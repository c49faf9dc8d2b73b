"""The report on value: figures, both languages, nothing unescaped."""

import pytest

from churnlens.pipelines.reporting.clv.report import render_value
from churnlens.pipelines.reporting.svg import as_svg
from churnlens.pipelines.reporting.value_plots import plot_deciles, plot_gini
from churnlens.schema import read_schema
from pipelines.reporting.value_sample import REPORT, value_metrics

FIRST = [
    {
        "rank": 1,
        "customer_id": "<b>1</b>",
        "clv": 90.0,
        "clv_low": 70.0,
        "clv_high": 99.0,
        "segment": "champions",
        "factors": "charge 70.00; Contract=Two year -2.48; MonthlyCharges=70 +0.10",
    }
]


@pytest.mark.parametrize("arm", ["survival", "bg_nbd"])
@pytest.mark.parametrize(
    ("language", "word"), [("en", "date not understood"), ("zh", "日期无法识别")]
)
def test_the_page_has_every_model_and_exclusion_and_escapes(arm, language, word):
    page = render_value(value_metrics(arm), REPORT, FIRST, None, language)
    assert word in page and "&lt;b&gt;1" in page and "<b>1" not in page
    assert page.count('class="floor"') >= 3
    assert page == render_value(value_metrics(arm), REPORT, FIRST, None, language)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "weeks since the last purchase",
                "charge 70.00; on a two-year contract -2.48",
                "24, 36",
            ],
        ),
        ("zh", ["距最近购买（周）", "月账单 70.00；两年合同 -2.48", "24, 36", "36 个月的价值"]),
    ],
)
def test_the_page_has_words_where_the_data_have_names(project, language, words):
    schema = read_schema(project / "conf/base/schemas/telco.yml")
    page = render_value(value_metrics(), REPORT, FIRST, schema, language)
    assert all(each in page for each in words)
    for name in ("idle_weeks", "Contract=", "MonthlyCharges", "not_observed", "kaplan_meier"):
        assert name not in page


def test_the_best_may_be_the_parametric_model_or_a_floor():
    for best in ("survival", "mean_rate"):
        assert "Gini" in render_value(value_metrics(best=best), REPORT, FIRST, None, "en")


def test_figures_draw_what_is_named():
    found = value_metrics()
    gini = plot_gini(found["curves"], ["stack", "survival"], "en")
    assert len(gini.axes[0].lines) == 4  # the diagonal, the ideal, and two models
    deciles = plot_deciles({"stack": [[4.0, 5.0], [1.0, 0.0]]}, "USD", "zh")
    assert "Chinese" not in as_svg(deciles, "x") and len(deciles.axes[0].lines) == 2

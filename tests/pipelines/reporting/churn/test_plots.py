import io

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from churnlens.options import DriverOptions
from churnlens.pipelines.reporting.churn.overview import build_overview
from churnlens.pipelines.reporting.churn.plots import (
    extreme_levels,
    plot_calibration,
    plot_drivers,
    plot_levels,
    plot_themes,
)
from churnlens.pipelines.reporting.svg import as_svg
from pipelines.reporting.sample import Page, risk_metrics, shop_population


@pytest.fixture(scope="module")
def overview():
    return build_overview(shop_population(), DriverOptions())


def _marks(axes):
    """Return the x of every single mark, from top to bottom."""
    single = [line for line in axes.lines if len(line.get_xdata()) == 1]
    return [float(line.get_xdata()[0]) for line in single]


def _bars(axes):
    """Return the ends of the interval bars, from top to bottom."""
    bars = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2]
    return [float(end) for bar in bars for end in bar]


def test_the_forest_plot_shows_crude_beside_adjusted_with_intervals(overview):
    axes = plot_drivers(overview, "en").axes[0]
    driver = overview["drivers"][0]
    shown = [driver["odds_ratio"], driver["adjusted"]]
    assert driver["money_adjusted"] is None  # the shop has no charge
    assert _marks(axes) == pytest.approx([each["value"] for each in shown])
    assert _bars(axes) == pytest.approx([each[end] for each in shown for end in ("low", "high")])
    assert axes.get_xscale() == "log"
    left, right = axes.get_xlim()
    assert left < 1 < shown[0]["high"] < right


def test_the_levels_plot_ranks_the_groups_beside_the_overall_rate(overview):
    axes = plot_levels(overview, "en").axes[0]
    rates = sorted((level["rate"]["value"] for level in overview["levels"]), reverse=True)
    assert _marks(axes) == pytest.approx(rates)
    drawn = [segment[0][0] for c in axes.collections for segment in c.get_segments()]
    assert drawn == pytest.approx([overview["rate"]["value"]] * len(rates))


def test_only_the_ends_of_a_long_ranking_are_drawn_and_no_small_group():
    levels = [
        {"name": str(i), "n": 29 if i == 49 else 30, "rate": {"value": i / 100}} for i in range(50)
    ]
    chosen = extreme_levels({"levels": [*levels, {"name": "empty", "n": 0, "rate": None}]})
    names = [int(level["name"]) for level in chosen]
    assert names == [*range(48, 38, -1), *range(9, -1, -1)]


def test_the_themes_plot_shows_those_who_left_beside_those_who_stayed(overview):
    axes = plot_themes(overview, "en").axes[0]
    theme = overview["feedback"]["themes"][0]
    assert _marks(axes) == pytest.approx([theme["left"]["value"], theme["stayed"]["value"]])


def test_the_calibration_plot_has_the_diagonal_the_points_and_the_counts():
    metrics = risk_metrics()
    figure = plot_calibration(metrics, "en")
    above, below = figure.axes[0], figure.axes[2]
    rows = metrics["reliability"]["scorecard"]
    diagonal, points = above.lines
    assert [*diagonal.get_xdata()] == [*diagonal.get_ydata()] == [0, 1]
    assert [*points.get_xdata()] == [row["predicted"] for row in rows]
    assert [*points.get_ydata()] == [row["observed"] for row in rows]
    assert [bar.get_height() for bar in below.patches] == [300, 100]
    segments = above.collections[0].get_segments()
    for row, segment in zip(rows, segments, strict=True):
        expected = proportion_confint(row["observed"] * row["n"], row["n"], method="wilson")
        assert segment[:, 1] == pytest.approx(np.array(expected))
    assert [axes.get_title() for axes in figure.axes[:2]] == ["scorecard", "LightGBM"]


def test_calibration_without_models_is_an_empty_figure():
    assert plot_calibration({"reliability": {}}, "en").axes


@pytest.mark.parametrize("draw", [plot_drivers, plot_levels, plot_themes])
def test_plots_without_data_say_so(draw, overview):
    nothing = overview | {"drivers": [], "levels": [], "rate": None, "feedback": {"themes": []}}
    figure = draw(nothing, "en")
    assert figure.axes[0].texts[0].get_text().startswith("No ")


def test_chinese_labels_are_drawn_as_text(overview):
    said = Page(as_svg(plot_levels(overview, "zh"))).text
    assert "入会时长不足" in said
    assert "流失率" in said


@pytest.mark.parametrize("draw", [plot_drivers, plot_levels, plot_themes])
def test_png_files_are_equal_to_the_byte(draw, overview):
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        draw(overview, "en").savefig(file, format="png")
    assert files[0].getvalue() == files[1].getvalue()

"""Figures of the report on churn; see `reporting.plots`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from churnlens.pipelines.reporting.dotplot import STYLE, Row, Series, dot_plot, new_figure
from churnlens.pipelines.reporting.plots import draw_counts, draw_reliability
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.pipelines.reporting.svg import COLOURS
from churnlens.schema import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EXTREMES, THEMES, SMALLEST = 10, 10, 30
ODDS_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def _odds_axis(axes: Axes, rows: Sequence[Row], label: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    found = [each for row in rows for each in row.estimates if each is not None]
    low = min([0.8, *(each["low"] for each in found)])
    high = max([2.2, *(each["high"] for each in found)])
    axes.set_xscale("log")
    axes.set_xlim(low / 1.1, high * 1.1)
    axes.xaxis.set_major_locator(FixedLocator(ODDS_TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel(label)


def _share_axis(axes: Axes, label: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.set_xlabel(label)


def plot_drivers(overview: Mapping[str, Any], language: Language) -> Figure:
    """Return the forest plot of the reported drivers: crude beside adjusted odds ratios.

    Args:
        overview: by `build_overview`.
        language: of the labels.
    """
    words = load_strings(language)
    series = (
        Series(words.say("crude"), COLOURS["muted"], "o", hollow=True),
        Series(words.say("adjusted"), COLOURS["blue"], "o"),
        Series(words.say("money_adjusted"), COLOURS["rust"], "D"),
    )
    rows = [
        Row(
            words.of(driver["label"]),
            (driver["odds_ratio"], driver["adjusted"], driver["money_adjusted"]),
        )
        for driver in overview["drivers"]
    ]
    figure = dot_plot("drivers", rows, series, words.say("no_drivers"), reference=1)
    _odds_axis(figure.axes[0], rows, words.say("odds_axis"))
    return figure


def extreme_levels(overview: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the groups with the highest churn rates and those with the lowest, highest first.

    Groups of fewer than 30 customers are left out.
    """
    known = [each for each in overview["levels"] if each["rate"] and each["n"] >= SMALLEST]
    ranked = sorted(known, key=lambda each: -each["rate"]["value"])
    return ranked if len(ranked) <= 2 * EXTREMES else ranked[:EXTREMES] + ranked[-EXTREMES:]


def plot_levels(overview: Mapping[str, Any], language: Language) -> Figure:
    """Return the churn rates of the most and the least affected groups, beside the overall rate.

    Args:
        overview: by `build_overview`.
        language: of the labels.
    """
    words = load_strings(language)
    rows = [
        Row(f"{words.of(each['label'])} (n = {each['n']:,})", (each["rate"],))
        for each in extreme_levels(overview)
    ]
    series = (Series(words.say("churn_rate"), COLOURS["blue"], "o"),)
    overall = overview["rate"]["value"] if overview["rate"] else None
    figure = dot_plot("groups", rows, series, words.say("no_groups"), reference=overall)
    _share_axis(figure.axes[0], words.say("levels_axis"))
    return figure


def plot_themes(overview: Mapping[str, Any], language: Language) -> Figure:
    """Return how often those who left and those who stayed give each reason in feedback.

    Args:
        overview: by `build_overview`.
        language: of the labels.
    """
    words = load_strings(language)
    series = (
        Series(words.say("left"), COLOURS["rust"], "D"),
        Series(words.say("stayed"), COLOURS["blue"], "o"),
    )
    rows = [
        Row(words.theme(theme), (theme["left"], theme["stayed"]))
        for theme in overview["feedback"]["themes"][:THEMES]
    ]
    figure = dot_plot("themes", rows, series, words.say("no_themes"))
    _share_axis(figure.axes[0], words.say("themes_axis"))
    return figure


def plot_calibration(risk_metrics: Mapping[str, Any], language: Language) -> Figure:
    """Return one reliability plot per risk model, with the diagonal, and its counts below.

    Args:
        risk_metrics: its `reliability` maps each model to rows of `classification.reliability`.
        language: of the labels.
    """
    from matplotlib import rc_context

    words, tables = load_strings(language), risk_metrics["reliability"]
    with rc_context(STYLE | {"axes.spines.left": True}):
        figure = new_figure("calibration", 3.6)
        grid = figure.subplots(
            nrows=2,
            ncols=max(len(tables), 1),
            sharex=True,
            sharey="row",
            squeeze=False,
            height_ratios=(4, 1),
            gridspec_kw={"wspace": 0.15},
        )
        for column, (model, rows) in enumerate(tables.items()):
            grid[0, column].set_title(words.name("models", model), fontsize=10)
            draw_reliability(grid[0, column], rows)
            draw_counts(grid[1, column], rows)
        grid[0, 0].set_ylabel(words.say("observed"))
        grid[1, 0].set_ylabel(words.say("customers"))
        figure.supxlabel(words.say("predicted"), fontsize=10, color=COLOURS["muted"])
    return figure

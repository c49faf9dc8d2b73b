"""Figures of the report: drawn without pyplot, equal to the byte from equal data.

In a page text stays text (see `svg`), so that the browser's fonts draw Chinese; files in PNG are
meant to be drawn in English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from churnlens.evidence.intervals import wilson
from churnlens.pipelines.reporting.dotplot import STYLE, Row, Series, dot_plot, new_figure
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


def plot_losses(history: Sequence[Mapping[str, Any]], language: Language) -> Figure:
    """Return the losses of a training by step: on the rows that it learns from, and on others.

    Args:
        history: rows with `step`, `split` (`training` or `validation`) and `loss`.
        language: of the labels.
    """
    from matplotlib import rc_context
    from matplotlib.ticker import MaxNLocator

    words = load_strings(language)
    with rc_context(STYLE | {"axes.spines.left": True}):
        figure = new_figure("loss", 2.8)
        axes = figure.add_subplot(xlabel=words.say("step"), ylabel=words.say("loss"))
        for split, colour, marker in (("training", "muted", ""), ("validation", "blue", "o")):
            rows = [row for row in history if row["split"] == split]
            steps, losses = ([row[part] for row in rows] for part in ("step", "loss"))
            label = words.name("rows_of", split)
            axes.plot(
                steps, losses, color=COLOURS[colour], marker=marker, markersize=4, label=label
            )
        axes.grid(color=COLOURS["grid"], linewidth=0.7)
        axes.set_axisbelow(True)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside upper left", fontsize=9.5)
    return figure


def plot_trials(history: Sequence[Mapping[str, Any]], chosen: str, language: Language) -> Figure:
    """Return the validation losses of several trainings by epoch, the chosen one in colour.

    Args:
        history: rows with `run`, `epoch`, `split` and `loss`.
        chosen: name of a run.
        language: of the labels.
    """
    from matplotlib import rc_context

    words = load_strings(language)
    with rc_context(STYLE | {"axes.spines.left": True}):
        figure = new_figure("trials", 3.4)
        axes = figure.add_subplot(xlabel=words.say("epoch"), ylabel=words.say("loss"))
        for name in dict.fromkeys(row["run"] for row in history):
            rows = [r for r in history if r["run"] == name and r["split"] == "validation"]
            epochs, losses = ([row[part] for row in rows] for part in ("epoch", "loss"))
            colour = COLOURS["blue" if name == chosen else "muted"]
            axes.plot(epochs, losses, color=colour, marker="o", markersize=3, linewidth=1.2)
            axes.annotate(name, (epochs[-1], losses[-1]), fontsize=8, color=colour)
        axes.grid(color=COLOURS["grid"], linewidth=0.7)
        axes.set_axisbelow(True)
    return figure


def draw_reliability(axes: Axes, rows: Sequence[Mapping[str, float]]) -> None:
    """Draw observed against predicted shares with their intervals, and the diagonal."""
    from matplotlib.ticker import PercentFormatter

    n = np.array([row["n"] for row in rows])
    predicted, observed = (
        np.array([row[part] for row in rows]) for part in ("predicted", "observed")
    )
    _, low, high = wilson(np.rint(observed * n), n)
    axes.plot([0, 1], [0, 1], color=COLOURS["muted"], linewidth=1, linestyle=(0, (4, 3)))
    style: dict[str, Any] = {"color": COLOURS["blue"], "clip_on": False, "zorder": 3}
    axes.vlines(predicted, low, high, linewidth=1.3, **style)
    axes.plot(predicted, observed, "o", markersize=4.5, **style)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.grid(color=COLOURS["grid"], linewidth=0.7)
    axes.set_axisbelow(True)


def draw_counts(axes: Axes, rows: Sequence[Mapping[str, float]]) -> None:
    """Draw how many cases each bin of a reliability plot holds."""
    low, high, n = ([row[part] for row in rows] for part in ("low", "high", "n"))
    widths = np.array(high) - np.array(low)
    axes.bar(low, n, width=0.9 * widths, align="edge", color=COLOURS["grid"])
    axes.locator_params(axis="y", nbins=2)

"""Figures of the report on satisfaction; see `reporting.plots`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from churnlens.pipelines.reporting.dotplot import STYLE, new_figure
from churnlens.pipelines.reporting.plots import draw_counts, draw_reliability
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.pipelines.reporting.svg import COLOURS
from churnlens.schema import Language

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = {"amber": "o", "red": "D"}


def plot_confusion(turns: Mapping[str, Any], language: Language) -> Figure:
    """Return how often each true rating was told as each, shares of the true rating.

    Args:
        turns: `labels` and `confusion`, by `judging.judge_turns`.
        language: of the labels.
    """
    from matplotlib import rc_context
    from matplotlib.colors import LinearSegmentedColormap

    words, labels = load_strings(language), [str(label) for label in turns["labels"]]
    counts = np.array(turns["confusion"], float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with rc_context(STYLE):
        figure = new_figure("confusion", 3.4)
        axes = figure.add_subplot(xlabel=words.say("told"), ylabel=words.say("rated"))
        shade = LinearSegmentedColormap.from_list("told", [COLOURS["paper"], COLOURS["blue"]])
        axes.pcolormesh(shares, cmap=shade, vmin=0, vmax=1, edgecolors=COLOURS["grid"])
        places = np.arange(len(labels)) + 0.5
        axes.set(xticks=places, xticklabels=labels, yticks=places, yticklabels=labels)
        axes.set_aspect("equal")
        for row, column in np.ndindex(counts.shape):
            colour = COLOURS["paper" if shares[row, column] > 0.55 else "ink"]
            text = f"{counts[row, column]:.0f}"
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=colour)
    return figure


def plot_reliability(turns: Mapping[str, Any], language: Language) -> Figure:
    """Return how often turns of each P(dissatisfied) were rated so, and how many there are.

    Args:
        turns: `reliability`, by `judging.judge_turns`.
        language: of the labels.
    """
    from matplotlib import rc_context

    words = load_strings(language)
    with rc_context(STYLE | {"axes.spines.left": True}):
        figure = new_figure("reliability", 3.6)
        above, below = figure.subplots(nrows=2, sharex=True, height_ratios=(4, 1))
        draw_reliability(above, turns["reliability"])
        draw_counts(below, turns["reliability"])
        above.set_ylabel(words.say("observed_dissatisfied"))
        below.set_ylabel(words.say("customer_turns"))
        below.set_xlabel(words.say("predicted_dissatisfied"))
    return figure


def plot_course(
    assessment: Mapping[str, Any], rules: Mapping[str, Any], language: Language
) -> Figure:
    """Return the course of P(dissatisfied) over a dialogue, its alerts and thresholds that are on.

    Args:
        assessment: one row of the stage inference.
        rules: the tuned settings, with `amber` and `red`.
        language: of the labels.
    """
    from matplotlib import rc_context
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    words, turns = load_strings(language), assessment["turns"]
    places, p = ([turn[part] for turn in turns] for part in ("index", "p_dissatisfied"))
    with rc_context(STYLE | {"axes.spines.left": True}):
        figure = new_figure(f"course-{assessment['id']}", 2.2)
        axes = figure.add_subplot(xlabel=words.say("turn"), ylabel=words.say("dissatisfied"))
        for level in (rules[each] for each in ("amber", "red") if rules[each] < 1):
            axes.axhline(level, color=COLOURS["muted"], linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(places, p, color=COLOURS["blue"], marker="o", markersize=4)
        for alert in assessment["alerts"]:
            style: dict[str, Any] = {"color": COLOURS["rust"], "markersize": 9, "clip_on": False}
            axes.plot(alert["turn"], alert["p"], MARKS[alert["level"]], mfc="none", **style)
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def most_alerted(assessments: Sequence[Mapping[str, Any]], n: int) -> list[Mapping[str, Any]]:
    """Return the `n` dialogues with most alerts, of equal ones those with most turns."""
    order = sorted(assessments, key=lambda each: (-len(each["alerts"]), -len(each["turns"])))
    return [each for each in order if each["alerts"]][:n]

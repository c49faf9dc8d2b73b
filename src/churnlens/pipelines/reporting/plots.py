"""Figures that several tasks have: drawn without pyplot, equal to the byte from equal data.

In a page text stays text (see `svg`), so that the browser's fonts draw Chinese; files in PNG are
meant to be drawn in English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from churnlens.evidence.intervals import wilson
from churnlens.pipelines.reporting.dotplot import STYLE, new_figure
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.pipelines.reporting.svg import COLOURS
from churnlens.schema import Language

_LOOKS: list[dict[str, Any]] = [
    {"marker": marker, "linestyle": line, "markersize": 4, "linewidth": 1.2}
    for line in ("-", "--", ":")
    for marker in ("o", "s", "^", "D", "v", "x")
]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


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


def plot_trials(
    history: Sequence[Mapping[str, Any]], chosen: str, said: Mapping[str, str], language: Language
) -> Figure:
    """Return the validation losses of several trainings by epoch, the chosen one in colour.

    Args:
        history: rows with `run`, `epoch`, `split` and `loss`.
        chosen: name of a run.
        said: run → its name and settings, for the legend.
        language: of the labels.
    """
    from matplotlib import rc_context
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    words = load_strings(language)
    with rc_context(STYLE | {"axes.spines.left": True}):
        figure = new_figure("trials", 4.4)
        axes = figure.add_subplot(xlabel=words.say("epoch"), ylabel=words.say("loss"), yscale="log")
        names = dict.fromkeys(row["run"] for row in history)
        for name, look in zip(names, cycle(_LOOKS), strict=False):
            rows = [r for r in history if r["run"] == name and r["split"] == "validation"]
            epochs, losses = ([row[part] for row in rows] for part in ("epoch", "loss"))
            colour = COLOURS["blue" if name == chosen else "muted"]
            axes.plot(epochs, losses, color=colour, label=said[name], **look)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(color=COLOURS["grid"], linewidth=0.7)
        axes.set_axisbelow(True)
        figure.legend(loc="outside lower left", ncols=2, fontsize=8)
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

"""Figures of the report: drawn without pyplot, equal to the byte from equal data.

They are narrow, with labels above their marks, so that they can be read on a phone. In an SVG text
stays text and colours are variables of the page: the browser's fonts have the Chinese glyphs, and
the dark page has its own colours. PNG files are meant to be drawn in English.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from churnlens.evidence.intervals import wilson
from churnlens.pipelines.reporting.strings import Strings, load_strings
from churnlens.schema import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Estimate = Mapping[str, float] | None

# variable of the page → colour on white paper
COLOURS = {
    "ink": "#1c2126",
    "muted": "#68717c",
    "grid": "#dde1e6",
    "blue": "#1f6aa5",
    "rust": "#b9501c",
}
WIDTH, LINE, MARGIN = 5.2, 0.155, 0.75  # inches: of a figure, of a line of it, around its axes
EXTREMES, THEMES, SMALLEST = 10, 10, 30
ODDS_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
STYLE = {
    "axes.edgecolor": COLOURS["grid"],
    "axes.labelcolor": COLOURS["muted"],
    "axes.spines.top": False,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "legend.frameon": False,
    "legend.labelcolor": COLOURS["ink"],
    "text.color": COLOURS["ink"],
    "text.parse_math": False,
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["muted"],
}


@dataclass(frozen=True)
class _Series:
    label: str
    colour: str
    marker: str
    hollow: bool = False


@dataclass(frozen=True)
class _Row:
    """A label and one estimate per series."""

    label: str
    estimates: tuple[Estimate, ...]


def _figure(name: str, height: float) -> Figure:
    """Return an empty figure; its label `name` tells its ids from those of other figures."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.set_label(name)
    return figure


def _mark(axes: Axes, y: float, estimate: Mapping[str, float], series: _Series) -> None:
    value, low, high = (estimate[part] for part in ("value", "low", "high"))
    axes.plot([low, high], [y, y], color=series.colour, linewidth=1.3, solid_capstyle="butt")
    face = {"markerfacecolor": "white"} if series.hollow else {}
    axes.plot(
        [value], [y], series.marker, color=series.colour, markersize=5.5, linestyle="none", **face
    )


def _dot_plot(name: str, rows: Sequence[_Row], series: Sequence[_Series], empty: str) -> Figure:
    """Draw rows of estimates with intervals, each row under its label."""
    from matplotlib import rc_context
    from matplotlib.lines import Line2D

    pitch = len(series) + 1.6
    lines = max(len(rows), 1) * pitch
    with rc_context(STYLE):
        figure = _figure(name, lines * LINE + MARGIN + LINE * len(series))
        axes = figure.add_subplot()
        axes.set_ylim(lines, 0)
        axes.set_yticks([])
        axes.grid(axis="x", color=COLOURS["grid"], linewidth=0.7)
        axes.set_axisbelow(True)
        if not rows:
            axes.text(0.5, 0.5, empty, transform=axes.transAxes, ha="center", va="center")
        beside = axes.get_yaxis_transform()
        for place, row in enumerate(rows):
            top = place * pitch
            axes.text(0, top + 0.8, row.label, transform=beside, va="center")
            for line, (estimate, each) in enumerate(zip(row.estimates, series, strict=True)):
                if estimate is not None:
                    _mark(axes, top + 1.8 + line, estimate, each)
        keys = [
            Line2D(
                [], [],
                color=each.colour, marker=each.marker, markersize=5.5, linewidth=1.3,
                markerfacecolor="white" if each.hollow else each.colour, label=each.label,
            )
            for each in series
        ]  # fmt: skip
        figure.legend(handles=keys, loc="outside upper left", fontsize=8.5)
    return figure


def _odds_axis(axes: Axes, rows: Sequence[_Row], label: str) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    found = [each for row in rows for each in row.estimates if each is not None]
    low = min([0.8, *(each["low"] for each in found)])
    high = max([2.2, *(each["high"] for each in found)])
    axes.set_xscale("log")
    axes.set_xlim(low / 1.1, high * 1.1)
    axes.xaxis.set_major_locator(FixedLocator(ODDS_TICKS))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.axvline(1, color=COLOURS["muted"], linewidth=1)
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
        _Series(words.say("crude"), COLOURS["muted"], "o", hollow=True),
        _Series(words.say("adjusted"), COLOURS["blue"], "o"),
        _Series(words.say("money_adjusted"), COLOURS["rust"], "D"),
    )
    rows = [
        _Row(
            words.of(driver["label"]),
            (driver["odds_ratio"], driver["adjusted"], driver["money_adjusted"]),
        )
        for driver in overview["drivers"]
    ]
    figure = _dot_plot("drivers", rows, series, words.say("no_drivers"))
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
        _Row(f"{words.of(each['label'])} (n = {each['n']:,})", (each["rate"],))
        for each in extreme_levels(overview)
    ]
    series = (_Series(words.say("churn_rate"), COLOURS["blue"], "o"),)
    figure = _dot_plot("levels", rows, series, words.say("no_groups"))
    _share_axis(figure.axes[0], words.say("levels_axis"))
    if overview["rate"]:
        line = {"color": COLOURS["rust"], "linewidth": 1.2, "linestyle": (0, (4, 3))}
        figure.axes[0].axvline(overview["rate"]["value"], **line)
    return figure


def plot_themes(overview: Mapping[str, Any], language: Language) -> Figure:
    """Return how often those who left and those who stayed give each reason in feedback.

    Args:
        overview: by `build_overview`.
        language: of the labels.
    """
    words = load_strings(language)
    series = (
        _Series(words.say("left"), COLOURS["rust"], "D"),
        _Series(words.say("stayed"), COLOURS["blue"], "o"),
    )
    rows = [
        _Row(words.theme(theme), (theme["left"], theme["stayed"]))
        for theme in overview["feedback"]["themes"][:THEMES]
    ]
    figure = _dot_plot("themes", rows, series, words.say("no_themes"))
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
        figure = _figure("calibration", 3.6)
        grid = figure.subplots(
            2, max(len(tables), 1),
            sharex=True, sharey="row", squeeze=False, gridspec_kw={"height_ratios": (4, 1)},
        )  # fmt: skip
        for column, (model, rows) in enumerate(tables.items()):
            grid[0, column].set_title(words.name("models", model), fontsize=9)
            _reliability(grid[0, column], rows)
            _counts(grid[1, column], rows)
        grid[0, 0].set_ylabel(words.say("observed"))
        grid[1, 0].set_ylabel(words.say("customers"))
        figure.supxlabel(words.say("predicted"), fontsize=9, color=COLOURS["muted"])
    return figure


def _reliability(axes: Axes, rows: Sequence[Mapping[str, float]]) -> None:
    from matplotlib.ticker import PercentFormatter

    n = np.array([row["n"] for row in rows])
    predicted, observed = (
        np.array([row[part] for row in rows]) for part in ("predicted", "observed")
    )
    _, low, high = wilson(np.rint(observed * n), n)
    axes.plot([0, 1], [0, 1], color=COLOURS["muted"], linewidth=1, linestyle=(0, (4, 3)))
    axes.vlines(predicted, low, high, color=COLOURS["blue"], linewidth=1.3)
    axes.plot(predicted, observed, "o", color=COLOURS["blue"], markersize=4.5)
    axes.set(xlim=(0, 1), ylim=(0, 1), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.grid(color=COLOURS["grid"], linewidth=0.7)
    axes.set_axisbelow(True)


def _counts(axes: Axes, rows: Sequence[Mapping[str, float]]) -> None:
    low, high, n = ([row[part] for row in rows] for part in ("low", "high", "n"))
    widths = np.array(high) - np.array(low)
    axes.bar(low, n, width=0.9 * widths, align="edge", color=COLOURS["grid"])
    axes.locator_params(axis="y", nbins=2)


def as_svg(figure: Figure, description: str = "") -> str:
    """Return a figure as an `<svg>` element for a page.

    It loads nothing, holds no date, its ids start with the figure's label, and the colours are
    the page's variables `--ink`, `--muted`, … where it sets them.

    Args:
        figure: as the functions of this module return it.
        description: read aloud in place of the picture.
    """
    from matplotlib import rc_context

    name, file = figure.get_label(), StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}), warnings.catch_warnings():
        # the browser draws them: only the measuring font lacks Chinese glyphs
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(file, format="svg", metadata={"Date": None}, facecolor="none")
    svg = file.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r'\s(?:xmlns(?::xlink)?|version)="[^"]*"', "", svg)
    return _themed(_named(svg, name)).replace(
        "<svg", f'<svg role="img" aria-label="{escape(description)}"', 1
    )


def _named(svg: str, name: str) -> str:
    """Keep only the ids that are referred to, prefixed with `name`."""
    used = set(re.findall(r'(?:url\(|xlink:href=")#([\w-]+)', svg))

    def rename(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r'\sid="([^"]*)"', rename, svg)
    return re.sub(r'(url\(|xlink:href=")#', rf"\1#{name}-", svg)


def _themed(svg: str) -> str:
    """Replace the colours of `COLOURS`, and white, by variables of the page."""
    for name, colour in (*COLOURS.items(), ("paper", "#ffffff")):
        svg = svg.replace(colour, f"var(--{name}, {colour})")
    return svg

"""Rows of estimates with intervals, each under its label so that a narrow screen can show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from churnlens.pipelines.reporting.svg import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Estimate = Mapping[str, float] | None

WIDTH, LINE, MARGIN = 4.7, 0.168, 0.8  # inches: of a figure, of a line of it, around its axes
LABEL = 54  # characters that fit into the width
STYLE: dict[Any, Any] = {
    "axes.edgecolor": COLOURS["grid"],
    "axes.labelcolor": COLOURS["muted"],
    "axes.spines.top": False,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "legend.frameon": False,
    "legend.labelcolor": COLOURS["ink"],
    "text.color": COLOURS["ink"],
    "text.parse_math": False,
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["muted"],
}


@dataclass(frozen=True)
class Series:
    """How one kind of estimate is drawn; `hollow` marks are filled with paper."""

    label: str
    colour: str
    marker: str
    hollow: bool = False


@dataclass(frozen=True)
class Row:
    """A label and one estimate (`value`, `low`, `high`) or None per series."""

    label: str
    estimates: tuple[Estimate, ...]


def new_figure(name: str, height: float) -> Figure:
    """Return an empty figure `height` inches high; its label tells its ids from others'."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.set_label(name)
    return figure


def dot_plot(
    name: str,
    rows: Sequence[Row],
    series: Sequence[Series],
    empty: str,
    reference: float | None = None,
) -> Figure:
    """Return a figure of rows under their labels, with a key above.

    Args:
        name: label of the figure.
        rows: from top to bottom.
        series: how the estimates of each row are drawn, one line each.
        empty: what is printed in place of no rows.
        reference: value at which every row has a vertical line.
    """
    from matplotlib import rc_context

    pitch = len(series) + 1.6
    lines = max(len(rows), 1) * pitch
    with rc_context(STYLE):
        figure = new_figure(name, lines * LINE + MARGIN + LINE * len(series))
        axes = figure.add_subplot()
        axes.set_ylim(lines, 0)
        axes.set_yticks([])
        axes.grid(axis="x", color=COLOURS["grid"], linewidth=0.7)
        axes.set_axisbelow(True)
        if not rows:
            axes.text(0.5, 0.5, empty, transform=axes.transAxes, ha="center", va="center")
        for place, row in enumerate(rows):
            _draw(axes, place * pitch, row, series, reference)
        handles = [_key(each) for each in series]
        figure.legend(handles=handles, loc="outside upper left", fontsize=9.5)
    return figure


def shorten(label: str) -> str:
    """Return a label that fits into a figure's width; wide (Chinese) characters count twice."""
    widths = (2 if east_asian_width(each) in "WF" else 1 for each in label)
    fitting = sum(1 for total in accumulate(widths) if total <= LABEL)
    return label if fitting == len(label) else label[: fitting - 1] + "…"


def _draw(
    axes: Axes, top: float, row: Row, series: Sequence[Series], reference: float | None
) -> None:
    beside = axes.get_yaxis_transform()
    axes.text(0, top + 0.8, shorten(row.label), transform=beside, va="center", in_layout=False)
    if reference is not None:
        ends = (top + 1.3, top + 1.3 + len(series))
        axes.vlines(reference, *ends, color=COLOURS["muted"], linewidth=1)
    for line, (estimate, each) in enumerate(zip(row.estimates, series, strict=True)):
        if estimate is not None:
            _mark(axes, top + 1.8 + line, estimate, each)


def _mark(axes: Axes, y: float, estimate: Mapping[str, float], series: Series) -> None:
    bounds, value = [estimate["low"], estimate["high"]], [estimate["value"]]
    style: dict[str, Any] = {"color": series.colour, "clip_on": False}
    axes.plot(bounds, [y, y], linewidth=1.3, solid_capstyle="butt", **style)
    axes.plot(value, [y], series.marker, markersize=5.5, markerfacecolor=_face(series), **style)


def _key(series: Series) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        color=series.colour,
        marker=series.marker,
        markersize=5.5,
        markerfacecolor=_face(series),
        linewidth=1.3,
        label=series.label,
    )


def _face(series: Series) -> str:
    return COLOURS["paper"] if series.hollow else series.colour

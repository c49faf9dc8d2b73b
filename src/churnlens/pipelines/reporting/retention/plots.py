"""Figure of the report on whom to keep; see `reporting.plots`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from churnlens.pipelines.reporting.dotplot import STYLE, new_figure
from churnlens.pipelines.reporting.strings import load_strings
from churnlens.pipelines.reporting.svg import COLOURS
from churnlens.schema import Language
from churnlens.tasks.clv.segments import NAMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_value_at_risk(
    segments: Sequence[Mapping[str, Any]], currency: str, language: Language
) -> Figure:
    """Return the value at risk of each segment as bars, the largest on top.

    Args:
        segments: rows of `segments.segment_table`.
        currency: of the values.
        language: of the labels.
    """
    from matplotlib import rc_context
    from matplotlib.ticker import StrMethodFormatter

    words = load_strings(language)
    rows = sorted(segments, key=lambda row: row["value_at_risk"])
    with rc_context(STYLE):
        figure = new_figure("value-at-risk", 0.8 + 0.34 * len(rows))
        axes = figure.add_subplot(xlabel=words.say("at_risk_axis", currency=currency))
        names = [words.of(NAMES[row["segment"]]) for row in rows]
        axes.barh(names, [row["value_at_risk"] for row in rows], color=COLOURS["blue"], height=0.6)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.locator_params(axis="x", nbins=5)
        axes.grid(axis="x", color=COLOURS["grid"], linewidth=0.7)
        axes.set_axisbelow(True)
    return figure

"""How good values are: figures of the reports on value and on whom to keep; see `plots`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from churnlens.pipelines.reporting.dotplot import STYLE, new_figure
from churnlens.pipelines.reporting.strings import Strings, load_strings
from churnlens.pipelines.reporting.svg import COLOURS, as_svg
from churnlens.schema import Language

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

_DASHES = (0, (4, 3))
_FRAMED: dict[Any, Any] = STYLE | {"axes.spines.left": True}


def value_figures(metrics: Mapping[str, Any], language: Language) -> dict[str, Figure]:
    """Return the Gini curve (`gini`) and the decile calibration (`deciles`) on the test cut.

    Args:
        metrics: of task clv; the chosen model, the parametric one and the mean rate are drawn.
        language: of the labels.
    """
    scores = metrics["scores"]
    shown = list(dict.fromkeys([scores["best"], parametric(scores), "mean_rate"]))
    deciles = {each["model"]: each["deciles"] for each in scores["models"]}
    drawn = {name: deciles[name] for name in shown}
    return {
        "gini": plot_gini(metrics["curves"], shown, language),
        "deciles": plot_deciles(drawn, metrics["currency"], language),
    }


def value_svgs(metrics: Mapping[str, Any], words: Strings) -> dict[str, Markup]:
    """Return the figures for a page, each described in its words."""
    from markupsafe import Markup

    figures = value_figures(metrics, words.language)
    drawn = {name: as_svg(each, words.say(f"{name}_figure")) for name, each in figures.items()}
    return {name: Markup(each) for name, each in drawn.items()}  # noqa: S704 (as_svg escapes)


def parametric(scores: Mapping[str, Any]) -> str:
    """Return the name of the parametric model: the first that the stack weighs."""
    return next(iter(scores["weights"]))


def plot_gini(
    curves: Mapping[str, Sequence[Mapping[str, float]]], shown: Sequence[str], language: Language
) -> Figure:
    """Return how much of all spend the customers ranked highest have, model by model.

    Args:
        curves: model → points of `customers` and `spend`, both shares.
        shown: models that are drawn, the best first; the ideal ranking `perfect` always is.
        language: of the labels.
    """
    from matplotlib import rc_context
    from matplotlib.ticker import PercentFormatter

    words = load_strings(language)
    colours = [COLOURS["blue"], COLOURS["rust"], COLOURS["muted"]]
    with rc_context(_FRAMED):
        figure = new_figure("gini", 3.4)
        axes = figure.add_subplot(xlabel=words.say("share_of_customers"), xlim=(0, 1), ylim=(0, 1))
        axes.set_ylabel(words.say("share_of_spend"))
        axes.plot([0, 1], [0, 1], color=COLOURS["grid"], linewidth=1)
        drawn = [("perfect", COLOURS["ink"], 0.8), *((m, c, 1.6) for m, c in zip(shown, colours))]  # noqa: B905
        for model, colour, width in drawn:
            points = [[row[part] for row in curves[model]] for part in ("customers", "spend")]
            dashes = _DASHES if model == "perfect" else "solid"
            label = words.name("value_models", model)
            axes.plot(*points, color=colour, linewidth=width, linestyle=dashes, label=label)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
        figure.legend(loc="outside upper left", fontsize=9.5)
    return figure


def plot_deciles(
    models: Mapping[str, Sequence[Sequence[float]]], currency: str, language: Language
) -> Figure:
    """Return predicted against actual spend of tenths of customers, with the diagonal.

    Args:
        models: name → mean predicted and mean actual spend of each tenth; at most three.
        currency: of both.
        language: of the labels.
    """
    from matplotlib import rc_context

    words = load_strings(language)
    looks = zip(("blue", "rust", "muted"), "oDs", strict=True)
    with rc_context(_FRAMED):
        figure = new_figure("deciles", 3.4)
        axes = figure.add_subplot(xlabel=words.say("predicted_spend", currency=currency))
        axes.set_ylabel(words.say("actual_spend", currency=currency))
        most = max(max(pair) for rows in models.values() for pair in rows) or 1.0
        axes.plot([0, most], [0, most], color=COLOURS["muted"], linewidth=1, linestyle=_DASHES)
        for (name, rows), (colour, marker) in zip(models.items(), looks):  # noqa: B905
            label = words.name("value_models", name)
            style: dict[str, Any] = {"color": COLOURS[colour], "markersize": 4.5, "label": label}
            axes.plot(*zip(*rows, strict=True), marker, linestyle="none", **style)
        axes.grid(color=COLOURS["grid"], linewidth=0.7)
        axes.set_axisbelow(True)
        figure.legend(loc="outside upper left", fontsize=9.5)
    return figure

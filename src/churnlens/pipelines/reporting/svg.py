"""Figures as elements of a page: they load nothing, and take the page's fonts and colours."""

from __future__ import annotations

import re
import warnings
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# variable of the page → colour on white paper
COLOURS = {
    "ink": "#1c2126",
    "muted": "#68717c",
    "grid": "#dde1e6",
    "blue": "#1f6aa5",
    "rust": "#b9501c",
    "paper": "#ffffff",
}


def as_svg(figure: Figure, description: str = "") -> str:
    """Return a figure as an `<svg>` element for a page.

    It loads nothing, holds no date, its ids start with the figure's label, and the colours are
    the page's variables `--ink`, `--muted`, … where it sets them.

    Args:
        figure: as the functions of this module return it.
        description: read aloud in place of the picture.
    """
    from matplotlib import rc_context

    name, file = str(figure.get_label()), StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}), warnings.catch_warnings():
        # the browser draws them: only the measuring font lacks Chinese glyphs
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(file, format="svg", facecolor="none")
    svg = file.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r'\s(?:xmlns(?::xlink)?|version)="[^"]*"', "", svg)
    return _themed(_named(svg, name)).replace(
        "<svg", f'<svg role="img" aria-label="{escape(description)}"', 1
    )


def _named(svg: str, name: str) -> str:
    """Keep only the ids that are referred to, prefixed with `name`."""
    used = set(re.findall(r'(?:url\(|xlink:href=")#([\w-]+)', svg))

    def _rename(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r'\sid="([^"]*)"', _rename, svg)
    return re.sub(r'(url\(|xlink:href=")#', rf"\1#{name}-", svg)


def _themed(svg: str) -> str:
    """Replace the colours by variables of the page."""
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name}, {colour})")
    return svg

"""Reports as one HTML page each, in English or Chinese, that needs nothing else."""

from __future__ import annotations

from typing import Any

from churnlens import __version__
from churnlens.pipelines.reporting.formats import filters
from churnlens.pipelines.reporting.strings import Strings

HTML_LANG = {"en": "en", "zh": "zh-Hans"}


def render_page(template: str, words: Strings, **slots: Any) -> str:
    """Return a page; equal slots give equal bytes, and whatever comes from them is escaped.

    Args:
        template: `TASK/NAME.html` below this folder, which extends `page.html`.
        words: of the page.
        slots: what the template shows, among them `title`, `lead` and `sections`.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters(words.language)
    return environment.get_template(template).render(
        t=words, language=words.language, html_lang=HTML_LANG, version=__version__, **slots
    )

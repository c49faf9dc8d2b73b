"""Set phrases and asides, rewritten before a text is cut into words.

What is rewritten is a way of speaking, in any trade: "revenue at risk aside, …", 从收入角度看,
均未订购 (都没订), "renew every month", "by what means". The patterns are in `idioms.yml`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def _idioms() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return every pattern and what stands instead, in the order in which they are applied."""
    source = files(__package__).joinpath("idioms.yml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(source)

    def compiled(pattern: str) -> re.Pattern[str]:
        for name, listed in raw["lists"].items():
            pattern = pattern.replace(f"{{{name}}}", listed)
        return re.compile(pattern)

    return tuple((compiled(pattern), new) for pattern, new in raw["idioms"])


def without_idioms(text: str) -> str:
    """Return a cleaned text with its set phrases said plainly.

    Args:
        text: lower case, half-width, simplified characters, without contractions.

    Returns:
        The text; a second time changes nothing more.
    """
    for pattern, new in _idioms():
        text = pattern.sub(new, text)
    return text

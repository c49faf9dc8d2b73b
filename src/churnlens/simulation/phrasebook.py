"""The words of the simulator, read from ``phrases_en.yml`` and ``phrases_zh.yml``."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import yaml

LANGUAGES = ("en", "zh")
_SLOT = re.compile(r"\{(\w+)\}")


def expand(template: str, slots: dict[str, list[str]]) -> list[str]:
    """Return every sentence that a template stands for; unknown slots are kept as they are."""
    names = [name for name in _SLOT.findall(template) if name in slots]
    sentences = []
    for values in product(*(slots[name] for name in names)):
        sentence = template
        for name, value in zip(names, values, strict=True):
            sentence = sentence.replace(f"{{{name}}}", value, 1)
        sentences.append(sentence)
    return sentences


def _expanded(part: Any, slots: dict[str, list[str]]) -> Any:
    if isinstance(part, dict):
        return {key: _expanded(value, slots) for key, value in part.items()}
    return [expand(template, slots) for template in part]


@cache
def phrasebook(language: str) -> dict[str, Any]:
    """Read a language's phrases, with every template expanded to the sentences it stands for.

    Args:
        language: ``en`` or ``zh``.

    Returns:
        The keys of the file; under `openings`, `fillers`, `closings` and `reasons` each template
        has become the list of its sentences. Shared between callers: do not change it.
    """
    raw = files(__package__).joinpath(f"phrases_{language}.yml").read_text(encoding="utf-8")
    book: dict[str, Any] = yaml.safe_load(raw)
    spoken = ("openings", "fillers", "closings", "reasons")
    return {**book, **{key: _expanded(book[key], book["slots"]) for key in spoken}}

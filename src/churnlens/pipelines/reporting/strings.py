"""The reports' own words in two languages: what they share, and a `strings.yml` beside each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from churnlens.schema import Frozen, Language, Text


class Term(Frozen):
    """A word of the glossary."""

    name: Text
    text: Text


class Wordbook(Frozen):
    """A file: phrases by key, names of keys by group, and the glossary."""

    phrases: dict[str, Text]
    groups: dict[str, dict[str, Text]] = {}
    terms: tuple[Term, ...] = ()


@cache
def read_wordbook() -> Wordbook:
    """Read what reports share and the words of each; no phrase or group is in two files."""
    books = [
        Wordbook.model_validate(yaml.safe_load(path.read_text("utf-8")))
        for path in sorted(Path(__file__).parent.rglob("strings.yml"))
    ]
    return Wordbook(
        phrases=_joined([book.phrases for book in books]),
        groups=_joined([book.groups for book in books]),
        terms=tuple(term for book in books for term in book.terms),
    )


def _joined(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the parts as one; ValueError for a key that two of them have."""
    counts = Counter(key for part in parts for key in part)
    if twice := sorted(key for key, count in counts.items() if count > 1):
        raise ValueError(f"reporting strings: {twice} stand in two files; give one another name")
    return {key: value for part in parts for key, value in part.items()}


@dataclass(frozen=True)
class Strings:
    """The words in one language."""

    language: Language
    book: Wordbook

    def say(self, key: str, **slots: Any) -> str:
        """Return a phrase with its slots filled; KeyError for an unknown phrase or slot."""
        return self.book.phrases[key].of(self.language).format(**slots)

    def name(self, group: str, key: str) -> str:
        """Return what a key of the data is called; a key without a name is shown as it is."""
        known = self.book.groups[group].get(key)
        return known.of(self.language) if known else key.replace("_", " ")

    def names(self, group: str) -> list[str]:
        """Return all names of a group, in the order of the file."""
        return [text.of(self.language) for text in self.book.groups[group].values()]

    def of(self, text: Mapping[str, str] | Text) -> str:
        """Return a phrase of the schema in this language."""
        return text.of(self.language) if isinstance(text, Text) else text[self.language]

    def theme(self, theme: Mapping[str, Any]) -> str:
        """Return the name of a theme of `build_overview`: complaint or praise, and the reason."""
        return self.say(theme["polarity"], reason=self.of(theme["label"]))


def load_strings(language: Language) -> Strings:
    """Return the words in a language."""
    return Strings(language=language, book=read_wordbook())

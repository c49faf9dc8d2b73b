"""The reports' own words in two languages: `strings.yml`, and a file for each further report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from churnlens.schema import Frozen, Language, Text


class Term(Frozen):
    """A word of the glossary."""

    name: Text
    text: Text


class Wordbook(Frozen):
    """The file: phrases by key, names of keys by group, and the glossary."""

    phrases: dict[str, Text]
    groups: dict[str, dict[str, Text]] = {}
    terms: tuple[Term, ...] = ()


FILES = (
    "strings.yml",
    "strings_satisfaction.yml",
    "strings_service.yml",
    "strings_summary.yml",
    "strings_value.yml",
)


@cache
def read_wordbook() -> Wordbook:
    """Read the files, which stand beside this module; no phrase or group is in two of them."""
    books = [
        Wordbook.model_validate(
            yaml.safe_load(files(__package__).joinpath(name).read_text("utf-8"))
        )
        for name in FILES
    ]
    return Wordbook(
        phrases=_joined([book.phrases for book in books]),
        groups=_joined([book.groups for book in books]),
        terms=books[0].terms,
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

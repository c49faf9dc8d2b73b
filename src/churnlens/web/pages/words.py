"""The pages' words in two languages, and which of them a visitor reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, get_args

import yaml
from fastapi import Request

from churnlens.schema import Frozen, Language, Text

COOKIE = "churnlens_language"
PARAMETER = "lang"
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Book(Frozen):
    """The file: phrases by key, names of keys by group."""

    phrases: dict[str, Text]
    groups: dict[str, dict[str, Text]]


@cache
def read_book() -> Book:
    """Read `strings.yml`, which stands beside this module."""
    text = files(__package__).joinpath("strings.yml").read_text("utf-8")
    return Book.model_validate(yaml.safe_load(text))


@dataclass(frozen=True)
class Words:
    """The words in one language."""

    language: Language

    def say(self, key: str, **slots: Any) -> str:
        """Return a phrase with its slots filled; KeyError for an unknown phrase or slot."""
        return read_book().phrases[key].of(self.language).format(**slots)

    def name(self, group: str, key: object) -> str:
        """Return what a key of the data is called; a key without a name is shown as it is."""
        known = read_book().groups[group].get(str(key))
        return known.of(self.language) if known else str(key).replace("_", " ")

    def group(self, group: str) -> dict[str, str]:
        """Return the names of a group by key."""
        return {key: text.of(self.language) for key, text in read_book().groups[group].items()}


def asked_language(request: Request) -> Language | None:
    """Return the language that the address asks for, if it does."""
    return _known(request.query_params.get(PARAMETER, ""))


def language_of(request: Request) -> Language:
    """Return the language of a visitor: asked for now, chosen before, or the browser's."""
    browser = request.headers.get("accept-language", "").strip()[:2].lower()
    chosen = request.cookies.get(COOKIE, "")
    return asked_language(request) or _known(chosen) or _known(browser) or "en"


def _known(text: str) -> Language | None:
    return next((language for language in LANGUAGES if language == text), None)

"""The policy handbook: passages in two languages over facts that are written once.

A passage's text names a fact as `{return_days}`; its value stands in the file's `facts`. So the two
languages cannot disagree, and neither can a dialogue that names the same fact. Knowledge is added
by a passage in one of the files of `conf/base/service/handbook`, or by a file; nothing is trained.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, StringConstraints, model_validator

from churnlens.schema import Frozen, Language, Text, Words

Kind = Literal["fact", "case", "rule"]
Fact = int | float | str
Slot = Literal["order_number", "contract_number", "claim_number", "transaction"]
PassageId = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_]+$")]

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
"""A figure as it stands in a text: 30, 1,000, 2.5, 14:00."""


class Passage(Frozen):
    """What the company says about one thing.

    Attributes:
        intent: what a customer wants who is answered by it.
        kind: `fact` answers a question; `case` also says what a colleague needs for a case of
            one's own; `rule` is about what the assistant does and does not do.
        needs: what a case cannot be passed on without.
        title: its heading.
        text: with facts in braces.
        asked: questions that it answers, as customers put them.
    """

    intent: Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")]
    kind: Kind
    needs: tuple[Slot, ...] = ()
    title: Text
    text: Text
    asked: Words

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.kind == "case") != bool(self.needs):
            raise ValueError("'needs' belong to a case, and only to one")
        if facts_in(self.text.en) != facts_in(self.text.zh):
            odd = sorted(facts_in(self.text.en) ^ facts_in(self.text.zh))
            raise ValueError(f"facts of one language only: {', '.join(odd)}")
        if not (self.asked.en and self.asked.zh):
            raise ValueError("expected a question in each language under 'asked'")
        return self


class Handbook(Frozen):
    """All passages, by id, and the facts that they name."""

    facts: dict[str, Fact]
    passages: dict[PassageId, Passage] = Field(min_length=1)

    @model_validator(mode="after")
    def _facts_exist(self) -> Self:
        for key, passage in self.passages.items():
            if unknown := facts_in(passage.text.en) - self.facts.keys():
                raise ValueError(f"{key}: no such fact: {', '.join(sorted(unknown))}")
            if NUMBER.search(re.sub(r"\{\w+\}", "", passage.text.en + passage.text.zh)):
                raise ValueError(f"{key}: a number in the text; write it under 'facts'")
        if idle := self.facts.keys() - facts_in(*(p.text.en for p in self.passages.values())):
            raise ValueError(f"facts that no passage names: {', '.join(sorted(idle))}")
        return self

    @cached_property
    def intents(self) -> dict[str, str]:
        """Passage id → intent."""
        return {key: passage.intent for key, passage in self.passages.items()}

    def fill(self, text: str) -> str:
        """Return a text with the values of its facts; KeyError for one that does not exist."""
        return text.format_map(self.facts)

    def text(self, key: str, language: Language) -> str:
        """Return what a passage says; KeyError when there is none."""
        return self.fill(self.passages[key].text.of(language))

    def questions(self, language: Language) -> Iterator[tuple[str, str]]:
        """Yield (passage id, question) for every question that a passage is known to answer."""
        for key, passage in self.passages.items():
            yield from ((key, question) for question in getattr(passage.asked, language))


def facts_in(*texts: str) -> set[str]:
    """Return the names in braces."""
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def load_handbook(folder: Path) -> Handbook:
    """Read every `*.yml` of a folder.

    Raises:
        ValueError: when there is none, or a fact or passage stands in two files; pydantic's
            ValidationError, which is one, names the passage at fault.
    """
    if not (files := sorted(folder.glob("*.yml"))):
        raise ValueError(f"no handbook: expected *.yml files in {folder}")
    return handbook_of({path.name: yaml.safe_load(path.read_text("utf-8")) for path in files})


def handbook_of(files: Mapping[str, Any]) -> Handbook:
    """Join the read files of a handbook; see `load_handbook`."""
    joined: dict[str, dict[str, Any]] = {"facts": {}, "passages": {}}
    for name, content in files.items():
        for part, values in joined.items():
            found = (content or {}).get(part) or {}
            if twice := values.keys() & found.keys():
                raise ValueError(f"{name}: in another file too: {', '.join(sorted(twice))}")
            values.update(found)
        if unknown := (content or {}).keys() - joined.keys():
            raise ValueError(f"{name}: got {sorted(unknown)[0]!r}, expected facts and passages")
    return Handbook.model_validate(joined)

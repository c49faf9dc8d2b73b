"""The assistant's own words, as data (`prompts/service.yml`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import yaml

from churnlens.schema import Frozen, Language, Text
from churnlens.tasks.service.handbook import Handbook, Slot
from churnlens.tasks.service.scripts import Status

DOES: dict[Status, Text] = {
    "answered": Text(en="answers", zh="回答"),
    "asks": Text(en="asks", zh="询问"),
    "refused": Text(en="refuses", zh="拒绝"),
    "handed_over": Text(en="hands over", zh="转交"),
}
"""How a model writes what it does, as in the written dialogues."""


def joined(texts: Iterable[str], language: Language) -> str:
    """Return sentences one after another, as a language writes them."""
    return ("" if language == "zh" else " ").join(texts)


class ServicePrompts(Frozen):
    """What is written around passages.

    Attributes:
        system: before a conversation with a model; `{passages}` is filled.
        asks: for each thing that a case needs, and for `what` is wanted.
        hands_over: with `{value}` of what the case needs.
        without: where the customer does not have what a case needs.
        unread: where a number has not the shape that a case needs.
        passes: where a conversation is handed over on the customer's wish.
        again: after a case was handed over.
        thanks: after thanks.
        unsure: before the scope, when nothing is known about a turn.
    """

    system: Text
    asks: dict[Slot | Literal["what"], Text]
    hands_over: Text
    without: Text
    unread: Text
    passes: Text
    again: Text
    thanks: Text
    unsure: Text

    def instructions(self, handbook: Handbook, passages: list[str], language: Language) -> str:
        """Return the system turn of a conversation: the rules, and the passages as they come."""
        lines = (
            f"[{key}] {handbook.passages[key].title.of(language)}: {handbook.text(key, language)}"
            for key in dict.fromkeys(passages)
        )
        return self.system.of(language).format(passages="\n".join(lines)).strip()


def load_prompts(path: Path) -> ServicePrompts:
    """Read the prompts; pydantic's ValidationError names the key at fault."""
    return ServicePrompts.model_validate(yaml.safe_load(path.read_text("utf-8")))

"""Everything that a reply rests on, in one object that never changes while replies are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from churnlens.models.embedding import TextEncoder
from churnlens.options import AssistantOptions
from churnlens.schema import Language
from churnlens.tasks.service.handbook import Handbook
from churnlens.tasks.service.prompts import ServicePrompts
from churnlens.tasks.service.rules import Rules
from churnlens.tasks.service.scripts import Script
from churnlens.tasks.service.search import LANGUAGES, Found, PassageIndex, build_indices

__all__ = ["LANGUAGES", "Knowledge", "build_knowledge"]


@dataclass(frozen=True)
class Knowledge:
    """The handbook with its indices, the rules, the wording, and how they are used."""

    handbook: Handbook
    rules: Rules
    prompts: ServicePrompts
    indices: Mapping[Language, PassageIndex]
    encoder: TextEncoder
    options: AssistantOptions

    def find(self, text: str, language: Language, vector: np.ndarray | None = None) -> list[Found]:
        """Return all passages for a turn, the best first.

        Args:
            text: of the turn.
            language: in which it is written.
            vector: of the text as a query, where it is known already; shape (dimensions,).
        """
        if vector is None:
            vector = self.encoder.encode([text], query=True)[0]
        return self.indices[language].search(text, vector, self.options.search)


def build_knowledge(
    handbook: Handbook,
    rules: Rules,
    prompts: ServicePrompts,
    encoder: TextEncoder,
    options: AssistantOptions,
    scripts: Iterable[Script] = (),
    others: Sequence[str] = (),
) -> Knowledge:
    """Build the indices of both languages.

    Args:
        handbook: the passages.
        rules: patterns that decide before any search.
        prompts: the assistant's own words.
        encoder: of texts in both languages.
        options: how all this is used.
        scripts: written dialogues of the training side.
        others: requests that are none of the assistant's business, in either language.

    Raises:
        ValueError: when a sign of the rules names a passage that the handbook lacks.
    """
    if unknown := {sign.passage for sign in rules.signs} - handbook.passages.keys():
        raise ValueError(f"rules: no such passage in the handbook: {', '.join(sorted(unknown))}")
    indices = build_indices(handbook, encoder, scripts, others, options.search.shrinkage)
    return Knowledge(handbook, rules, prompts, indices, encoder, options)

"""Who puts findings into sentences: a template, or a language model inside a grammar.

Either way a writer only writes: which finding is said, which numbers belong to it and which
feedback illustrates it was decided by the table before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from churnlens.evidence.checks import Claim
from churnlens.evidence.drivers import Outcome
from churnlens.evidence.statements import Finding
from churnlens.evidence.wording import as_sentence
from churnlens.models.generation import Completion, Message, Request
from churnlens.models.grammar import compile_grammar, record, sentence, subset
from churnlens.privacy.untrusted import fence
from churnlens.schema import Frozen, Language
from churnlens.tasks.churn.briefs import Brief

CITED = 2
Draft = tuple[Claim, Finding]


class Writer(Protocol):
    """Turns briefs into claims."""

    @property
    def name(self) -> str:
        """What answers name as their `model`."""

    def speaks(self, language: Language) -> bool:
        """Whether it writes acceptable sentences in `language`."""

    def write(self, briefs: Sequence[Brief]) -> list[list[Draft]]:
        """Return the claims of each brief, one per finding at most, unchecked."""


class TemplateWriter:
    """Says every finding in the frames of the prompts' `wording`: what a model must beat."""

    name = "template"

    def speaks(self, language: Language) -> bool:
        """Whether it has frames for `language`: it has both."""
        return language in ("en", "zh")

    def write(self, briefs: Sequence[Brief]) -> list[list[Draft]]:
        """Return each finding's own sentence with its first illustrations."""
        return [[(plain_claim(finding), finding) for finding in brief.findings] for brief in briefs]


def plain_claim(finding: Finding) -> Claim:
    """Return a finding as it stands, with its first illustrations."""
    return Claim(
        text=finding.sentence,
        stat_ids=finding.stat_ids,
        doc_ids=finding.doc_ids[: _cited(finding)],
    )


def _cited(finding: Finding) -> int:
    """Return how many documents a claim cites: of voices all, since it names their reasons."""
    return len(finding.doc_ids) if finding.kind == "voices" else min(CITED, len(finding.doc_ids))


class Shapes(Frozen):
    """What a small model may write about a finding, as regular expressions with slots."""

    rate: str
    compared: str
    odds: str
    level: str
    open: str
    voices: str
    complaint: str
    praise: str

    def of(self, finding: Finding) -> dict[str, Any]:
        """Return the JSON schema of one English sentence about `finding` that is true to it."""
        shape = self._shape(finding)
        subject = finding.subject
        slots = {"subject": subject, "Subject": as_sentence(subject), "other": finding.other}
        slots |= outcome_words(finding.outcome, "en") | direction_words(finding.more)
        for name, words in slots.items():
            shape = shape.replace(f"{{{name}}}", re.escape(words))
        return {"type": "string", "pattern": f"^{shape}$"}

    def _shape(self, finding: Finding) -> str:
        if finding.kind == "theme":
            return self.complaint if finding.outcome == "left" else self.praise
        if finding.kind in ("rate", "voices"):
            return self.rate if finding.kind == "rate" else self.voices
        if finding.kind == "exposure":
            return self.odds if finding.more is not None else self.open
        return self.compared if finding.more is not None else self.level


def outcome_words(outcome: Outcome, language: Language) -> dict[str, str]:
    """Return the forms of the asked outcome, and `stayed` for its opposite, as frames name them."""
    left = outcome == "left"
    if language == "zh":
        word, other = ("流失", "留存") if left else ("留存", "流失")
        return {"leave": word, "left": word, "leaving": word, "stayed": other}
    if left:
        return {"leave": "leave", "left": "left", "leaving": "leaving", "stayed": "stayed"}
    return {"leave": "stay", "left": "stayed", "leaving": "staying", "stayed": "left"}


def direction_words(more: bool | None) -> dict[str, str]:
    """Return the English words of a direction, as frames name them."""
    return {"more": "less", "higher": "lower"} if more is False else _MORE


_MORE = {"more": "more", "higher": "higher"}


@dataclass(frozen=True, eq=False)
class ModelWriter:
    """A language model that writes one sentence per finding, inside a grammar.

    In its prompts documents have marks, D1, D2, …: two tokens where an id takes eight, and safe
    whatever signs the id has.

    Attributes:
        name: of the model, as answers name it.
        generator: anything with `generate(requests)`; see `models.generation.Generator`.
        system: the system prompt.
        languages: in which it may write.
        shapes: for a small model, what its sentences may be; None allows any without digits.
        max_new_tokens: per sentence.
    """

    name: str
    generator: Any
    system: str
    languages: tuple[str, ...]
    shapes: Shapes | None
    max_new_tokens: int

    def speaks(self, language: Language) -> bool:
        """Whether the model's lock entry names `language`."""
        return language in self.languages

    def write(self, briefs: Sequence[Brief]) -> list[list[Draft]]:
        """Return one claim per finding; a sentence that is not whole JSON is left out.

        An answer is a batch of its own: its requests begin with the same documents, which are
        read once, and its bytes do not depend on which other answers are written.
        """
        return [self._write(brief) for brief in briefs]

    def _write(self, brief: Brief) -> list[Draft]:
        marks = {document.id: f"D{n}" for n, document in enumerate(brief.documents, start=1)}
        quotes = fence({marks[document.id]: document.quote for document in brief.documents})
        requests = [
            self._request(brief.language, finding, quotes.block, marks)
            for finding in brief.findings
        ]
        completions = self.generator.generate(requests)
        known = {mark: key for key, mark in marks.items()}
        return [
            (self._claim(completion, finding, known), finding)
            for completion, finding in zip(completions, brief.findings, strict=True)
        ]

    def _request(
        self, language: Language, finding: Finding, quotes: str, marks: dict[str, str]
    ) -> Request:
        user = f"{quotes}\nFinding: {finding.sentence}\nWrite one sentence about the finding."
        fields = {"text": self._sentence(language, finding)}
        if shown := [marks[key] for key in finding.doc_ids if key in marks]:
            most = _cited(finding)
            least = most if finding.kind == "voices" else 1
            fields["documents"] = subset(shown, min_items=least, max_items=most)
        return Request(
            key=finding.subject,
            messages=(
                Message(role="system", content=self.system),
                Message(role="user", content=user),
            ),
            grammar=compile_grammar(record(fields)),
            max_new_tokens=self.max_new_tokens,
        )

    def _sentence(self, language: Language, finding: Finding) -> dict[str, Any]:
        if self.shapes is not None and language == "en":
            return self.shapes.of(finding)
        return sentence(30, chinese=language == "zh")

    @staticmethod
    def _claim(completion: Completion, finding: Finding, known: dict[str, str]) -> Claim:
        """Return a claim with its figures; `known` is mark → document id."""
        written = json.loads(completion.text)
        body = str(written["text"]).rstrip(".。")
        stop = "。" if body and ord(body[-1]) > 0x2E80 else "."
        return Claim(
            text=f"{body} ({finding.figures}){stop}",
            stat_ids=finding.stat_ids,
            doc_ids=tuple(known[mark] for mark in written.get("documents", ())),
        )

"""Who writes summaries: one interface, from a constant answer to a tuned model.

A writer returns one draft a dialogue, in order. Texts of a draft come with the turns that show each
field; a model names none, so `evidence_of` finds them by shared words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from churnlens.dialogues.form import Dialogue
from churnlens.evaluation.number_fidelity import unsupported_numbers
from churnlens.evaluation.summary_fields import lead_fields
from churnlens.models.constraint import RequestError
from churnlens.models.generation import Completion, Request
from churnlens.schema import Frozen, Language
from churnlens.tasks.summary.contract import (
    CLOSED,
    TEXTS,
    FieldName,
    Summary,
    SummaryError,
    grammar_for,
    read_summary,
    summary_of,
)
from churnlens.tasks.summary.extractive import Extractive
from churnlens.tasks.summary.prompting import SummaryPrompt, messages
from churnlens.tasks.summary.units import tokens

AT_ONCE: Final = 500  # dialogues that are read together, so that many do not fill the memory
NOTHING: Final[dict[FieldName, dict[Language, str]]] = {
    "user_problem": {"en": "Not stated.", "zh": "未说明"},
    "agent_solution": {"en": "No solution was offered.", "zh": "客服没有给出方案"},
}


class Draft(Frozen):
    """A summary as it was written, or why there is none.

    Attributes:
        summary: None where writing failed.
        evidence: field → places of the turns that show it, rising.
        replaced: texts that stated a number which the dialogue does not, and are now its own words.
        model: who wrote it.
        error: why it failed, without words of the dialogue.
    """

    summary: Summary | None = None
    evidence: dict[FieldName, tuple[int, ...]] = {}
    replaced: tuple[FieldName, ...] = ()
    model: str
    error: str = ""


class Writer(Protocol):
    """Writes summaries."""

    @property
    def name(self) -> str:
        """Kind or model, and revision; it is named in every output."""

    def speaks(self, language: Language) -> bool:
        """Whether it writes in a language."""

    def write(self, dialogues: Sequence[Dialogue]) -> list[Draft]:
        """Return one draft a dialogue, in order; a failure is a draft of its own."""


@dataclass(frozen=True, eq=False)
class ExtractiveWriter:
    """Puts summaries together from the dialogue's own clauses; no language model.

    Attributes:
        parts: language → what was learned for it.
        revision: of the training rows, for the name.
    """

    parts: dict[Language, Extractive]
    revision: str = ""

    @property
    def name(self) -> str:
        """`extractive`, with the revision."""
        return f"extractive ({self.revision})" if self.revision else "extractive"

    def speaks(self, language: Language) -> bool:
        """Whether it was trained in a language."""
        return language in self.parts

    def write(self, dialogues: Sequence[Dialogue]) -> list[Draft]:
        """Return one draft a dialogue; those of a language are read together."""
        found: dict[int, Draft] = {}
        for language, part in self.parts.items():
            places = [at for at, each in enumerate(dialogues) if each.language == language]
            for start in range(0, len(places), AT_ONCE):
                own = places[start : start + AT_ONCE]
                told = part.summarise_all([dialogues[at] for at in own])
                for at, (values, evidence) in zip(own, told, strict=True):
                    summary = _whole(values, dialogues[at])
                    found[at] = Draft(summary=summary, evidence=evidence, model=self.name)
        return [found.get(at) or self._none(each) for at, each in enumerate(dialogues)]

    def _none(self, dialogue: Dialogue) -> Draft:
        return Draft(model=self.name, error=f"not trained for {dialogue.language}")


@dataclass(frozen=True, eq=False)
class ConstantWriter:
    """The floor that ignores the dialogue: one answer a language."""

    answers: dict[Language, Summary]
    name: str = "constant"

    def speaks(self, language: Language) -> bool:
        """Whether there is an answer in a language."""
        return language in self.answers

    def write(self, dialogues: Sequence[Dialogue]) -> list[Draft]:
        """Return the answer of each dialogue's language."""
        return [
            Draft(summary=self.answers[each.language], model=self.name)
            if each.language in self.answers
            else Draft(model=self.name, error=f"no answer in {each.language}")
            for each in dialogues
        ]


@dataclass(frozen=True, eq=False)
class LeadWriter:
    """The floor without training: the customer's first and the agent's longest words."""

    name: str = "lead"

    def speaks(self, language: Language) -> bool:
        """It copies, so it speaks every language."""
        return bool(language)

    def write(self, dialogues: Sequence[Dialogue]) -> list[Draft]:
        """Return one draft a dialogue; accepted is `unclear` and emotion `no`."""
        return [self._write(each) for each in dialogues]

    def _write(self, dialogue: Dialogue) -> Draft:
        summary = _lead(dialogue)
        return Draft(summary=summary, evidence=evidence_of(summary, dialogue), model=self.name)


def _lead(dialogue: Dialogue) -> Summary:
    sides = [
        [turn.text for turn in dialogue.turns if turn.speaker == side]
        for side in ("customer", "agent")
    ]
    problem, solution = lead_fields(*sides)
    values: dict[FieldName, str] = {"user_problem": problem, "agent_solution": solution}
    closed: dict[FieldName, str] = {"accepted": "unclear", "negative_emotion": "no"}
    return _whole(values | closed, dialogue)


@dataclass(frozen=True, eq=False)
class ModelWriter:
    """A language model, base or tuned.

    Attributes:
        name: of model and revision, and whether it is tuned.
        generator: anything with `generate(requests)`, or with `try_generate`.
        prompt: as in training.
        languages: that the model writes.
        max_new_tokens: per summary.
        grammar: whether it writes inside the grammar of the contract, or what it likes.
    """

    name: str
    generator: Any
    prompt: SummaryPrompt
    languages: tuple[str, ...]
    max_new_tokens: int = 256
    grammar: bool = True

    def speaks(self, language: Language) -> bool:
        """Whether the model writes a language."""
        return language in self.languages

    def write(self, dialogues: Sequence[Dialogue]) -> list[Draft]:
        """Return one draft a dialogue; what cannot be written is an error of its own."""
        texts = complete(self.generator, [self.request(each) for each in dialogues])
        drafts = map(self.draft, dialogues, texts)
        return [supported(*pair) for pair in zip(drafts, dialogues, strict=True)]

    def request(self, dialogue: Dialogue) -> Request:
        """Return what is asked of the model about a dialogue."""
        return Request(
            key=dialogue.id[:80],
            messages=messages(dialogue, self.prompt),
            grammar=grammar_for(dialogue, self.prompt.max_chars) if self.grammar else None,
            max_new_tokens=self.max_new_tokens,
        )

    def draft(self, dialogue: Dialogue, text: str | RequestError) -> Draft:
        """Return what was written as a draft, unmended; one that is no summary says why."""
        if isinstance(text, RequestError):
            return Draft(model=self.name, error=str(text)[:200])
        try:
            summary = read_summary(text, dialogue.language)
        except SummaryError as error:
            return Draft(model=self.name, error=str(error)[:200])
        return Draft(summary=summary, evidence=evidence_of(summary, dialogue), model=self.name)


def supported(draft: Draft, dialogue: Dialogue) -> Draft:
    """Return the draft with a text of the lead where its own states a number not in the dialogue.

    A grammar keeps invented digits out, not 五天 or "a hundred dollars".
    """
    if draft.summary is None:
        return draft
    said = "\n".join(turn.text for turn in dialogue.turns)
    told = {field: str(getattr(draft.summary, field)) for field in TEXTS}
    wrong = tuple(field for field in TEXTS if unsupported_numbers(told[field], said))
    if not wrong:
        return draft
    own = _lead(dialogue)
    summary = draft.summary.model_copy(update={field: getattr(own, field) for field in wrong})
    evidence = evidence_of(summary, dialogue)
    return draft.model_copy(update={"summary": summary, "evidence": evidence, "replaced": wrong})


def complete(generator: Any, requests: Sequence[Request]) -> list[str | RequestError]:
    """Return the text of each request; where a batch cannot be written, that of each half."""
    if hasattr(generator, "try_generate"):
        told = generator.try_generate(requests)
        return [e.text if isinstance(e, Completion) else RequestError(e.reason) for e in told]
    try:
        return [each.text for each in generator.generate(requests)]
    except RequestError as error:
        if half := len(requests) // 2:
            return complete(generator, requests[:half]) + complete(generator, requests[half:])
        return [error]


def _whole(values: dict[FieldName, str], dialogue: Dialogue) -> Summary:
    """Return a summary; a field that nothing was said of says so."""
    language = dialogue.language
    told = {field: values[field].strip() or NOTHING[field][language] for field in TEXTS}
    return summary_of(values | told)


def evidence_of(summary: Summary, dialogue: Dialogue) -> dict[FieldName, tuple[int, ...]]:
    """Return the turn that shares most words with each text; the last customer turn for accepted.

    Emotion has none: a writer that names no turns gives no reason to choose one.
    """
    found: dict[FieldName, tuple[int, ...]] = {}
    for field, side in zip(TEXTS, ("customer", "agent"), strict=True):
        words = set(tokens(getattr(summary, field)))
        shared = {
            at: len(words & set(tokens(turn.text))) / (1 + len(set(tokens(turn.text)))) ** 0.5
            for at, turn in enumerate(dialogue.turns)
            if turn.speaker == side and turn.text.strip()
        }
        best = max(shared, key=shared.__getitem__, default=None)
        if best is not None and shared[best] > 0:
            found[field] = (best,)
    said = [at for at, turn in enumerate(dialogue.turns) if turn.speaker == "customer"]
    if said and getattr(summary, CLOSED[0]) != "unclear":
        found["accepted"] = (said[-1],)
    return found

"""Who puts a plan into words: a template, or a language model that is checked.

What a model writes is taken only when it does what the plan says, in the customer's language, and
says nothing that neither the passages nor the customer hold. Else the template's words stand in,
and the reply says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal, Protocol

from churnlens.dialogues.words import language_of
from churnlens.evaluation.number_fidelity import unsupported_numbers
from churnlens.models.constraint import RequestError
from churnlens.models.generation import Completion, Message, Request, Stopped
from churnlens.privacy.untrusted import clean, neutralise
from churnlens.tasks.service.knowledge import LANGUAGES, Knowledge
from churnlens.tasks.service.plans import Plan
from churnlens.tasks.service.prompts import joined
from churnlens.tasks.service.scripts import Said, ScriptError, read_said

Fault = Literal["empty", "form", "status", "language", "number", "record", "secret", "prompt"]
_LEAK = 40  # characters of the instructions in a row that no answer may repeat


class Writer(Protocol):
    """What can write replies.

    Attributes:
        name: shown as the reply's model.
        languages: in which it writes; in others the passages stand.
    """

    name: str
    languages: tuple[str, ...]

    def write(self, messages: Sequence[Message], plan: Plan, knowledge: Knowledge) -> Said | None:
        """Return what is said, None where nothing readable was written."""
        ...


class Generates(Protocol):
    """The part of `models.generation.Generator` that is used here."""

    def generate(self, requests: Sequence[Request], stopped: Stopped = ...) -> list[Completion]:
        """Return a completion for every request, in order; cut where `stopped` becomes true."""
        ...


class TemplateWriter:
    """Passages word by word, with a sentence of the assistant's own where one is needed."""

    name = "template"
    languages: tuple[str, ...] = LANGUAGES

    def write(self, messages: Sequence[Message], plan: Plan, knowledge: Knowledge) -> Said:
        """Return the reply; it depends on the plan alone."""
        prompts, language = knowledge.prompts, plan.language
        texts = [knowledge.handbook.text(key, language) for key in plan.citations]
        handed = prompts.hands_over.of(language).format(value=plan.value)
        if plan.wording == "hands_over":
            texts = [handed]
        elif plan.wording == "at_once":
            texts = [*texts, handed]
        elif plan.wording in {"again", "thanks", "without", "unread"}:
            texts = [getattr(prompts, plan.wording).of(language)]
        elif plan.wording == "passes":
            texts = [*texts, prompts.passes.of(language)]
        elif plan.wording == "unsure":
            texts = [prompts.unsure.of(language), *texts]
        elif plan.wording:
            texts = [*texts, prompts.asks[plan.wording].of(language)]  # type: ignore[index]
        return Said(text=joined(texts, language), status=plan.status, citations=plan.citations)


class ModelWriter:
    """A language model that was tuned on `rows.training_rows`, or any other."""

    def __init__(
        self, name: str, generator: Generates, languages: tuple[str, ...] = LANGUAGES
    ) -> None:
        """Write with `generator`, which knows `languages`; `name` is shown as the reply's model."""
        self.name, self._generator, self.languages = name, generator, languages
        self._generate = generator.generate

    def write(self, messages: Sequence[Message], plan: Plan, knowledge: Knowledge) -> Said | None:
        """Return what the model writes, unchecked; None where it cannot read so long a prompt."""
        try:
            text = self._generate([request_of(messages, plan, knowledge)])[0].text
            return read_said(text, knowledge.handbook)
        except (RequestError, ScriptError):
            return None

    def until(self, stopped: Stopped) -> ModelWriter:
        """Return the same writer, which stops where it is when `stopped` becomes true."""
        made = ModelWriter(self.name, self._generator, self.languages)
        made._generate = partial(self._generator.generate, stopped=stopped)
        return made


class WrittenBefore:
    """Words that a model has written already, to be checked as if it wrote them now."""

    languages: tuple[str, ...] = LANGUAGES

    def __init__(self, name: str, said: Said | None) -> None:
        """Keep what was said; None for nothing readable."""
        self.name, self._said = name, said

    def write(self, messages: Sequence[Message], plan: Plan, knowledge: Knowledge) -> Said | None:
        """Return what was said, whatever is asked."""
        del messages, plan, knowledge
        return self._said


def request_of(messages: Sequence[Message], plan: Plan, knowledge: Knowledge) -> Request:
    """Return the prompt for a turn, in the very form of a training row.

    Of a message it has no more than the rules have read.
    """
    longest = knowledge.options.characters
    keys = [*plan.citations, *plan.shown]
    system = knowledge.prompts.instructions(knowledge.handbook, keys, plan.language)
    turns = [
        Message(role=message.role, content=neutralise(clean(message.content)[:longest]))
        for message in messages[-2 * knowledge.options.turns + 1 :]
        if message.role != "system"
    ]
    return Request(
        key="reply",
        messages=(Message(role="system", content=system), *turns),
        max_new_tokens=knowledge.options.max_new_tokens,
    )


def fault_of(
    said: Said | None, messages: Sequence[Message], plan: Plan, knowledge: Knowledge
) -> Fault | None:
    """Return why words are not taken, None when they are."""
    if said is None:
        return "form"
    rules = knowledge.rules
    checks: dict[Fault, bool] = {
        "empty": not said.text.strip(),
        "status": said.status != plan.status,
        "language": language_of([said.text]) != plan.language,
        "number": bool(invented_numbers(said, messages, knowledge, plan)),
        "record": rules.claims_record(said.text),
        "secret": rules.asks_secret(said.text),
        "prompt": _leaks(said.text, knowledge, plan),
    }
    return next((fault for fault, found in checks.items() if found), None)


def invented_numbers(
    said: Said, messages: Sequence[Message], knowledge: Knowledge, plan: Plan
) -> tuple[str, ...]:
    """Return figures that stand in no passage of the plan and in no words of the customer."""
    keys = {*plan.citations, *(set(said.citations) & set(plan.shown))}
    passages = (knowledge.handbook.text(key, plan.language) for key in sorted(keys))
    own = (message.content for message in messages if message.role == "user")
    return unsupported_numbers(said.text, "\n".join([*passages, *own]))


def _leaks(text: str, knowledge: Knowledge, plan: Plan) -> bool:
    system = knowledge.prompts.system.of(plan.language).replace("{passages}", "")
    places = range(0, max(1, len(system) - _LEAK))
    return any(system[at : at + _LEAK] in text for at in places)

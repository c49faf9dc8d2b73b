"""Who writes the summaries that a student learns from, and the rows that pass the gates.

`ReferenceTeacher` gives what people or planted truth say; `ModelTeacher` asks a language model
inside the grammar. Both reply with the public form as JSON text, and go through the same gates:
contract, numbers that stand in the dialogue, evidence, and no near-duplicate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.near import near_pairs
from churnlens.engine.records import code_hash
from churnlens.evaluation.number_fidelity import unsupported_numbers
from churnlens.models.constraint import RequestError
from churnlens.tasks.summary.contract import TEXTS, Summary, SummaryError, read_summary
from churnlens.tasks.summary.prompting import SummaryPrompt, messages
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.units import tokens
from churnlens.tasks.summary.writers import ModelWriter, complete
from churnlens.tasks.teaching import Refused, Reply, report_rows

ALIKE = 0.97  # Jaccard similarity of near-identical rows
_FENCE = re.compile(r"</?doc-[0-9a-f]{12}[^>\n]*>")  # differs with every word inside
SHARED = 0.2  # share of the words of both sentences that the dialogue must hold


@dataclass(frozen=True)
class ReferenceTeacher:
    """Gives the first reference of a dialogue; a closed field that it leaves open is `unclear`."""

    name: str = "reference"

    @property
    def recipe(self) -> tuple[Any, ...]:
        """The rules, which are code and have no settings."""
        return ("summary reference", code_hash())

    def request(self, dialogue: Dialogue) -> None:
        """Return None: no model is asked."""

    def answer(self, dialogues: Sequence[Dialogue]) -> list[Reply]:
        """Return one reply a dialogue."""
        return [self._answer(each) for each in dialogues]

    @staticmethod
    def _answer(dialogue: Dialogue) -> Reply:
        references = references_of(dialogue)
        if not references:
            return Reply(error="no reference")
        try:
            return Reply(text=references[0].summary().text(dialogue.language))
        except ValidationError:
            return Reply(error="the reference has an empty sentence")


@dataclass(frozen=True, eq=False)
class ModelTeacher:
    """A language model that summarises inside the grammar of the contract."""

    writer: ModelWriter

    @property
    def name(self) -> str:
        """Of the model and its revision."""
        return self.writer.name

    @property
    def recipe(self) -> tuple[Any, ...]:
        """Model and sampling; prompt, grammar and length are in each request."""
        return ("summary", self.name, "greedy")

    def request(self, dialogue: Dialogue) -> dict[str, Any]:
        """Return prompt, grammar and length, as they are sent."""
        return self.writer.request(dialogue).model_dump(mode="json")

    def answer(self, dialogues: Sequence[Dialogue]) -> list[Reply]:
        """Return one reply a dialogue; one that cannot be written is an error of its own."""
        spoken = [each for each in dialogues if self.writer.speaks(each.language)]
        texts = complete(self.writer.generator, [self.writer.request(each) for each in spoken])
        told = {each.id: text for each, text in zip(spoken, texts, strict=True)}
        unspoken = RequestError("a language that the teacher does not write")
        return [_reply(told.get(each.id, unspoken)) for each in dialogues]


def _reply(text: str | RequestError) -> Reply:
    return Reply(error=str(text)[:200]) if isinstance(text, RequestError) else Reply(text=text)


def faults(summary: Summary, dialogue: Dialogue) -> tuple[str, ...]:
    """Return what keeps a summary from being taught.

    `numbers`: it states one that the dialogue does not; `no_evidence`: its sentences share hardly a
    word with its dialogue.
    """
    said = "\n".join(turn.text for turn in dialogue.turns)
    told = " ".join(getattr(summary, field) for field in TEXTS)
    words = set(tokens(said))
    own = set(tokens(told))
    found = ["numbers"] if unsupported_numbers(told, said) else []
    if len(own & words) < SHARED * len(own):
        found.append("no_evidence")
    return tuple(found)


def training_row(dialogue: Dialogue, answer: str, prompt: SummaryPrompt) -> dict[str, Any]:
    """Return one row of messages: system, dialogue, JSON answer."""
    asked = [message.model_dump() for message in messages(dialogue, prompt)]
    return {
        "id": dialogue.id,
        "language": dialogue.language,
        "messages": [*asked, {"role": "assistant", "content": answer}],
    }


def make_rows(
    sides: Mapping[str, Sequence[Dialogue]],
    replies: Mapping[str, Reply],
    prompt: SummaryPrompt,
    family: str = "",
) -> tuple[list[dict[str, Any]], list[Refused]]:
    """Turn replies that pass every gate into rows of messages.

    Args:
        sides: name of the split, such as `training` and `validation` → its dialogues.
        replies: id of a dialogue → what the teacher wrote.
        prompt: of the rows, as in serving.
        family: label by which rows are grouped, such as `scenario`; the id without it.

    Returns:
        Rows with `id`, `split`, `family`, `category`, `language` and `messages`; and the refused.
    """
    rows, refused = [], []
    for split, dialogues in sides.items():
        for dialogue in dialogues:
            why, text = _gated(dialogue, replies.get(dialogue.id, Reply(error="not asked")))
            if why:
                refused.append(Refused(id=dialogue.id, why=why))
                continue
            kind = dialogue.labels.get(family) or dialogue.id
            more = {"split": split, "family": kind, "category": kind}
            rows.append({**training_row(dialogue, text, prompt), **more})
    double = _repeated(rows)
    refused += [Refused(id=key, why=("near_duplicate",)) for key in sorted(double)]
    return [row for row in rows if row["id"] not in double], refused


def _gated(dialogue: Dialogue, reply: Reply) -> tuple[tuple[str, ...], str]:
    if reply.error:
        return (f"error: {reply.error}",), ""
    try:
        summary = read_summary(reply.text, dialogue.language)
    except SummaryError as error:
        return (f"contract: {error.what}",), ""
    return faults(summary, dialogue), summary.text(dialogue.language)


def _repeated(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the ids of rows that say nearly what an earlier one says, dialogue and answer."""
    said = ("\n".join(m["content"] for m in row["messages"][-2:]) for row in rows)
    texts = [_FENCE.sub("", text) for text in said]
    return {str(rows[max(pair)]["id"]) for pair in near_pairs(texts, ALIKE)}


def describe_rows(
    rows: Sequence[Mapping[str, Any]], refused: Sequence[Refused], teacher: str
) -> dict[str, Any]:
    """Return the quality report of a distillation, see `teaching.report_rows`."""
    return report_rows(rows, refused, teacher, ("split", "language"))

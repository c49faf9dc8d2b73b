"""What a model is shown: the system prompt, examples, and the dialogue as untrusted text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pydantic import Field

from churnlens.dialogues.form import Dialogue
from churnlens.models.generation import Message
from churnlens.privacy.untrusted import fence
from churnlens.schema import Frozen, Language
from churnlens.tasks.summary.contract import Summary

SPEAKERS: Final[dict[Language, dict[str, str]]] = {
    "en": {"customer": "Customer", "agent": "Agent", "bot": "Machine", "system": "Notice"},
    "zh": {"customer": "用户", "agent": "客服", "bot": "机器", "system": "通知"},
}
SHOWN_CHARS: Final = 4000  # of a dialogue; of a longer one both ends


class Example(Frozen):
    """A dialogue with its right answer, from the training side."""

    dialogue: Dialogue
    summary: Summary


class SummaryPrompt(Frozen):
    """A prompt, by language.

    Attributes:
        name: in histories and reports.
        system: language → system prompt.
        ask: language → line above the dialogue.
        examples: shown before the dialogue, those of its language; fewer than five.
        max_chars: of a text field.
    """

    name: str = "baseline"
    system: dict[Language, str]
    ask: dict[Language, str]
    examples: tuple[Example, ...] = Field(default=(), max_length=8)
    max_chars: int = Field(default=160, ge=40, le=400)


class PromptBook(Frozen):
    """The prompts of `prompts/summary.yml`: the baseline, and those that a search tries."""

    baseline: SummaryPrompt
    candidates: tuple[SummaryPrompt, ...] = ()


def messages(dialogue: Dialogue, prompt: SummaryPrompt) -> tuple[Message, ...]:
    """Return the prompt about a dialogue; its words stand in no system turn."""
    language = dialogue.language
    shown: list[Message] = [Message(role="system", content=prompt.system[language].strip())]
    for example in prompt.examples:
        if example.dialogue.language == language:
            answer = example.summary.text(language)
            shown.append(Message(role="user", content=_question(example.dialogue, prompt)))
            shown.append(Message(role="assistant", content=answer))
    return (*shown, Message(role="user", content=_question(dialogue, prompt)))


def _question(dialogue: Dialogue, prompt: SummaryPrompt) -> str:
    block = fence({"dialogue": transcript(dialogue)}).block
    return f"{prompt.ask[dialogue.language].strip()}\n{block}"


def transcript(dialogue: Dialogue, chars: int = SHOWN_CHARS) -> str:
    """Return the turns with words, one a line, with who speaks; of a long dialogue both ends."""
    names = SPEAKERS[dialogue.language]
    lines = [
        f"{names[turn.speaker]} - {' '.join(turn.text.split())}"
        for turn in dialogue.turns
        if turn.text.strip()
    ]
    if sum(map(len, lines)) <= chars:
        return "\n".join(lines)
    head = _until(lines, chars // 2)
    rest = lines[len(head) :] or [lines[-1][-(chars // 2) :]]  # one line alone: its end
    return "\n".join([*head, "…", *_until(rest[::-1], chars // 2)[::-1]])


def _until(lines: Sequence[str], chars: int) -> list[str]:
    """Return the first lines that fit, the first one cut if it alone does not."""
    kept: list[str] = []
    for line in lines:
        if sum(map(len, kept)) + len(line) > chars:
            break
        kept.append(line)
    return kept or [lines[0][:chars]]

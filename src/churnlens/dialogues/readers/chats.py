"""Chat forms of language-model training, as LLaMA-Factory and OpenAI document them.

- `messages`: `{messages: [{role, content}]}`;
- `sharegpt`: `{conversations: [{from, value}], system}`;
- `alpaca`: `{instruction, input, output, system, history}`, or `{prompt, response}` (Qianfan).
  Where the prompt holds a written-down dialogue (用户：…客服：…), that is the dialogue and the
  output a reference of it; else the output is the agent's answer, and the instruction, beside a
  filled `input`, a line of the system.

Training needs user and assistant by turns, and `datasets.chat_forms` holds them to it; a dialogue
does not.
"""

from __future__ import annotations

from typing import Any

from churnlens.dialogues.form import Dialogue, FaultError, Speaker, Turn
from churnlens.dialogues.readers.base import Given, Reader, assemble
from churnlens.dialogues.readers.rows import id_of, json_rows, list_at, text_at
from churnlens.dialogues.readers.transcript import parse_transcript
from churnlens.dialogues.words import kind_of, speaker_of


def _chat(row: dict[str, Any], given: Given, keys: tuple[str, str, str]) -> Dialogue:
    turns, who, said = keys
    told = [
        Turn(
            speaker=speaker_of(each.get(who), f"turn {place}, {who}"),
            text=text_at(each, said, f"turn {place}, "),
        )
        for place, each in enumerate(list_at(row, turns), 1)
    ]
    return assemble(given, [*_system(row), *told], id=id_of(row, given.id))


def _messages(row: dict[str, Any], given: Given) -> Dialogue:
    return _chat(row, given, ("messages", "role", "content"))


def _sharegpt(row: dict[str, Any], given: Given) -> Dialogue:
    return _chat(row, given, ("conversations", "from", "value"))


def _alpaca(row: dict[str, Any], given: Given) -> Dialogue:
    if "prompt" in row:
        row = row | {"instruction": row["prompt"], "output": row.get("response")}
    asked = text_at(row, "instruction", default=""), text_at(row, "input", default="")
    output = text_at(row, "output", default="")
    known: dict[str, Any] = {"id": id_of(row, given.id)}
    turns = parse_transcript("\n".join(asked))
    if any(turn.speaker == "customer" for turn in turns):
        known["references"] = (output,) if output.strip() else ()
    else:
        turns = [*_system(row), *_history(row), *_exchange(*asked, output)]
    return assemble(given, turns, **known)


def _system(row: dict[str, Any]) -> list[Turn]:
    text = text_at(row, "system", default="")
    return [Turn(speaker="system", text=text)] if text.strip() else []


def _history(row: dict[str, Any]) -> list[Turn]:
    pairs = row.get("history") or []
    if not isinstance(pairs, list) or any(
        not isinstance(pair, list) or list(map(type, pair)) != [str, str] for pair in pairs
    ):
        raise FaultError("history", kind_of(pairs), "a list of [user, assistant] texts")
    sides: tuple[Speaker, Speaker] = ("customer", "agent")
    return [
        Turn(speaker=speaker, text=text)
        for pair in pairs
        for speaker, text in zip(sides, pair, strict=True)
    ]


def _exchange(instruction: str, said: str, output: str) -> list[Turn]:
    spoken: list[tuple[Speaker, str]] = [("customer", said or instruction), ("agent", output)]
    if said.strip() and instruction.strip():
        spoken = [("system", instruction), *spoken]
    return [Turn(speaker=speaker, text=text) for speaker, text in spoken if text.strip()]


MESSAGES, SHAREGPT = Reader(json_rows, _messages), Reader(json_rows, _sharegpt)
ALPACA = Reader(json_rows, _alpaca)

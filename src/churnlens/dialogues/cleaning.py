"""Dialogues made fit to be read by people and models: redacted, without a platform's own marks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Final

from churnlens.dialogues.form import Dialogue, Speaker, Turn
from churnlens.dialogues.platforms import (
    HANDLE,
    NUMBERED,
    is_bot_line,
    is_notice,
    plain_words,
    unsigned,
)
from churnlens.privacy.redaction import Tags, redact_dialogue
from churnlens.privacy.untrusted import clean

_SPACES: Final = re.compile(r"[^\S\n]+")
_BREAKS: Final = re.compile(r" ?\n[ \n]*")
_ROUNDS: Final = 8  # entities inside entities; whoever needs more hides something
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*|\d{1,5}")  # a label's value that is no prose


@dataclass(frozen=True)
class Cleaned:
    """A clean dialogue, with as many turns as before.

    Attributes:
        removed: kind → items that were replaced by tags: `phone`, `name`, `handle`, ….
    """

    dialogue: Dialogue
    removed: Counter[str]


def clean_dialogue(dialogue: Dialogue, names: Iterable[str | None] = ()) -> Cleaned:
    """Return the dialogue redacted, tidied, and with the lines of machines told apart.

    Nothing reads a text before it is redacted, except the patterns that undo a disguise (HTML
    entities, what is invisible) and put tags for a platform's placeholders and links. Tags are
    numbered within the dialogue, its references and labels: one phone number is `[phone_1]` in all.

    Turns keep their positions. An agent's line that a machine wrote becomes the bot's, a notice in
    the customer's name the system's, unless people rated it as the customer's.

    Args:
        dialogue: as it was read.
        names: of the persons who speak, see `privacy.redaction.redact`.
    """
    prose = [name for name, value in dialogue.labels.items() if not _CODE.fullmatch(value)]
    labels = (dialogue.labels[name] for name in prose)
    texts = [*map(_said, dialogue.turns), *map(_revealed, (*dialogue.references, *labels))]
    texts, removed = _redacted(texts, names)
    turns = tuple(_turn(turn, text) for turn, text in zip(dialogue.turns, texts, strict=False))
    written = texts[len(turns) :]
    clean_labels = zip(prose, written[len(dialogue.references) :], strict=True)
    update = {
        "turns": turns,
        "references": tuple(written[: len(dialogue.references)]),
        "labels": {**dialogue.labels, **dict(clean_labels)},
    }
    return Cleaned(dialogue.model_copy(update=update), +removed)


def clean_turn(turn: Turn, before: Sequence[Turn] = ()) -> Turn:
    """Return the next turn of a dialogue that is still going on, clean as in `clean_dialogue`.

    Args:
        turn: as it was said.
        before: clean turns whose tags it goes on with: who was `[phone_1]` there is so here.
    """
    texts, _ = _redacted([*(each.text for each in before), _said(turn)], ())
    return _turn(turn, texts[-1])


def _redacted(texts: list[str], names: Iterable[str | None]) -> tuple[list[str], Counter[str]]:
    """Return the texts of one dialogue without personal data, and what was removed."""
    tags = Tags(texts)
    texts = [NUMBERED.sub(lambda m: tags.of(m[1].lower(), m[2]), text) for text in texts]
    texts, removed = redact_dialogue(texts, names, tags)
    removed["handle"] = sum(len(HANDLE.findall(text)) for text in texts)
    return [_tidy(HANDLE.sub(lambda m: tags.of("handle", m[0]), text)) for text in texts], removed


def _said(turn: Turn) -> str:
    """Return a turn's words, an agent's without signature."""
    plain = _revealed(turn.text)
    return unsigned(plain) if turn.speaker == "agent" else plain


def _revealed(text: str) -> str:
    for _ in range(_ROUNDS):  # "&amp;#64;" is an @ after two
        if (plain := clean(unescape(text))) == text:
            return plain_words(text)
        text = plain
    return plain_words(clean(text.replace("&", " ")))


def _tidy(text: str) -> str:
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def _turn(turn: Turn, text: str) -> Turn:
    return turn.model_copy(update={"text": text, "speaker": _speaker(turn, text)})


def _speaker(turn: Turn, text: str) -> Speaker:
    if turn.speaker == "agent" and is_bot_line(text):
        return "bot"
    if turn.speaker == "customer" and not turn.ratings and is_notice(text):
        return "system"
    return turn.speaker

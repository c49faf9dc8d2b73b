"""Dialogues made fit to be read by people and models: redacted, without a platform's own marks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import Final

from churnlens.dialogues.form import Dialogue, Speaker, Turn
from churnlens.dialogues.keys import open_key
from churnlens.dialogues.platforms import (
    HANDLE,
    NUMBERED,
    is_bot_line,
    is_notice,
    plain_words,
    unsigned,
)
from churnlens.privacy.redaction import Marks, Tags, redact_dialogue
from churnlens.privacy.untrusted import clean

_SPACES: Final = re.compile(r"[^\S\n]+")
_BREAKS: Final = re.compile(r" ?\n[ \n]*")
_ROUNDS: Final = 8  # entities inside entities; whoever needs more hides something


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
    numbered within the dialogue, its references, labels, acts and source: one phone number is
    `[phone_1]` in all. An id that is personal data becomes its hash, see `keys.open_key`.

    Turns keep their positions. An agent's line that a machine wrote becomes the bot's, a notice in
    the customer's name the system's, unless people rated it as the customer's.

    Args:
        dialogue: as it was read.
        names: of the persons who speak, see `privacy.redaction.redact`.
    """
    about = (dialogue.source, *dialogue.labels, *dialogue.labels.values())
    acts = (turn.act for turn in dialogue.turns)
    written = map(_revealed, (*dialogue.references, *about, *acts))
    texts = [*map(_said, dialogue.turns), *written]
    texts, removed = _redacted(texts, names, Tags(texts))
    rest = iter(texts)
    said, references = _next(rest, dialogue.turns), _next(rest, dialogue.references)
    (source,), keys = _next(rest, [dialogue.source]), _next(rest, dialogue.labels)
    labels = dict(zip(keys, _next(rest, dialogue.labels), strict=True))
    update = {
        "id": open_key(dialogue.id),
        "turns": tuple(map(_turn, dialogue.turns, said, rest)),
        "source": source,
        "references": references,
        "labels": labels,
    }
    return Cleaned(dialogue.model_copy(update=update), +removed)


def _next(texts: Iterator[str], like: Collection[object]) -> tuple[str, ...]:
    return tuple(islice(texts, len(like)))


def clean_turn(turn: Turn, kept: Marks) -> tuple[Turn, dict[str, dict[str, int]]]:
    """Return the next turn of a dialogue that is still going on, clean as in `clean_dialogue`.

    Args:
        turn: as it was said.
        kept: what came back with the turn before it, empty at first: who was `[phone_1]` is so
            again.

    Returns:
        The turn, and what to keep, see `Tags.marks`.
    """
    own = [_said(turn), _revealed(turn.act)]
    tags = Tags(own, kept)
    texts, _ = _redacted(own, (), tags)
    return _turn(turn, *texts), tags.marks()


def _redacted(
    texts: list[str], names: Iterable[str | None], tags: Tags
) -> tuple[list[str], Counter[str]]:
    """Return the texts of one dialogue without personal data, and what was removed."""
    texts = [NUMBERED.sub(lambda m: tags.of(m[1].lower(), m[2]), _tidy(text)) for text in texts]
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


def _turn(turn: Turn, text: str, act: str) -> Turn:
    return turn.model_copy(update={"text": text, "act": act, "speaker": _speaker(turn, text)})


def _speaker(turn: Turn, text: str) -> Speaker:
    if turn.speaker == "agent" and is_bot_line(text):
        return "bot"
    if turn.speaker == "customer" and not turn.ratings and is_notice(text):
        return "system"
    return turn.speaker

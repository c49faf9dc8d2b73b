"""A dialogue that was written down as one text, its speakers before colons."""

from __future__ import annotations

import re
from typing import Final

from churnlens.dialogues.form import Turn
from churnlens.dialogues.words import SPEAKERS, speaker_of

_NAMES: Final = "|".join(sorted(SPEAKERS, key=len, reverse=True))
_MARK: Final = re.compile(  # at the start of a line, or after a sentence
    rf"(?:^|(?<=[。！？.!?；;：:~～…”\"』」）)]))[ \t]*({_NAMES})(?:[ _#-]?\d{{1,3}})?[ \t]*[:：]",
    re.MULTILINE | re.IGNORECASE,
)


def parse_transcript(text: str, mark: re.Pattern[str] = _MARK) -> list[Turn]:
    """Return the turns of "用户：…客服：…" or of "Customer: …" lines; none without a mark.

    Args:
        text: what stands before the first mark is left out.
        mark: the pattern of a mark; its one group is the speaker.
    """
    _, *pieces = mark.split(text)
    marked = zip(pieces[::2], pieces[1::2], strict=True)
    return [Turn(speaker=speaker_of(word, "speaker"), text=said.strip()) for word, said in marked]

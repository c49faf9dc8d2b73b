"""A dialogue that was written down as one text, its speakers before colons."""

from __future__ import annotations

import re
from typing import Final

from churnlens.dialogues.form import FaultError, Turn
from churnlens.dialogues.words import SPEAKERS, speaker_of

_NAMES: Final = "|".join(sorted(SPEAKERS, key=len, reverse=True))
_WHO: Final = (  # 客服2, 用户A, 客服小王, 【客服】
    rf"[ \t]*【?((?i:{_NAMES}))"
    r"(?:[ _#-]?\d{1,3}|(?<=[\u4e00-\u9fff])(?:[A-Z]|小[\u4e00-\u9fff]))?"
    "[ \\t]*(?:】[ \\t]*[:：]?|[:：])"
)
_AFTER_SENTENCE: Final = r"(?:^|(?<=[。！？.!?；;：:~～…”\"』」）)]))"
_MARK: Final = re.compile(_AFTER_SENTENCE + _WHO, re.MULTILINE)
_LOOSE: Final = re.compile(  # also after a space, in English with a capital letter
    rf"(?:{_AFTER_SENTENCE}|(?<=\s)(?![a-z])){_WHO}", re.MULTILINE
)


def parse_transcript(text: str, mark: re.Pattern[str] | None = None) -> list[Turn]:
    """Return the turns of "用户：…客服：…" or of "Customer: …" lines; none without a mark.

    A mark stands at the start of a line or after a sentence. Where such marks name no two speakers,
    those after a space count as well, as in `用户：你好 客服：您好`.

    Args:
        text: what stands before the first mark is left out.
        mark: the pattern of a mark, if known; its one group is the speaker.

    Raises:
        FaultError: when a turn still holds the mark of another speaker.
    """
    if mark:
        return _turns(text, mark)
    turns = _turns(text, _MARK)
    if len({turn.speaker for turn in turns}) < 2:
        loose = _turns(text, _LOOSE)
        return loose if len({turn.speaker for turn in loose}) > 1 else turns
    for place, turn in enumerate(turns, 1):
        others = {each.speaker for each in _turns(turn.text, _LOOSE)} - {turn.speaker}
        if others:
            raise FaultError(f"turn {place}, text", "the mark of another speaker", "one speaker")
    return turns


def _turns(text: str, mark: re.Pattern[str]) -> list[Turn]:
    _, *pieces = mark.split(text)
    marked = zip(pieces[::2], pieces[1::2], strict=True)
    return [Turn(speaker=speaker_of(word, "speaker"), text=said.strip()) for word, said in marked]

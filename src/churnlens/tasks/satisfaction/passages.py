"""What a scorer reads of a dialogue, with the place of every turn and word in it.

Words are those of jieba in runs of Chinese characters, runs of letters and digits elsewhere, and
signs such as emoji one by one. Tags of redaction and the speaker's name are no words: they stay.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from churnlens.dialogues.form import Speaker, Turn
from churnlens.evaluation.faithfulness import Span

if TYPE_CHECKING:
    from jieba import Tokenizer

_HAN: Final = "\u3400-\u9fff"
_PIECE: Final = re.compile(
    r"(?P<tag>\[[a-z]+(?:_\d+)?\])"
    rf"|(?P<han>[{_HAN}]+)"
    rf"|(?P<word>[^\W_{_HAN}]+(?:['’-][^\W_{_HAN}]+)*)"
    r"|(?P<sign>[\u2190-\u2bff\u3200-\u32ff\U0001f000-\U0001faff])"
)


@dataclass(frozen=True)
class Part:
    """The words of one turn inside a passage.

    Attributes:
        turn: place of the turn in its dialogue.
        whole: start and end of the turn with its speaker and its line break.
        start, end: of its text.
    """

    turn: int
    whole: Span
    start: int
    end: int


@dataclass(frozen=True)
class Passage:
    """A text for a scorer, made of turns.

    Attributes:
        text: what the scorer reads.
        parts: its turns, in their order.
    """

    text: str
    parts: tuple[Part, ...]

    def part_at(self, place: int) -> Part:
        """Return the turn in which a character lies; ValueError for one of no turn."""
        at = bisect_right(self.parts, place, key=lambda part: part.start) - 1
        if at < 0 or place >= self.parts[at].end:
            raise ValueError(f"character {place} of {len(self.text)} lies in no turn")
        return self.parts[at]

    def words(self) -> list[tuple[int, int, int]]:
        """Return start, end and turn of all words, rising."""
        return [
            (part.start + start, part.start + end, part.turn)
            for part in self.parts
            for start, end in word_spans(self.text[part.start : part.end])
        ]


def join_turns(
    turns: Sequence[Turn],
    last: int,
    context: int = 0,
    names: Mapping[Speaker, str] | None = None,
) -> Passage:
    """Return a turn with those before it in which somebody said something, one a line.

    Args:
        turns: of a clean dialogue.
        last: place of the turn that is scored.
        context: turns before it that are read.
        names: what stands before the words of each speaker, such as `{"agent": "Agent: "}`.

    Raises:
        ValueError: when there is no such turn.
    """
    if not 0 <= last < len(turns):
        raise ValueError(f"last: got turn {last}, expected 0 to {len(turns) - 1}")
    first = max(0, last - context)
    places = [at for at in range(first, last + 1) if turns[at].text or at == last]
    text, parts = "", []
    for place in places:
        name = (names or {}).get(turns[place].speaker, "")
        begin, start = len(text), len(text) + len(name)
        end = start + len(turns[place].text)
        text += name + turns[place].text + ("\n" if place < last else "")
        parts.append(Part(turn=place, whole=(begin, len(text)), start=start, end=end))
    return Passage(text, tuple(parts))


def word_spans(text: str) -> list[Span]:
    """Return start and end of the words of a text, rising and apart."""
    return list(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    for found in _PIECE.finditer(text):
        if found.lastgroup == "han":
            for _, start, end in _jieba().tokenize(found[0]):
                yield found.start() + start, found.start() + end
        elif found.lastgroup != "tag":
            yield found.span()


@cache
def _jieba() -> Tokenizer:
    """Return a tokeniser with jieba's own dictionary, whatever words others have added."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()

"""Finding the phrases of a schema's reasons in feedback, and the clause to quote for each."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from churnlens.evidence.cues import CHINESE, CLAUSE_END, ENGLISH, SENTENCE_END, Cues
from churnlens.evidence.polarity import judge
from churnlens.schema import Language, Reason

Meaning = dict[str, tuple[tuple[int, int], ...]]

_SENTENCE = re.compile(SENTENCE_END)
_CLAUSE = re.compile(CLAUSE_END, re.VERBOSE)
_ENDING = "(?:s|es|d|ly|est|[bdgklmnprtv]?(?:ed|ing|ers?))?"
CONTEXT, NEAR_HITS = 300, 20  # characters and phrases around a phrase that are looked at
ANSWER_LENGTH = 20  # characters behind a question in which it can be answered
_SPACING = re.compile(r"[\s-]+")


class Hit(NamedTuple):
    """A phrase in a text: its place, the number of its reason, and what it says alone.

    `base` is 1 for praise, −1 for a complaint, 0 for a phrase that only names the topic.
    """

    start: int
    end: int
    reason: int
    base: int


@dataclass(frozen=True)
class Lexicon:
    """Phrases of one language: the pattern that finds them, and what each says.

    Attributes:
        pattern: matches the empty place before a phrase; group 1 is the phrase with its ending,
            group 2 the phrase as listed. None without phrases.
        meaning: phrase → (reason number, base).
        cues: words of the language that change what a phrase says.
        short: clauses with fewer characters are quoted with their sentence.
    """

    pattern: re.Pattern[str] | None
    meaning: dict[str, tuple[tuple[int, int], ...]]
    cues: Cues
    short: int

    def hits(self, text: str) -> Iterator[Hit]:
        """Yield the phrases of a lower-case text, leftmost and longest, none overlapping."""
        last = 0
        for match in self.pattern.finditer(text) if self.pattern else ():
            start, end = match.start(1), match.end(1)
            if start < last:
                continue
            last = end
            for reason, base in self.meaning[_key(match.group(2))]:
                yield Hit(start, end, reason, base)


def _key(phrase: str) -> str:
    return _SPACING.sub(" ", phrase)


def lower(text: str) -> str:
    """Return the text in lower case with plain apostrophes, every character in its place."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(low if len(low := c.lower()) == 1 else c for c in text)
    return lowered.replace("’", "'")


def _meanings(
    reasons: tuple[Reason, ...], language: Language
) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return phrase → (reason number, base); a phrase in both lists only names the topic."""
    found: dict[str, dict[int, int]] = {}
    for number, reason in enumerate(reasons):
        for words, base in ((reason.complaint, -1), (reason.praise, 1)):
            for phrase in getattr(words, language):
                bases = found.setdefault(_key(lower(phrase.strip())), {})
                bases[number] = base if bases.get(number, base) == base else 0
    return {phrase: tuple(bases.items()) for phrase, bases in found.items() if phrase}


def _pattern(phrases: Iterable[str]) -> str:
    """Return a pattern of all phrases: the first letter decides early, then the longest wins."""
    letters: dict[str, list[str]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        rest = r"[\s-]+".join(map(re.escape, phrase[1:].split(" ")))
        letters.setdefault(re.escape(phrase[0]), []).append(rest)
    return "|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in letters.items())


@lru_cache(maxsize=8)
def lexicon(reasons: tuple[Reason, ...], language: Language) -> Lexicon:
    """Return the phrases of `reasons` in one language, ready to search."""
    meaning = _meanings(reasons, language)
    phrases = _pattern(meaning)
    body = f"(?=(({phrases})))"
    if language == "en":
        body = rf"(?<![\w'])(?=(({phrases}){_ENDING})(?!\w))"
    cues, short = (CHINESE, 5) if language == "zh" else (ENGLISH, 15)
    return Lexicon(re.compile(body) if meaning else None, meaning, cues, short)


def _borders(pattern: re.Pattern[str], text: str) -> list[int]:
    """Return where pieces may start or end: 0, both sides of every separator, the length."""
    return [0, *(edge for match in pattern.finditer(text) for edge in match.span()), len(text)]


def _around(borders: list[int], place: int) -> tuple[int, int]:
    index = bisect_right(borders, place)
    return borders[index - 1], borders[min(index, len(borders) - 1)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(" ,，、\t"))
    return start, max(start, start + len(text[start:end].rstrip(" ,，、\t")))


def _masked(text: str, hits: list[Hit]) -> str:
    """Return the text without its phrases, every other character in its place."""
    letters = list(text)
    for hit in hits:
        letters[hit.start : hit.end] = "_" * (hit.end - hit.start)
    return "".join(letters)


def _rest(text: str, place: int, sentence_end: int) -> str:
    """Return the sentence from `place` on, and a little more where it is a question."""
    asked = text[sentence_end : sentence_end + 1] in ("?", "？")
    return text[place : min(sentence_end + ANSWER_LENGTH * asked, place + CONTEXT)]


def find_reasons(text: str, words: Lexicon) -> Iterator[tuple[int, int, int, int]]:
    """Yield what every phrase of a text says where it stands.

    A negation in front of a phrase is used up by phrases of the opposite kind between them ("no
    outages and fast"); phrases of one kind share it. A negation inside one phrase, and a judgement
    that is one, say nothing about another.

    Args:
        text: lower case, see `lower`.
        words: phrases of one language.

    Yields:
        Reason number, sign (1 praise, −1 complaint), start and end of the clause to quote.
    """
    hits = list(words.hits(text))
    if not hits:
        return
    clauses, sentences = _borders(_CLAUSE, text), _borders(_SENTENCE, text)
    others = _masked(text, hits)
    for place, hit in enumerate(hits):
        start, end = _around(clauses, hit.start)
        end, sentence = max(end, hit.end), _around(sentences, hit.start)
        near = hits[max(place - NEAR_HITS, 0) : place]
        opposite = [h.end for h in near if h.base * hit.base < 0 and h.end <= hit.start]
        before = others[max([start, hit.start - CONTEXT, *opposite]) : hit.start]
        after = (text if hit.base else others)[hit.end : min(end, hit.end + CONTEXT)]
        sign = judge(hit.base, before, after, _rest(text, hit.end, sentence[1]), words.cues)
        if sign:
            quote = (start, end) if end - start >= words.short else sentence
            yield hit.reason, sign, *_trimmed(text, *quote)

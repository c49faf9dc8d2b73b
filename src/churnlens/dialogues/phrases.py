"""Phrases of some kinds in a customer's turn, such as threats or anger, unless they are negated.

The phrases are data (`conf/base/satisfaction/alert_phrases.yml`, `conf/base/summary/phrases.yml`).
Not covered: irony, quoted speech, double negation, and a negation in another clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

from churnlens.privacy.folding import fold
from churnlens.schema import Frozen, Words

Kind = TypeVar("Kind", bound=str)

_LONGEST = 4000  # characters of a turn that are read; a rule's phrase further on is not seen
_HAN = "\u3400-\u9fff"
_CLAUSE_END = re.compile(
    r"[,.;:!?\n，。；：！？、…~～]|\b(?:but|because|although|however)\b|但|可是|因为"
)
_PIECE = re.compile(rf"\.\.\.|[{_HAN}]|[^\s{_HAN}]+?(?=\.\.\.|[\s{_HAN}]|$)")
_LATIN = re.compile("[a-z0-9]")
_STOP = r",.;:!?\n，。；：！？、…~～"
_WORD_GAP = rf"(?:[^\s{_STOP}-]+[\s-]+){{0,3}}?"  # a hyphen ends a word: each is read one way
_HAN_GAP = rf"[^\s{_STOP}]{{0,6}}?"


class PhraseBook(Frozen, Generic[Kind]):
    """The phrases of each kind, and what takes their meaning away.

    Attributes:
        kinds: what a customer says, by what it means.
        harmless: longer phrases that hold one of them and mean none.
        negations: what turns a phrase behind it round.
        barriers: what may not stand between the two.
    """

    kinds: dict[Kind, Words]
    harmless: Words = Words()
    negations: Words = Words()
    barriers: Words = Words()


def joined(one: PhraseBook[Any], other: PhraseBook[Any]) -> PhraseBook[str]:
    """Return the phrases of two books as one; a kind that both have is the second's."""

    def both(name: str) -> Words:
        first, second = getattr(one, name), getattr(other, name)
        return Words(en=first.en + second.en, zh=first.zh + second.zh)

    rest = {name: both(name) for name in ("harmless", "negations", "barriers")}
    return PhraseBook(kinds={**one.kinds, **other.kinds}, **rest)


class PhraseFinder(Generic[Kind]):
    """A phrase book, ready to search."""

    def __init__(self, book: PhraseBook[Kind]) -> None:
        """Compile all patterns."""
        self.book = book
        self._kinds = {kind: any_phrase(_both(words)) for kind, words in book.kinds.items()}
        self._harmless = any_phrase(_both(book.harmless))
        self._negated = _negated(book)

    def find(self, text: str) -> tuple[Kind, ...]:
        """Return the kinds of phrases that a redacted text means, in the order of the book."""
        plain = self._harmless.sub("_", fold(text[:_LONGEST]).text.lower())
        return tuple(kind for kind, pattern in self._kinds.items() if self._meant(pattern, plain))

    def _meant(self, pattern: re.Pattern[str], text: str) -> bool:
        return any(not self._turned(text[: m.start()], m[0]) for m in pattern.finditer(text))

    def _turned(self, before: str, phrase: str) -> bool:
        if phrase.startswith(self.book.barriers.zh):  # 不解决就投诉: nothing reaches over its 就
            return False
        clause = _CLAUSE_END.split(before[-80:])[-1]
        return bool(self._negated.search(clause))


def _both(words: Words) -> tuple[str, ...]:
    return words.en + words.zh


def any_phrase(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of any of the phrases; one that matches nothing where there is none."""
    return re.compile("|".join(_pattern(phrase) for phrase in phrases) or r"(?!)")


def _pattern(phrase: str) -> str:
    """Return the pattern of one phrase: spaces bend, Latin words are whole."""
    pieces = _PIECE.findall(phrase.lower())
    gap = _HAN_GAP if _is_han(pieces[0]) else _WORD_GAP
    joints = ["", *(_joint(last, piece) for last, piece in zip(pieces, pieces[1:], strict=False))]
    return "".join(joint + _piece(piece, gap) for joint, piece in zip(joints, pieces, strict=True))


def _joint(last: str, piece: str) -> str:
    if "..." in {last, piece}:
        return r"[\s-]+" if piece == "..." and not _is_han(last) else ""
    return r"\s*" if _is_han(last) or _is_han(piece) else r"[\s-]+"


def _piece(piece: str, gap: str) -> str:
    if piece == "...":
        return gap
    if _is_han(piece):
        return piece
    word = piece.rstrip("*")
    start = r"(?<![a-z0-9'])" if _LATIN.match(word[0]) else ""
    end = r"(?![a-z0-9])" if _LATIN.match(word[-1]) else ""
    return start + re.escape(word) + (r"[a-z']*" if piece.endswith("*") else end)


def _is_han(piece: str) -> bool:
    return bool(re.match(rf"[{_HAN}]", piece))


def _negated(book: PhraseBook[Kind]) -> re.Pattern[str]:
    """Return what matches a clause whose end a negation reaches."""
    barred = "|".join(map(re.escape, book.barriers.en)) or "(?!)"
    words = rf"(?:[\s-]+(?!(?:{barred})(?![a-z']))[^\s-]+){{0,3}}[\s-]*$"
    english = rf"(?:{any_phrase(book.negations.en).pattern}){words}"
    signs = "".join(map(re.escape, book.barriers.zh))
    chinese = rf"(?:{any_phrase(book.negations.zh).pattern})[^\n{signs}]{{0,4}}$"
    return re.compile(f"{english}|{chinese}")

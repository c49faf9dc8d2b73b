"""Person names by value: a name that the customer table holds, in the forms that people write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from churnlens.privacy.folding import fold
from churnlens.privacy.name_words import (
    COMPOUND_SURNAMES,
    HONORIFICS,
    NOT_AFTER_LITTLE,
    ORDINARY,
    SENTENCE_STARTERS,
    TITLES,
)

_HAN: Final = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # scripts without spaces between words
_LETTER: Final = "[a-z\u00c0-\u1fff]"  # of the others, in lower case and folded
_TOKEN: Final = re.compile(rf"{_LETTER}+(?:['-]{_LETTER}+)*")
_HAN_RUN: Final = re.compile(rf"[{_HAN}]+(?:[ .][{_HAN}]+)*")
_HONORIFIC_END: Final = re.compile(rf"(?:{HONORIFICS})\Z")
_BETWEEN: Final = r"[\s,.'-]{1,3}"
_INTRODUCED: Final = re.compile(
    r"(?:\b(?:mr|mrs|ms|miss|mx|dr|prof|dear|hi|hello|hey|thanks|regards|sincerely|cheers|yours"
    r"|i am|i?'?m|this is|name is|name's|named|call me|attn|signed|name)[.,:]?\s+"
    r"|(?:叫做?|我是|本人|姓名|名字|联系人|收件人|收货人|签收人|机主|户主)(?:是|为)?[:： ]?)\Z",
    re.IGNORECASE,
)
_INSIDE_SENTENCE: Final = re.compile(r"[a-z,;] \Z")


@dataclass(frozen=True)
class Name:
    """The forms of one name, as sources of regular expressions over a folded text (empty: none).

    Attributes:
        needles: strings; every form of the name contains one of them, in lower case.
        whole: the whole name, in either order, with or without a middle name.
        sure: every form that is the name wherever it stands, the whole name among them.
        words: parts that are ordinary words as well, and need an introduction.
    """

    needles: tuple[str, ...]
    whole: str
    sure: str
    words: str

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of the name in a folded text, as of the person who speaks."""
        lower = text.lower()
        if not any(needle in lower for needle in self.needles):
            return
        yield from (match.span() for match in _compiled(self.sure).finditer(lower))
        for match in _compiled(self.words).finditer(lower):
            start, before = match.start(), text[max(0, match.start() - 16) : match.start()]
            named = _INSIDE_SENTENCE.search(before) or match.group() not in SENTENCE_STARTERS
            if (text[start].isupper() and named) or _INTRODUCED.search(before):
                yield match.span()

    def find_whole(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans of the whole name only, as of somebody else."""
        yield from (match.span() for match in _compiled(self.whole).finditer(text.lower()))


@lru_cache(maxsize=4096)
def _compiled(source: str) -> re.Pattern[str]:
    return re.compile(source or r"(?!)")


@lru_cache(maxsize=65536)
def parse_name(name: str) -> Name:
    """Read a name as a table holds it: "Gonzalez, Maria", "Mr. O'Brien", 王小明, "张伟 (David)"."""
    plain = fold(name).text.lower()
    tokens = [token for token in _TOKEN.findall(plain) if token not in TITLES]
    whole, sure, words = _spaced_forms(tokens) if tokens else ([], [], [])
    needles = [piece for token in tokens for piece in re.split("['-]", token) if len(piece) > 1]
    for run in _HAN_RUN.findall(plain):
        forms = _han_forms(run)
        whole, sure, words = (a + b for a, b in zip((whole, sure, words), forms, strict=True))
        needles += [run[0], _HONORIFIC_END.sub("", run)[-1:] or run[0]]
    return Name(tuple(needles), *map("|".join, (whole, sure, words)))


def _alone(sources: list[str]) -> list[str]:
    """Return one source for any of several that no letter of a script with spaces adjoins."""
    return [rf"(?<!{_LETTER})(?:{'|'.join(sources)})(?!{_LETTER})"] if sources else []


def _spaced_forms(tokens: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return whole, sure and ordinary-word forms of a name written with spaces (lower case)."""
    spelled = [re.escape(token).replace("'", "'?").replace(r"\-", "[ -]?") for token in tokens]
    first, last = spelled[0], spelled[-1]
    alone = dict(zip(tokens, spelled, strict=True))
    halves = (half for token in tokens if "-" in token for half in token.split("-"))
    alone |= {half: re.escape(half) for half in halves}
    rare = [form for part, form in alone.items() if _is_rare(part)]
    usual = [form for part, form in alone.items() if not _is_rare(part)]
    whole = []
    if len(tokens) > 1:
        middle = rf"(?:{_LETTER}\.?{_BETWEEN})?"
        whole = [_BETWEEN.join(spelled), first + _BETWEEN + middle + last, last + _BETWEEN + first]
    sure = [*whole, *(rf"{token[0]}\. ?{last}" for token in tokens[:-1]), *rare]
    if len(rare) > 1 and len(first + last) >= 8:
        sure.append(first + last)
    return _alone(whole), _alone(sure), _alone(usual)


def _is_rare(part: str) -> bool:
    """Whether a part of a name is no ordinary word, so that it is the name wherever it stands."""
    return len(part) > 2 and part not in ORDINARY


def _han_forms(run: str) -> tuple[list[str], list[str], list[str]]:
    """Return whole, sure and ordinary-word forms of a name in Chinese script.

    The table may hold 王小明, 王小明先生, 王先生, 王 小明 or 阿布都·热合曼.
    """
    if "." in run:
        parts = run.split(".")
        return ["[ .]?".join(parts)], ["[ .]?".join(parts), *(p for p in parts if p[1:])], []
    name = _HONORIFIC_END.sub("", run.replace(" ", "")) or run[0]
    cut = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    surname, given, whole = name[:cut], name[cut:], " ?".join(name)
    sure = [f"{surname} ?(?:{HONORIFICS})"]
    if surname not in NOT_AFTER_LITTLE:
        sure.append(f"[小老阿]{surname}")
    words = [form for form in (name, given) if len(form) > 1 and form in ORDINARY]
    sure += [form for form in (whole, given) if len(form) > 1 and form not in words]
    return [whole] if len(name) > 2 else [], sure, words


class Directory:
    """All names of a table, to find whole names of other customers in a text by look-up."""

    def __init__(self, names: Iterable[str]) -> None:
        """File each name that has two parts, one of them no ordinary word, or three characters."""
        self._names: dict[str, Name] = {}
        for name in names:
            plain = fold(name).text.lower()
            tokens = [token for token in _TOKEN.findall(plain) if token not in TITLES]
            if len(tokens) > 1 and any(map(_is_rare, tokens)):
                self._names[f"{tokens[0]} {tokens[-1]}"] = parse_name(name)
                self._names[f"{tokens[-1]} {tokens[0]}"] = parse_name(name)
            if (han := _HAN_RUN.fullmatch(plain)) and len(han.group()) > 2:
                self._names[plain] = parse_name(name)
        han_keys = [key for key in self._names if _HAN_RUN.match(key)]
        self._firsts = frozenset(key.split(" ")[0] for key in self._names)
        self._heads = frozenset(key[0] for key in han_keys)
        self._lengths = frozenset(map(len, han_keys))

    def mentioned(self, text: str) -> list[Name]:
        """Return the names that a folded text may hold as a whole."""
        lower = text.lower()
        tokens = _TOKEN.findall(lower)
        starts = [at for at, token in enumerate(tokens) if token in self._firsts]
        keys = {f"{tokens[at]} {last}" for at in starts for last in tokens[at + 1 : at + 3]}
        if not self._heads.isdisjoint(lower):
            starts = [at for at, char in enumerate(lower) if char in self._heads]
            keys |= {lower[at : at + length] for at in starts for length in self._lengths}
        return [self._names[key] for key in sorted(keys) if key in self._names]

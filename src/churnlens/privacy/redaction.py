"""Redaction of personal data in English and Chinese text, before anything else reads it.

The same function serves feedback, dialogues, log lines and error messages.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, get_args

from churnlens.privacy.folding import fold
from churnlens.privacy.names import Directory, Name, parse_name
from churnlens.privacy.recognisers import RECOGNISERS, Kind, Span, disjoint

PLACEHOLDERS: Final[Mapping[Kind, str]] = MappingProxyType(
    {kind: f"[{kind}]" for kind in get_args(Kind)}
)
"""What stands in a text in place of each kind of personal data."""

_PLACEHOLDER: Final = re.compile(r"\[(" + "|".join(PLACEHOLDERS) + r"|[a-z]{2,12}_\d{1,5})\]")
_NUMBERED: Final = re.compile(r"\[([a-z]{2,12})_(\d{1,5})\]")
_MARKS: Final = 50  # of each kind that are kept
_APART: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Redaction:
    """A text without personal data.

    Attributes:
        text: the text, with a placeholder for each item and everything else as it was.
        counts: kind → items replaced; a kind without any is missing.
    """

    text: str
    counts: Counter[str]


Marks = Mapping[str, Mapping[str, int]]


class Tags:
    """Numbered placeholders: the same item has the same tag wherever it stands.

    `[phone_1]` and `[phone_2]` are two numbers, and a reader can tell who was called twice. How an
    item is written does not matter: 138-0013-8000 and 13800138000 are one.
    """

    def __init__(self, texts: Iterable[str] = (), kept: Marks = MappingProxyType({})) -> None:
        """Number from 1, or after the highest tag of each kind that `texts` hold already.

        Args:
            texts: any strings.
            kept: what `marks` gave, to go on with its numbers.
        """
        self._seen: dict[str, dict[str, int]] = {}
        self._goes_on = bool(kept)
        self._kept = {kind: dict(numbers) for kind, numbers in kept.items()}
        self._last = Counter({kind: max(numbers.values()) for kind, numbers in kept.items()})
        for kind, number in (found for text in texts for found in _NUMBERED.findall(text)):
            self._last[kind] = max(self._last[kind], int(number))

    def of(self, kind: str, item: str) -> str:
        """Return the tag of one item of a kind, a new number when it is seen first."""
        numbers = self._seen.setdefault(kind, {})
        identity = _APART.sub("", fold(item).text).casefold()
        if identity not in numbers:
            mark, known = _mark(kind, identity), self._kept.setdefault(kind, {})
            new = self._last[kind] + 1
            number = known.get(mark, new) if self._goes_on else new
            numbers[identity] = known[mark] = number
            self._last[kind] = max(self._last[kind], number)
        return f"[{kind}_{numbers[identity]}]"

    def marks(self) -> dict[str, dict[str, int]]:
        """Return kind → mark → number of the last items, from which no item can be read back.

        A mark is 16 bits of a hash: thousands of phone numbers share each. Two items of one
        dialogue have the same mark, and so one tag, once in 65,536 pairs.
        """
        return {
            kind: dict(sorted(numbers.items(), key=lambda pair: pair[1])[-_MARKS:])
            for kind, numbers in self._kept.items()
            if numbers
        }


def redact(text: str, names: Iterable[str | None] = ()) -> Redaction:
    """Replace personal data in one text by placeholders such as `[phone]`.

    Redacting twice changes nothing more: the text is searched until nothing is found, and each
    search leaves fewer characters outside placeholders. It never raises on a string.

    Args:
        text: any text, in any script, broken Unicode too.
        names: names of the person who speaks, as the customer table holds them. The whole name is
            replaced in any order and case; a part of it alone, unless it is an ordinary word
            ("Bill", 国庆) that nothing introduces; 王先生 when the surname is 王.
    """
    return _redact(text, [parse_name(name) for name in names if isinstance(name, str)], None)


def redact_dialogue(
    texts: Iterable[str], names: Iterable[str | None] = (), tags: Tags | None = None
) -> tuple[list[str], Counter[str]]:
    """Redact the turns of one dialogue by numbered tags, the same item by the same tag.

    Args:
        texts: the turns in order, any strings.
        names: names of the persons who speak; see `redact`.
        tags: numbering to go on with; None starts one after the tags in the texts.

    Returns:
        The redacted turns in order, and kind → items replaced in all of them.
    """
    texts = list(texts)
    numbering = tags or Tags(texts)
    own = [parse_name(name) for name in names if isinstance(name, str)]
    results = [_redact(text, own, None, numbering.of) for text in texts]
    return [result.text for result in results], sum((r.counts for r in results), Counter[str]())


def redact_column(
    texts: Iterable[str | None], names: Iterable[str | None]
) -> tuple[list[str], Counter[str]]:
    """Redact a column of texts, each with the customer's own name.

    The other customers' names are replaced as well, but only whole ("Maria Gonzalez", 王小明):
    a look-up of the words of a text finds them at no cost, while a stranger's first name or
    a two-character name would hit ordinary words ("mark", 高兴).

    Args:
        texts: one text a row; a missing one (None, NaN) comes back empty.
        names: the customers' names, parallel to `texts`; missing ones are skipped.

    Returns:
        The redacted texts, and kind → items replaced in all of them.

    Raises:
        ValueError: when the two columns differ in length.
    """
    owners = [name if isinstance(name, str) else "" for name in names]
    directory = Directory(owners)
    counts: Counter[str] = Counter()
    redacted = []
    for text, owner in zip(texts, owners, strict=True):
        result = _redact(text if isinstance(text, str) else "", [parse_name(owner)], directory)
        counts.update(result.counts)
        redacted.append(result.text)
    return redacted, counts


def _mark(kind: str, identity: str) -> str:
    return hashlib.sha256(f"{kind} {identity}".encode("utf-8", "replace")).hexdigest()[:4]


def _placeholder(kind: Kind, _: str) -> str:
    return PLACEHOLDERS[kind]


def _redact(
    text: str,
    own: list[Name],
    directory: Directory | None,
    tag: Callable[[Kind, str], str] = _placeholder,
) -> Redaction:
    """Search and replace until nothing is found; each round leaves fewer characters to search."""
    counts: Counter[str] = Counter()
    while found := sorted((span, kind) for kind, span in _find(text, own, directory)):
        counts.update(kind for _, kind in found)
        text = _splice(
            text, [(start, end, tag(kind, text[start:end])) for (start, end), kind in found]
        )
    return Redaction(text, counts)


def _find(text: str, own: list[Name], directory: Directory | None) -> Iterator[tuple[Kind, Span]]:
    """Yield kind and span in `text` of each item, none inside a placeholder, none overlapping."""
    folded = fold(text)
    plain = _mask(folded.text, [match.span() for match in _PLACEHOLDER.finditer(folded.text)])
    hinted = {hint: hint.search(plain) for _, hint, _ in RECOGNISERS}
    for kind, hint, recognise in RECOGNISERS:
        if hinted[hint]:
            spans = disjoint(recognise(plain))
            plain = _mask(plain, spans)
            yield from ((kind, folded.span(*span)) for span in spans)
    people = [span for name in own for span in name.find(plain)]
    for name in directory.mentioned(plain) if directory else ():
        people += name.find_whole(plain)
    yield from (("name", folded.span(*span)) for span in disjoint(people))


def _mask(plain: str, spans: list[Span]) -> str:
    """Return a text of the same length in which nothing of the spans is left to match.

    A folded text has no NUL, and no pattern matches one.
    """
    return _splice(plain, ((start, end, "\0" * (end - start)) for start, end in spans))


def _splice(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return the text with the spans, which are in order and apart, replaced."""
    pieces, last = [], 0
    for start, end, new in edits:
        pieces += [text[last:start], new]
        last = end
    return "".join([*pieces, text[last:]])

"""What a text says under its disguise: full-width digits, zero-width characters, odd spaces."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_PLAIN: Final = {
    **dict.fromkeys("\n\r\x85\u2028\u2029", "\n"),
    **dict.fromkeys("\t\v\f\u2014\u2015\u2e3a\u2e3b", " "),  # a long dash ends a word
    **dict.fromkeys("·•‧∙⋅・･", "."),
    **dict.fromkeys("‘’ʼ′´", "'"),
    **dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0", ""),  # letters and symbols without ink
    "\u2212": "-",
}
_CATEGORIES: Final = {"Zs": " ", "Pd": "-", "Cc": "", "Cf": "", "Mn": "", "Me": ""}
_NUMERALS: Final = str.maketrans(
    "〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789"
)
_SPOKEN: Final = re.compile("[0-9〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]{7,}")


@dataclass(frozen=True)
class Folded:
    """A text in a plain alphabet, with the way back.

    Attributes:
        text: at most one character for each of the original; nothing invisible is left.
        origin: position in the original of each character of `text`; None when they are the same.
    """

    text: str
    origin: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open span of the original that `text[start:end]` came from."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


class _Table(dict[int, str]):
    """Code point → folded character, computed on first sight."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


def _fold_character(char: str) -> str:
    """Return the plain form of one character: one character, or none when it is invisible."""
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    plain = _PLAIN.get(char, _CATEGORIES.get(category))
    return _without_marks(char) if plain is None else plain


def _without_marks(char: str) -> str:
    """Return é as e and Ａ as A; a character that stands for several, or ①, stays as it is."""
    parts = unicodedata.normalize("NFKD", char)
    base = "".join(part for part in parts if unicodedata.category(part) != "Mn")
    composed = unicodedata.normalize("NFKC", char)
    forms = (form for form in (base, composed) if len(form) == 1 and not form.isdecimal())
    return next(forms, char)


_TABLE: Final = _Table()


def fold(text: str) -> Folded:
    """Fold a text for matching: widths, marks, dashes and spaces made plain, the invisible dropped.

    Every decimal digit of any script becomes an ASCII digit, and so do Chinese numerals among
    seven or more digits in a row (幺三八零零…, as numbers are dictated), unless it is one alone:
    that one begins a word (…567一直). Letter case stays.
    """
    if text.isascii() and text.replace("\n", " ").isprintable():
        return Folded(text)
    plain = text.translate(_TABLE)
    origin = None
    if len(plain) != len(text):
        origin = tuple(at for at, char in enumerate(text) if _TABLE[ord(char)])
    return Folded(_SPOKEN.sub(_as_digits, plain), origin)


def _as_digits(run: re.Match[str]) -> str:
    spoken = sum(not char.isascii() for char in run.group())
    return run.group().translate(_NUMERALS) if spoken > 1 else run.group()

"""Telephone numbers: Chinese mobiles and landlines, service lines, American and international."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from churnlens.privacy.checksums import is_date
from churnlens.privacy.orders import UNIT

_GAP: Final = r"[ .\-()]{0,3}"
_LINE: Final = r"[ .\-]{0,3}"
_CHINA: Final = rf"(?:\(?(?:\+|00)?86\)?{_LINE})?"
_EXTENSION: Final = r"(?:[ ,]{0,2}(?:ext\.?|extension|x|转|分机号?)[ :：]?\d{1,6}|-\d{1,4})?"
_FORMS: Final = (
    rf"(?<!0\.){_CHINA}\(?0?1[3-9]\d\)?(?:{_LINE}\d){{8}}",  # Chinese mobile
    r"1[ .\-][3-9](?:[ .\-]\d){9}",  # digit by digit
    rf"{_CHINA}\(?0(?:10|2\d|[3-9]\d\d)\)?{_LINE}[1-9](?:[ -]?\d){{6,7}}",  # with area code
    rf"(?:\(?(?:\+|00)86\)?{_LINE}|\(86\)[ -]?|86[ -]{{1,3}})"
    rf"\(?(?:10|2\d|[3-9]\d\d)\)?{_LINE}[1-9](?:[ -]?\d){{6,7}}",  # without the zero
    r"(?<![$€£¥￥])[48]00(?:[ -]{0,3}\d){7}",  # service lines
    rf"\(?(?:\+|00)1\)?{_GAP}\d{{3}}\)?{_LINE}\d{{3}}{_LINE}\d{{4}}",  # North America, with +1
    rf"(?:1{_LINE})?(?:\(\d{{3}}\){_LINE}|\d{{3}} ?[.-] ?)\d{{3}} ?[ .-]? ?\d{{4}}",  # separated
    r"(?P<spaced>(?<![$€£¥￥])(?:1 )?\d{3} \d{3}[ -]?\d{4})",
    r"(?<![$€£¥￥/=_A-Za-z.])1?[2-9]\d{9}(?<!00000)",  # in one piece
    rf"\(?\+ ?\(?[1-9](?:{_GAP}\d){{7,14}}",  # any country, +
    rf"00[1-9](?:{_GAP}\d){{8,12}}",  # any country, 00
    r"(?P<national>(?=(?:[ .\-/()]{0,2}\d){9,12}(?![.\-/]?\d))"
    r"\(?0[1-9]\d{0,3}\)?(?:[ .\-/]{1,2}\d{2,8}){1,4})",  # other countries' own form
    r"0[1-9]\d{8,9}",
)
_PHONE: Final = re.compile(rf"(?<!\d)(?:{'|'.join(_FORMS)})(?!\d){_EXTENSION}(?!\d)", re.IGNORECASE)
_CALLED: Final = re.compile(
    r"(?:电话|手机|座机|固话|热线|联系方式|联系|致电|拨打|回电|来电|短信|传真|微信号?"
    r"|(?<![a-z])(?:tel|telephone|phone|call(?:ed)?|mobile|cell|contact|fax|whatsapp|text|dial"
    r"|ring|reach (?:me|us)))"
    r"(?:[\s:：#.,，=()（）]|号码?|是|为|请|我|到|打|\b(?:number|no|me|us|at|on|is|my)\b){0,6}"
    r"(?P<number>\d(?:[ .\-()]{0,2}\d){6,14})(?!\d)",
    re.IGNORECASE,
)
_DIGIT_BEFORE: Final = re.compile(r"\d[ .-]")
_CODE_BEFORE: Final = re.compile(r"\d[A-Za-z_]+\Z")
_CODE_AFTER: Final = re.compile(r"[A-Za-z_]+\d")
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_DATE: Final = re.compile(
    rf"(?<![\d+])(?:(?:19|20)\d\d[-./]{_DAY}[-./]{_DAY}|{_DAY}[-./]{_DAY}[-./](?:19|20)\d\d)(?!\d)"
)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of telephone numbers that are known by their form."""
    last = 0
    for match in _PHONE.finditer(text):
        form, (start, end) = match.group(), match.span()
        inside = match.lastgroup and start - last > 1 and _DIGIT_BEFORE.match(text, start - 2)
        if _is_number(form) and not inside and not _is_part(text, start, end):
            yield start + (form[0] == "(" and form.count("(") > form.count(")")), end
            last = end


def named_phones(text: str) -> Iterator[tuple[int, int]]:
    """Yield numbers of 7 to 15 digits that a word such as "call" or 电话 announces."""
    for match in _CALLED.finditer(text):
        number, span = match["number"], match.span("number")
        if _is_number(number) and not is_date(number) and not _is_part(text, *span):
            yield span


def _is_part(text: str, start: int, end: int) -> bool:
    """Whether digits are a quantity, or part of a longer code such as a hash."""
    coded = _CODE_BEFORE.search(text[max(0, start - 24) : start]) or _CODE_AFTER.match(text, end)
    return bool(coded or UNIT.match(text, end))


def _is_number(form: str) -> bool:
    """Whether digits are grouped as in a telephone number: no date, no list of small numbers."""
    lengths = [len(group) for group in re.findall(r"\d+", form)]
    return not _DATE.search(form) and (set(lengths) == {1} or lengths.count(1) <= 1)

"""Numbers as people write them: digits, Chinese numerals, English words."""

from __future__ import annotations

import re
from decimal import Decimal
from math import prod
from typing import Final

_HAN_DIGITS: Final = {sign: n for n, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_SCALES: Final = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_PLAIN: Final = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_SIGNS: Final = "[壹贰叁肆伍陆柒捌玖拾佰仟]"
_FORMAL: Final = re.compile(
    rf"{_SIGNS}(?:{_SIGNS}|[零万亿](?={_SIGNS}|[元圆]))+|{_SIGNS}(?=[元圆块])"
)
_WORDS: Final = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ANY: Final = "|".join(sorted(_WORDS, key=len, reverse=True))

DIGITS: Final = r"(?:\d+(?:,\d{3})+|\d+)(?:\.\d+)?"
"""Pattern of a number in digits, with or without thousands separators."""
_DIGIT, _SCALE = "零〇一二两三四五六七八九", "百千万亿"
HAN: Final = f"[{_DIGIT}十][{_DIGIT}十{_SCALE}]{{0,19}}(?:点[{_DIGIT}]{{1,9}})?"
"""Pattern of a Chinese numeral."""
_SCALES: Final = {"k": 1000, "hundred": 100, "thousand": 1000} | {
    "million": 1_000_000, "billion": 1_000_000_000,
}  # fmt: skip
_LARGE = "hundred|thousand|million|billion"
ENGLISH: Final = f"(?:{_ANY}|a(?=[ -](?:{_LARGE})))(?:[ -](?:and )?(?:{_ANY}|{_LARGE}))*(?![a-z])"
"""Pattern of a number in English words, in lower case."""


def value_of(number: str) -> Decimal:
    """Return the value of what one of the three patterns matches."""
    if number[0].isdigit():
        return Decimal(number.replace(",", ""))
    return _english(number) if number.isascii() else _han(number)


def scaled(value: Decimal, scale: str) -> Decimal:
    """Return 30,000 for 3 and 万, 5,000 for 5 and k."""
    if word := scale.strip(" -"):
        signs = [_SCALES[word]] if word in _SCALES else [_HAN_SCALES[sign] for sign in word]
        return value * prod(signs)
    return value


def plain(value: Decimal) -> str:
    """Return a value in digits without idle zeros: 50 for 50.00, 3.5 for 3.50; never rounded."""
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def simple(text: str) -> str:
    """Return the text with formal Chinese numerals as plain ones: 一百元 for 壹佰元.

    One alone is a word (登陆, 队伍) unless money follows it.
    """
    return _FORMAL.sub(lambda found: found[0].translate(_PLAIN), text)


def _han(number: str) -> Decimal:
    """Return 250 for 二百五十 and for 两百五, 205 for 二百零五, 3.5 for 三点五, 12 for 一二."""
    whole, _, fraction = number.partition("点")
    total = part = digit = 0
    for sign in whole:
        scale = _HAN_SCALES.get(sign, 0)
        if not scale:
            digit = digit * 10 + _HAN_DIGITS[sign]
        elif scale >= 10_000:
            total, part, digit = (total + part + digit) * scale, 0, 0
        else:
            part, digit = part + (digit or 1) * scale, 0
    spoken = _HAN_SCALES.get(whole[-2:-1], 10) // 10
    decimals = "".join(str(_HAN_DIGITS[sign]) for sign in fraction)
    return Decimal(f"{total + part + digit * spoken}.{decimals or 0}")


def _english(number: str) -> Decimal:
    """Return 125 for "one hundred and twenty-five"."""
    total = part = 0
    for word in re.findall("[a-z]+", number):
        if word == "hundred":
            part = (part or 1) * 100
        elif word in _SCALES:
            total, part = total + (part or 1) * _SCALES[word], 0
        else:
            part += _WORDS.get(word, 0)
    return Decimal(total + part)

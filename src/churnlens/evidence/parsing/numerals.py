"""Numbers in digits, English words and Chinese numerals."""

from __future__ import annotations

from churnlens.evidence.parsing.text import Token

_ENGLISH = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12, "couple": 2,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "k": 1000, "grand": 1000, "千": 1000, "万": 10_000}
_ARTICLES = ("a", "an")
_COUNTED = ("hundred", "thousand", "dozen", "grand")  # "a hundred" is a number
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_REACHES = tuple("过破超逾满达近")  # what 百 follows where it is a number
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}


def _chinese_number(words: list[str]) -> float:
    """Return 250 for 二百五十 and for 两百五, 205 for 二百零五, 12 for 十二 and for 一二."""
    total = part = digit = 0
    for word in words:
        if word in _DIGITS:
            digit = digit * 10 + _DIGITS[word]
        elif word == "万":
            total, part, digit = (total + part + digit) * 10_000, 0, 0
        else:
            part, digit = part + (digit or 1) * _CHINESE_SCALES[word], 0
    spoken = len(words) > 1 and words[-1] in _DIGITS and _CHINESE_SCALES.get(words[-2], 10) > 10
    return float(total + part + digit * (_CHINESE_SCALES[words[-2]] // 10 if spoken else 1))


def _english_number(sentence: list[Token], start: int) -> tuple[float, int]:
    """Return "one hundred and twenty" as 120, with the index after it."""
    total = part = 0.0
    end = start
    while end < len(sentence):
        word = sentence[end].text
        following = sentence[end + 1].text if end + 1 < len(sentence) else ""
        if word in _ENGLISH and (part == 0 or (part % 10 == 0 and _ENGLISH[word] < part)):
            part += _ENGLISH[word]
        elif word == "hundred":
            part = (part or 1.0) * 100
        elif word in ("thousand", "grand"):
            total, part = total + (part or 1.0) * 1000, 0.0
        elif not (word == "and" and part >= 100 and following in _ENGLISH):
            break
        end += 1
    return total + part, end


def _is_round(sentence: list[Token], at: int) -> bool:
    """Whether 百 alone at a place is 100: 百元, 月费过百."""
    before = sentence[at - 1].text if at else ""
    after = sentence[at + 1].text if at + 1 < len(sentence) else ""
    return after in ("元", "块", "美") or before in _REACHES


def read_number(sentence: list[Token], start: int) -> tuple[float, int] | None:
    """Read a number in digits, English words or Chinese numerals.

    Args:
        sentence: the tokens.
        start: where the number begins.

    Returns:
        Its value and the index after it; None when no number begins there.
    """
    token, end = sentence[start], start + 1
    if token.kind == "number":
        value = float(token.text)
        while end < len(sentence) and sentence[end].text in _SCALES:
            value, end = value * _SCALES[sentence[end].text], end + 1
        return value, end
    if token.text in _ENGLISH or token.text in ("hundred", "thousand"):
        return _english_number(sentence, start)
    if token.text in _ARTICLES and end < len(sentence) and sentence[end].text in _COUNTED:
        return _english_number(sentence, end)
    scaled = token.text in _CHINESE_SCALES and _is_round(sentence, start)
    if token.text not in _DIGITS and token.text != "十" and not scaled:
        return None
    while end < len(sentence) and sentence[end].text in _DIGITS | _CHINESE_SCALES:
        end += 1
    return _chinese_number([each.text for each in sentence[start:end]]), end

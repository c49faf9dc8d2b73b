"""Whether the numbers, dates and amounts of a summary occur in its dialogue.

Numbers are compared as values with units, however they are written: 三天 is 3天 and "three days",
¥50.00 is 50元, 3月5日 is 2024-03-05 without its year, 下午两点 is 14:00. A number without a unit
matches one with any. Words that only look like numbers (一下, 十分, "one of them") and small counts
in words (两个, "two options") are no claim.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np

from churnlens.evaluation.numerals import DIGITS, ENGLISH, HAN, plain, scaled, simple, value_of
from churnlens.evaluation.text_overlap import TextMetric

Match = re.Match[str]


class Number(NamedTuple):
    """A number in a text.

    Attributes:
        value: in plain digits; a tag or a code of letters and digits as it is.
        unit: key of its unit, empty without one.
        text: as written, in lower case and half width.
        claim: whether it states an amount.
    """

    value: str
    unit: str
    text: str
    claim: bool = True


_UNITS: Final = {
    "days": "个?工作日|天|(?:(?:business|working) )?days?",
    "day": "[日号]",
    "hours": "个?小时|个?钟头|hours?|hrs?|h",
    "clock": r"点钟?|时(?!候|间)|o'clock|[ap]\.?m",
    "minutes": "分钟|minutes?|mins?",
    "seconds": "秒钟?|seconds?|secs?",
    "weeks": "个?星期|个?礼拜|周|weeks?",
    "months": "个月|months?",
    "month": "月份?",
    "year": "年|years?|yrs?",
    "percent": "%|percent|per cent",
    "discount": "折",
    "usd": "美元|美金|usd|dollars?|bucks?",
    "eur": "欧元|eur|euros?",
    "gbp": "英镑|gbp|pounds?",
    "cny": "[元圆]|块钱?|人民币|cny|rmb|yuan",
}
_UNIT: Final = "|".join(f"(?P<{name}>(?:{words})(?![a-z]))" for name, words in _UNITS.items())
_CURRENCIES: Final = {"$": "usd", "€": "eur", "£": "gbp", "¥": "cny"}
_MONTHS: Final = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
_SHORT: Final = [month[:3] for month in _MONTHS]
_MONTH: Final = rf"(?P<name>{'|'.join([*_MONTHS, 'sept', *_SHORT])})(?![a-z])\.?"
_WEEK: Final = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", *"一二三四五六日"]
_SMALL: Final = r"(?:\d{1,2}|[零一二两三四五六七八九十]{1,3})"
_START: Final = "(?<![a-z0-9.])"
_SCALE: Final = (
    "(?P<scale>[十百千万亿]+|k(?![a-z])|[ -]?(?:hundred|thousand|million|billion)(?![a-z]))?"
)
_ABOUT: Final = "一[二两]|[二两]三|三[四五]|四五|五六|六七|七八|八九"  # 三五天 is 3 to 5 days
_AMOUNT: Final = re.compile(rf"(?P<number>{DIGITS}){_SCALE}(?:st|nd|rd|th|\s*-?\s*(?:{_UNIT}))?")
_NO_AMOUNT: Final = re.compile("一(?:点钟?|时|块)|一一")


def _amount(match: Match, claim: bool = True) -> list[Number]:
    """Return a value with the unit that the match found; hours of the day modulo 12."""
    groups = match.groupdict()
    value = scaled(value_of(groups["number"]), groups.get("scale") or "")
    unit = next((name for name in _UNITS if groups[name]), "")
    return [
        Number(
            plain(value % 12 if unit == "clock" and value < 25 else value), unit, match[0], claim
        )
    ]


def _in_words(match: Match) -> list[Number]:
    """Return a number in words; a claim where it is large, has a unit, or counts goods (三件)."""
    bare = match[0] == match["number"]
    small = len(match["number"]) == 1 or (match[0].isascii() and value_of(match["number"]) <= 10)
    counts = re.match("[件台张瓶盒箱双份]", match.string[match.end() :]) and match[0] != "一"
    return _amount(
        match, not (bare and small and not counts) and not _NO_AMOUNT.fullmatch(match[0])
    )


def _about(match: Match) -> list[Number]:
    unit = next(name for name in _UNITS if match[name])
    return [Number(plain(value_of(sign)), unit, match[0]) for sign in match["about"]]


def _code(match: Match) -> list[Number]:
    """Return "50usd" and "5th" as the amounts that they are, "win10" as it is; 10 is known then."""
    if amount := _AMOUNT.fullmatch(match[0]):
        return _amount(amount)
    parts = [
        Number(plain(Decimal(part)), "", match[0], False) for part in re.findall(r"\d+", match[0])
    ]
    return [Number(match[0], "", match[0]), *parts]


def _date(match: Match) -> list[Number]:
    parts = match.groupdict()
    if name := parts.pop("name", None):
        parts["month"] = str(_SHORT.index(name[:3]) + 1)
    return [
        Number(str(int(parts[unit])), unit, match[0])
        for unit in ("year", "month", "day")
        if parts.get(unit)
    ]


def _clock(match: Match) -> list[Number]:
    hour, minute = value_of(match["hour"]) % 12, match["minute"]
    past = value_of(minute) if minute != "半" else Decimal(30)
    found = [Number(plain(hour), "clock", match[0]), Number(plain(past), "minutes", match[0])]
    return found if past else found[:1]


def _weekday(match: Match) -> list[Number]:
    day = _WEEK.index((match["han"] or match["name"][:3]).replace("天", "日")) % 7
    return [Number(str(day), "weekday", match[0])]


def _money(match: Match) -> list[Number]:
    value = scaled(value_of(match["number"]), match["scale"] or "")
    return [Number(plain(value), _CURRENCIES[match["sign"]], match[0])]


def _percent(match: Match) -> list[Number]:
    return [Number(plain(value_of(match["number"])), "percent", match[0])]


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[Match], list[Number]]], ...]] = (
    (re.compile(r"https?://\S+"), lambda match: []),
    (re.compile(r"\[[a-z_]+_\d+\]"), lambda match: [Number(match[0], "tag", match[0])]),
    (
        re.compile(
            r"(?<!\d)(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})(?!\d)[日号]?"
        ),
        _date,
    ),
    (re.compile(rf"(?<![a-z]){_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?![a-z0-9])"), _date),
    (
        re.compile(rf"{_START}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?![a-z])"),
        _date,
    ),
    (
        re.compile(
            r"(?<![\d:])(?P<hour>\d{1,2})(?::|\.(?=\d\d\s*[ap]\.?m))(?P<minute>\d{2})(?![\d:])(?:\s*[ap]\.?m\b)?"
        ),
        _clock,
    ),
    (re.compile(f"(?P<hour>{_SMALL})点(?P<minute>半|{_SMALL}(?=分))分?"), _clock),
    (
        re.compile(
            r"(?<![零一二两三四五六七八九十百个\d])(?:周|星期|礼拜)(?P<han>[一二三四五六日天])"
            r"|(?<![a-z])(?P<name>(?:mon|tues|wednes|thurs|fri|satur|sun)days?)(?![a-z])"
        ),
        _weekday,
    ),
    (re.compile(f"百分之(?P<number>{HAN}|{DIGITS})"), _percent),
    (re.compile(rf"(?P<sign>[$€£¥])\s*(?P<number>{DIGITS}){_SCALE}"), _money),
    (re.compile(rf"{_START}(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]+"), _code),
    (_AMOUNT, _amount),
    (re.compile(rf"(?<![零一二两三四五六七八九十百千万])(?P<about>{_ABOUT})(?:{_UNIT})"), _about),
    (re.compile(rf"(?P<number>{HAN})(?:\s*(?:{_UNIT}))?"), _in_words),
    (re.compile(rf"(?<![a-z])(?P<number>{ENGLISH})(?:[ -](?:{_UNIT}))?"), _in_words),
)  # the first rule that reads a piece of text takes it away from the others


def numbers_in(text: str) -> list[Number]:
    """Return the numbers, dates, times and codes of a Chinese or English text.

    >>> [number[:2] for number in numbers_in("三天内退¥50.00")]
    [('50', 'cny'), ('3', 'days')]

    Args:
        text: any; links are left out.

    Returns:
        In order of their kinds, a date as its parts.
    """
    rest, found = simple(unicodedata.normalize("NFKC", text).lower()), list[Number]()
    for pattern, read in _RULES:
        for match in pattern.finditer(rest):
            found += read(match)
        rest = pattern.sub("|", rest)
    return found


def unsupported_numbers(summary: str, dialogue: str) -> tuple[str, ...]:
    """Return what a summary states in numbers and its dialogue does not, as written."""
    known = defaultdict[str, set[str]](set)
    for number in numbers_in(dialogue):
        known[number.value].add(number.unit)
    claims = (number for number in numbers_in(summary) if number.claim)
    return tuple(claim.text for claim in claims if not _holds(known, claim))


def _holds(known: Mapping[str, set[str]], claim: Number) -> bool:
    """Whether value and unit are known; four or more last digits stand for a bare number."""
    if units := known.get(claim.value):
        return bool(not claim.unit or units & {claim.unit, ""})
    ending = len(claim.value) >= 4 and claim.value.isdigit() and not claim.unit
    return ending and any(
        value.endswith(claim.value) and units == {""} for value, units in known.items()
    )


def number_fidelity(summaries: Sequence[str], dialogues: Sequence[str]) -> TextMetric:
    """Return the share of the numbers in summaries that their dialogues hold.

    Args:
        summaries: the texts.
        dialogues: all words of each one's dialogue, both sides.

    Returns:
        `corpus` over all numbers; `items` of each summary, NaN for one without any number.

    Raises:
        ValueError: for another number of dialogues.
    """
    pairs = list(zip(summaries, dialogues, strict=True))
    total = np.array([sum(each.claim for each in numbers_in(text)) for text, _ in pairs], float)
    wrong = np.array([len(unsupported_numbers(*pair)) for pair in pairs], float)
    shares = np.divide(total - wrong, total, out=np.full(len(pairs), np.nan), where=total > 0)
    corpus = 1 - wrong.sum() / total.sum() if total.sum() else float("nan")
    rule = "numbers|corpus:pooled|unit:same or none|clock:12h|case:lower|NFKC"
    return TextMetric(float(corpus), shares, rule)

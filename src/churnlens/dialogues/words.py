"""Words that name a speaker, the language of a text, and the type of a value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from churnlens.dialogues.form import FaultError, Speaker
from churnlens.schema import Language

_WORDS: Final[dict[Speaker, str]] = {
    "customer": "customer client user caller buyer visitor guest consumer human 用户 客户 顾客"
    " 买家 旅客 访客 来电人 会员",
    "agent": "agent assistant gpt advisor adviser representative rep support staff operator seller"
    " employee service 客服 人工 人工客服 在线客服 坐席 座席 客服人员 商家 卖家 店家 接线员",
    "bot": "bot robot chatbot ivr 机器人 智能客服 机器人客服 自动回复",
    "system": "system platform notice tool function function_call observation developer 系统 平台"
    " 系统消息 系统提示 旁白",
}
SPEAKERS: Final[dict[str, Speaker]] = {
    word: speaker for speaker, words in _WORDS.items() for word in words.split()
}
"""Word, in lower case → who speaks."""

_NUMBERED: Final = re.compile(r"[\s_#-]*\d{0,3}\s*[:：]?\s*\Z")  # "Agent 2:", 客服01
_HAN: Final = re.compile("[\u3400-\u9fff]")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]+")


def speaker_of(word: object, what: str) -> Speaker:
    """Return who speaks, by the word of a source: "Customer", "Agent 2", 客服01.

    Raises:
        FaultError: at `what`, for another word; it may be a name, and is not shown.
    """
    key = _NUMBERED.sub("", word).strip().casefold() if isinstance(word, str) else ""
    if key not in SPEAKERS:
        got = f"another word ({len(word)} characters)" if isinstance(word, str) else kind_of(word)
        raise FaultError(what, got, "customer, agent, bot or system")
    return SPEAKERS[key]


def language_of(texts: Iterable[str]) -> Language:
    """Return `zh` where Han characters are at least as many as words of Latin letters.

    A text of neither (figures, emoji) counts as English.
    """
    han = latin = 0
    for text in texts:
        han += len(_HAN.findall(text))
        latin += len(_LATIN.findall(text))
    return "zh" if han and han >= latin else "en"


def kind_of(value: Any) -> str:
    """Name the JSON type of a value, never the value."""
    names = {str: "a text", list: "a list", dict: "an object", bool: "true or false"}
    return "nothing" if value is None else names.get(type(value), "a number")


def ratings_of(value: Any, what: str) -> tuple[float, ...]:
    """Return the ratings in a cell: none, one number, a list of them, or "3,4,3".

    Raises:
        FaultError: at `what`, for anything else.
    """
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        value = [part for part in re.split(r"[,;|，；、\s]+", value) if part]
    parts = value if isinstance(value, list | tuple) else [value]
    try:
        return tuple(float(part) for part in parts if not _untrue(part))
    except (TypeError, ValueError, OverflowError):
        raise FaultError(what, kind_of(value), "numbers, one a rater") from None


def _untrue(part: Any) -> bool:
    if isinstance(part, bool):
        raise TypeError
    return part is None

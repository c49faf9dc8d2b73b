"""What platforms put into texts: placeholders, emoticon codes, links, signatures, lines of a bot.

Each pattern was seen in the public sets JDDC (`[数字x]`, `#E-s[数字x]`) and TweetSumm (`__email__`,
`@135060`, "^SH"); another platform's are added here.
"""

from __future__ import annotations

import re
from typing import Final

_NAMED: Final = {
    "数字": "number",
    "金额": "amount",
    "时间": "time",
    "日期": "date",
    "姓名": "name",
    "站点": "site",
    "地址": "address",
    "电话": "phone",
    "组织机构": "organisation",
    "链接": "link",
    "邮箱": "email",
    "身份证号": "id",
    "url": "link",
    "email": "email",
    "credit_card": "card",
    "phone": "phone",
    "number": "number",
}
_URL: Final = re.compile(r"(?:https?://|\bwww\.)[!-~]+", re.IGNORECASE)
_EMOTICON: Final = re.compile(r"(?:#E-(?:[a-z]*\d*\[数字x\]|[a-z]+\d+|[\u4e00-\u9fff]{1,3}))+")
_PLACEHOLDER: Final = re.compile(rf"\[({'|'.join(_NAMED)})x\]|__({'|'.join(_NAMED)})__", re.I)
_NOISE: Final = re.compile(  # what speech recognition writes for what it could not hear as words
    r"[\[<(（](?:noise|background noise|inaudible|unintelligible|laughter|silence|crosstalk|unk"
    r"|噪音|听不清|笑声|静音)[\])>）]",
    re.IGNORECASE,
)

NUMBERED: Final = re.compile(r"\[(ORDER|USER)ID_(\w{1,32})\]")
"""A platform's own pseudonym: what it is of, and its number."""

HANDLE: Final = re.compile(r"(?<![A-Za-z0-9_.])@(?:[A-Za-z0-9_]|\[[a-z]+(?:_\d+)?\]){1,30}")
"""An account on a social network, also one inside which something was redacted."""

_SIGNATURE: Final = re.compile(
    r"(?<!\s)\s*\^\s?[A-Za-z]{1,15}\s*\Z|\s\*[A-Z][A-Za-z]{1,12}\s*\Z"
    r"|(?:(?<=[.!?)])|(?<=[Tt]hanks)|(?<=[Tt]hank you))\s*[-~/]\s?[A-Z][A-Za-z]{1,12}\s*\Z"
)
_BOT: Final = re.compile(
    r"自动回复|智能客服|机器人(?:客服|小\w{1,4})?(?:为您|正在)|我是(?:智能|机器人|人工智能)"
    r"|\bthis is an automat(?:ed|ic) (?:response|reply|message)|\Aauto(?:matic |-)?reply"
    r"|\bI(?:'m| am) (?:a|an|your) (?:[a-z]+ )?(?:chat ?bot|virtual assistant|bot)\b",
    re.IGNORECASE,
)
_NOTICE: Final = re.compile(
    r"(?:顾客|用户|客户)通过点击.{0,200}发送[:：].*|\[?订单编号[:：][^，,]{1,40}[，,]订单金额.*"
    r"|(?:会话|对话)已?(?:结束|转接|超时).{0,20}|\[link\]",
    re.DOTALL,
)


def plain_words(text: str) -> str:
    """Return the text with a tag such as `[number]` or `[link]` for each of a platform's own."""
    text = _EMOTICON.sub("[emoticon]", text)
    text = _PLACEHOLDER.sub(lambda found: f"[{_NAMED[(found[1] or found[2]).lower()]}]", text)
    return _NOISE.sub(" ", _URL.sub("[link]", text))


def unsigned(text: str) -> str:
    """Return an agent's text without a name or initials at its end: "^SH", "*TAS", ". -Dani"."""
    return _SIGNATURE.sub("", text)


def is_bot_line(text: str) -> bool:
    """Whether a line of the service side says that a machine wrote it."""
    return _BOT.search(text) is not None


def is_notice(text: str) -> bool:
    """Whether a cleaned line of the customer's is a card or a notice that the platform sent."""
    return _NOTICE.fullmatch(text) is not None

"""Order, tracking, ticket and other reference numbers: tokens that the words around them name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from churnlens.privacy.checksums import is_date

_THINGS: Final = (
    "order|ord|purchase|tracking|track|waybill|shipment|shipping|parcel|package|delivery|invoice"
    "|receipt|transaction|trans|payment|booking|reservation|confirmation|reference|ticket|case"
    r"|complaint|claim|return|refund|rma|request|incident|consignment|awb|p\.?o\.?|ref"
)
_DOCUMENTS: Final = (
    "订单|订购|购买|运单|工单|快递|物流|货运|包裹|交易|流水|受理|投诉|案件|合同|发票|票据|凭证"
    "|参考|预约|报修|维修|退款|退货|换货|售后|服务|申请|支付|单据|账单"
)
_NUMBER_OF: Final = (
    rf"(?:{_THINGS})(?:'?s)?[ _-]*(?:numbers?|num|nos?\b|nbr|nr|ids?\b|code|ref(?:erence)?|#|№)\.?"
    rf"|(?:{_DOCUMENTS})单?(?:编|流水)?(?:号码?|编码|id)|单号|票号|订单 ?(?:id|no|number|#)\.?"
    r"|\b(?:reference|ref|booking|confirmation|rma|awb|pnr)\b"
)
_CARRIERS: Final = "fedex|dhl|usps|顺丰|中通|圆通|申通|韵达|极兔|邮政"
_NAMED: Final = (
    "order|purchase|tracking|waybill|invoice|shipment|parcel|consignment"
    r"|\b(?:ticket|case|ref|reference|transaction|booking|po|rma|awb|receipt)"
    f"|订单|运单|工单|包裹|快递单?|物流|{_CARRIERS}"
)
_MARKS: Final = r"[\s:#=,\"'“”‘’「」()\[\]{}<>《》【】（）：，.-]"
_STRONG: Final = re.compile(  # this and the next two read lower case, up to the token
    rf"(?:{_NUMBER_OF})(?:s|\(s\))?(?:{_MARKS}|号码?|编号|为|就?是|尾号"
    r"|\b(?:is|was|are|were|number|no|id|ending|in|with|the|of)\b){0,8}\Z"
    rf"|(?:{_NAMED})[^\d\n]{{0,12}}#\s?\Z"
)
_WEAK: Final = re.compile(
    rf"(?:{_NAMED})(?:(?:[\s:#=\"'(\[【（：,-]|no\.|is\b|是|为){{0,5}}|s[\s#]{{1,3}})\Z"
)
_LIST: Final = re.compile(
    r"\s?(?:[,，、;；/&]|\s(?:and|or)\b|和|及|与|或){1,2}\s?#?", re.IGNORECASE
)
_NEAR: Final = re.compile(rf"(?:{_NAMED}|{_NUMBER_OF})[^\d\n。.!?！？;；\x00]{{0,30}}\Z")
_STEMS: Final = (
    *_THINGS.replace("\\.?", "").split("|"),
    *f"{_DOCUMENTS}|{_CARRIERS}|单|号".split("|"),
)
_AFTER: Final = re.compile(
    r"[\s\"'”’)）,，]{0,3}(?:(?:is|was|as|of|for)\b ?)?(?:(?:the|my|our|your|this)\b ?)?"
    r"(?:号|的|是|为|这个|这笔|那个|我的|你的){0,3} ?"
    r"(?:(?:order|tracking|ticket|case|invoice|reference|booking)\b|订单|运单|工单|单号|快递单)",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(
    r"(?<![0-9A-Za-z_@])(?=[A-Za-z_-]{0,24} ?\d|[A-Z]{6})(?:(?!ID |NO )[A-Z]{1,4} (?=\d{6}))?"
    r"[0-9A-Za-z](?:[0-9A-Za-z]|[-_](?=[0-9A-Z]|[a-z-]*\d)|/(?=\d)"
    r"|(?<=\d{4}) (?=\d{4}(?!\d))|(?<=\d{4} \d{4} \d{4}) (?=\d{1,3}(?!\d)))*"
)
_BARE: Final = re.compile(
    r"(?<![0-9A-Za-z-])(?:1Z[0-9A-Z]{16}|[A-Z]{2}\d{9}[A-Z]{2}|\d{3}-\d{7}-\d{7}"
    r"|(?:SF|JDV[A-Z]|JDX|JD|YT|ZTO|STO|JT|YD|DPK|DPL|KY|LP|EMS|TBA)-?\d{10,16}"
    r"|(?:ORDER|ORD|INV|TKT|TICKET|RMA|TRK|CASE|PO|SO|WO|SR|INC|REQ|REF)[-_#]?"
    r"(?:\d{1,8}[-_]){0,2}[A-Z]{0,3}\d{4,16})(?![0-9A-Za-z-])"
)
UNIT: Final = re.compile(
    r" ?(?:%|(?:months?|years?|yrs?|days?|weeks?|hours?|hrs?|minutes?|mins?|times|items?|units?"
    r"|pieces?|pcs|dollars?|usd|eur|rmb|cny|yuan|bucks|points|customers|people|users|miles|km"
    r"|bytes?|rows?|records?|tokens?|ms|[kmgt]b(?:ps|it)?|[kmg]hz|more)\b|个|元|块|天|月|年|次|件|台|条|兆|万|亿|岁|人|户|分|小时|周|日)",
    re.IGNORECASE,
)
"""What follows a quantity, and no number that names something."""

_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_DECIMALS: Final = re.compile(r"[.,]\d")
_MEASURE: Final = re.compile(  # days and sizes
    r"(?:19|20)\d\d([-/])\d{1,2}(?:\1\d{1,2})?|\d{1,2}([-/])\d{1,2}\2(?:19|20)\d\d"
    r"|\d+(?:[kmgt]b?(?:ps)?|th|st|nd|rd|[mg]hz)",
    re.IGNORECASE,
)
_UNPRONOUNCEABLE: Final = re.compile(
    r"(?=[A-Z]{6,12}\Z).*(?:[B-DF-HJ-NP-TV-XZ]{4}|Q[^U]|[JQVWX]{2}|[BCDFGHJKMPQVWXZ]{3}).*"
)
_MIXED: Final = re.compile(r"(?=.{6})\d*(?:[A-Za-z]+\d+){2,}[A-Za-z]*")  # XK7P2Q9


def labelled_orders(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans that the words just before them call an order number, and known bare forms.

    "Order number", 单号 and the like are believed with three digits, or one in five letters and
    digits; a plain "order" or 订单 only with five digits, or four after letters; none of them for
    a date, a size or a quantity. A code of letters alone is seen when no word is spelled so.
    """
    yield from (match.span() for match in _BARE.finditer(text))
    last = 0
    for start, end, token, before in _tokens(text):
        long = _is_long(token, letters=4, digits=5)
        listed = last and _LIST.fullmatch(text, last, start)
        named = long and (listed or (_WEAK.search(before) and not _MOBILE.fullmatch(token)))
        if named or (_is_code(token) and _STRONG.search(before)):
            yield start, end
            last = end


def nearby_orders(text: str) -> Iterator[tuple[int, int]]:
    """Yield long tokens that stand in one clause after an order word, or just before one."""
    for start, end, token, before in _tokens(text):
        after = _is_long(token, letters=6, digits=7) and _AFTER.match(text, end)
        if after or (_is_long(token, letters=6, digits=8) and _NEAR.search(before)):
            yield start, end


def _tokens(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield tokens with a digit that are no quantity: start, end, token, the text before it."""
    lower = text.lower()
    if not _has_stem(lower):
        return
    for match in _TOKEN.finditer(text):
        token, start, end = match.group(), match.start(), match.end()
        coded = _digits(token) or _UNPRONOUNCEABLE.fullmatch(token)
        measured = _MEASURE.fullmatch(token) or UNIT.match(text, end) or _DECIMALS.match(text, end)
        if coded and not measured:
            before = lower[max(0, start - 48) : start]
            yield start, end, token, before if _has_stem(before) else ""


def _has_stem(lower: str) -> bool:
    return any(stem in lower for stem in _STEMS)


def _digits(token: str) -> int:
    return sum(char.isdigit() for char in token)


def _is_code(token: str) -> bool:
    """Whether a token can be a number where the words before it promise one."""
    plain = token.isupper() or token.islower()  # no #Gr8Plan
    return _digits(token) >= 3 or (len(token) >= 5 and not token.isdigit() and plain)


def _is_long(token: str, *, letters: int, digits: int) -> bool:
    """Whether a token has enough digits to be no quantity; fewer are enough beside letters."""
    if token.isdigit():
        return len(token) >= digits and not (len(token) == 8 and is_date(token))
    enough = _digits(token) >= (letters if token[0].isalpha() else letters + 1)
    return enough or _MIXED.fullmatch(token) is not None

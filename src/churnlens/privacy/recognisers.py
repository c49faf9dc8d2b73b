"""What personal data looks like: one recogniser a kind, each giving spans of a folded text.

Limits: a number with a wrong check digit is no identity number and no card; an address, a date of
birth, a nickname and a name that neither the customer table holds nor the text introduces are not
seen at all.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

from churnlens.privacy.addresses import STREET_NUMBER, postal_addresses
from churnlens.privacy.checksums import is_card, is_chinese_id, is_ssn
from churnlens.privacy.chinese_addresses import HOUSE_NUMBER, chinese_addresses
from churnlens.privacy.introductions import INTRODUCTION, introduced_names
from churnlens.privacy.orders import labelled_orders, nearby_orders
from churnlens.privacy.phones import named_phones, phones

Kind = Literal["email", "address", "order", "id", "card", "phone", "ip", "name"]
Span = tuple[int, int]
Recogniser = Callable[[str], Iterable[Span]]

_LETTER: Final = r"0-9A-Za-z\u00c0-\u1fff"  # no Chinese: 邮箱a@b.cn谢谢 has no spaces
_LOCAL: Final = re.compile(
    rf"(?:[{_LETTER}_][{_LETTER}_.%+'-]{{0,63}}|[^\W0-9A-Za-z_是为]{{1,4}}) ?\Z"
)
_AT: Final = re.compile(
    r"(?:@|[(\[{] ?[aA][tT] ?[)\]}]|艾特|(?<= )[aA][tT](?= \S{1,63} [dD][oO][tT] )) ?"
)
_DOT: Final = r"(?:[.。点]| ?[(\[{] ?dot ?[)\]}] ?| dot )"
_KNOWN: Final = r"(?:com|net|org|edu|gov|info|io|me|co|cn|uk|de|fr|jp|hk|tw)(?![0-9A-Za-z-])"
_HOST: Final = re.compile(
    rf"(?:[{_LETTER}-]{{1,63}}{_DOT}){{1,4}}?{_KNOWN}(?:{_DOT}[a-z]{{2}}(?![0-9A-Za-z-]))?(?!\.[0-9a-z-]+\.)"
    rf"|(?:[{_LETTER}-]{{1,63}}\.){{1,5}}[A-Za-z\u00c0-\u1fff]{{2,24}}",
    re.IGNORECASE,
)
_ENDS_KNOWN: Final = re.compile(rf"{_KNOWN}(?:{_DOT}[a-z]{{2}})?\Z", re.IGNORECASE)
_MENTION: Final = re.compile(  # "thanks @booking.com" is none, "zhangsan @163.com" is one
    r"\A(?:qq|163|126|139|189|gmail|foxmail|hotmail|outlook|live|msn|yahoo|icloud|sina|sohu|aliyun)\.",
    re.IGNORECASE,
)
_ID18: Final = re.compile(r"(?<!\d)(?<!\d\.)(?=([1-9](?:[ .-]?\d){16}[ .-]?[\dXx])(?!\d))")
_ID15: Final = re.compile(r"(?<!\d)(?<!\d\.)([1-9]\d{5}[ -]?\d{6}[ -]?\d{3})(?!\d)")
_ID_WORD: Final = re.compile(r"(?:身份证|证件|\bid\b|identity)[^\d\n]{0,12}\Z", re.IGNORECASE)
_SSN: Final = re.compile(
    r"(?<!\d)(?P<plain>\d{3}(?P<gap> ?[-.] ?| )\d{2}(?P=gap)\d{4})(?!\d)"
    r"|(?:\bssn|social security|社会安全|社安)[^\d\n]{0,20}"
    r"(?P<named>\d{3}[ .-]{0,3}\d{2}[ .-]{0,3}\d{4})(?!\d)",
    re.IGNORECASE,
)
_CARD: Final = re.compile(r"(?<!\d)(?<!\d\.)(?=(\d(?:[ .-]{0,3}\d){12,18}))")
_IP4: Final = re.compile(r"(?<![0-9A-Za-z.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?[0-9A-Za-z])")
_IP6: Final = re.compile(r"(?<![0-9A-Fa-f:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_IP_WORD: Final = re.compile(
    r"(?:\bip(?:v[46])?\b|\bdns\b|地址|网关|路由|\bhost|\bserver|\bgateway|\bping)[^\d]{0,16}\Z",
    re.IGNORECASE,
)
_VERSION_WORD: Final = re.compile(
    r"(?:\bv|version|firmware|release|build|update|版本号?|固件|升级到?)[^\d]{0,6}\Z", re.IGNORECASE
)


def _digits(form: str) -> str:
    return re.sub(r"[ .-]", "", form)


def emails(text: str) -> Iterator[Span]:
    """Yield e-mail addresses, also with spaces around ＠, and as "name (at) host dot com"."""
    for at in _AT.finditer(text):
        host = _HOST.match(text, at.end())
        local = _LOCAL.search(text[max(0, at.start() - 64) : at.start()])
        if not host or not local:
            continue
        spaced = local.group().endswith(" ")
        known = _MENTION if at.group() == "@" and spaced else _ENDS_KNOWN
        if (at.group() == "@" and not spaced) or known.search(host.group()):
            yield at.start() - len(local.group()), host.end()


def identity_numbers(text: str) -> Iterator[Span]:
    """Yield Chinese identity numbers (18 characters, 15 where they are named) and American ones."""
    for match in _ID18.finditer(text):
        if is_chinese_id(_digits(match[1])):
            yield match.span(1)
    for match in _ID15.finditer(text):
        named = _ID_WORD.search(text[max(0, match.start() - 20) : match.start()])
        number = _digits(match[1])
        is_express = number.startswith(("34", "37")) and is_card(number)
        if is_chinese_id(number) and (named or not is_express):
            yield match.span(1)
    for match in _SSN.finditer(text):
        span = match.span("plain" if match["plain"] else "named")
        if is_ssn(_digits(text[slice(*span)])):
            yield span


def cards(text: str) -> Iterator[Span]:
    """Yield payment cards of 13 to 19 digits, in one piece or in groups of three and more."""
    for match in _CARD.finditer(text):
        run = match[1]
        for end in range(len(run), 12, -1):
            after = match.start() + end
            stops = run[end - 1].isdigit() and not text[after : after + 1].isdigit()
            if stops and _is_grouped(run[:end]) and is_card(_digits(run[:end])):
                yield match.start(), after
                break


def _is_grouped(form: str) -> bool:
    """Whether digits stand in groups of three or more (the last is free), or one by one."""
    lengths = [len(group) for group in re.findall(r"\d+", form)]
    return all(length >= 3 for length in lengths[:-1]) or set(lengths) == {1}


def ip_addresses(text: str) -> Iterator[Span]:
    """Yield IP addresses; four small numbers may be a version, and need a word such as "ip"."""
    for match in _IP4.finditer(text):
        octets = [int(octet) for octet in match.group().split(".")]
        before = text[max(0, match.start() - 24) : match.start()]
        if max(octets) > 255 or _VERSION_WORD.search(before):
            continue
        if max(octets) >= 100 or _IP_WORD.search(before):
            yield match.span()
    for match in _IP6.finditer(text):
        if _is_ip6(match.group()):
            yield match.span()


def _is_ip6(form: str) -> bool:
    """Whether a form with digits parses as an IPv6 address."""
    try:
        ipaddress.IPv6Address(form)
    except ValueError:
        return False
    return sum(char.isdigit() for char in form) >= 2


_LONG_NUMBER: Final = re.compile(r"\d(?:[ .()\-/]{0,3}\d){6}")
_TOKEN_NUMBER: Final = re.compile(r"\d(?=[0-9A-Za-z_/-]{2})|[A-Za-z_/-]\d|[A-Z]{6}")
_DOTTED: Final = re.compile(r"[0-9A-Fa-f:](?:\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:)")
_AT_SIGN: Final = re.compile(r"[@艾]|[ (\[{][aA][tT][ )\]}]")

RECOGNISERS: Final[tuple[tuple[Kind, re.Pattern[str], Recogniser], ...]] = (
    ("email", _AT_SIGN, emails),
    ("address", STREET_NUMBER, postal_addresses),
    ("address", HOUSE_NUMBER, chinese_addresses),
    ("order", _TOKEN_NUMBER, labelled_orders),
    ("id", _LONG_NUMBER, identity_numbers),
    ("card", _LONG_NUMBER, cards),
    ("phone", _LONG_NUMBER, phones),
    ("phone", _LONG_NUMBER, named_phones),
    ("ip", _DOTTED, ip_addresses),
    ("order", _TOKEN_NUMBER, nearby_orders),
    ("name", INTRODUCTION, introduced_names),
)
"""Kind, a cheap pattern without which there is none, recogniser; the first to see a span has it."""


def disjoint(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, without those that overlap an earlier (else a longer) one."""
    kept: list[Span] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept

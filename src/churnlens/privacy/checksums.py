"""Which digit strings can be a bank card, a Chinese identity number, an American one, a date.

Sources: ISO/IEC 7812-1 annex B (Luhn) and the issuers' published prefixes; GB 11643-1999 (Chinese
identity numbers, check character by ISO 7064 MOD 11-2); the Social Security Administration's rule
of 2011 (no area 000, 666 or 900-999, no group 00, no serial 0000).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_ISSUERS: Final = re.compile(
    r"4\d{12,18}"  # Visa
    r"|(?:5[06-9]|6[37])\d{11,17}"  # Maestro
    r"|6\d{15,18}"  # UnionPay, Discover
    r"|5[1-5]\d{14}"  # Mastercard
    r"|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard, new range
    r"|220[0-4]\d{12,15}"  # Mir
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-59]|[68]\d|9\d)\d{11,16}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|8[12]\d{14,17}"  # RuPay, UnionPay
    r"|9(?:[48]\d|558|9\d)\d{12,15}"  # Chinese banks' older debit cards
)
_PROVINCES: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91")
_WEIGHTS: Final = tuple(2 ** (17 - place) % 11 for place in range(17))
_CHECK: Final = "10X98765432"


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the others."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_card(digits: str) -> bool:
    """Whether 13 to 19 digits can be a payment card: prefix and length of an issuer, and Luhn."""
    return _ISSUERS.fullmatch(digits) is not None and luhn(digits)


def is_date(digits: str) -> bool:
    """Whether eight digits are a day of the years 1800 to 2199, as YYYYMMDD."""
    try:
        return 1800 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year < 2200
    except ValueError:
        return False


def check_character(digits: str) -> str:
    """Return the MOD 11-2 check character of the first 17 digits of a Chinese identity number."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=True))
    return _CHECK[total % 11]


def is_chinese_id(number: str) -> bool:
    """Whether a number is a Chinese identity number: 18 characters with check, or the old 15."""
    if len(number) == 15:
        return _PROVINCES.match(number) is not None and is_date("19" + number[6:12])
    return is_date(number[6:14]) and check_character(number[:17]) == number[17].upper()


def is_ssn(digits: str) -> bool:
    """Whether nine digits are in the range of American social security numbers."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"

"""Personal data as customers write it: invented, yet valid in form and checksum.

North American numbers are the reserved 555-01xx ones and mail domains the reserved example
domains; Chinese mobile numbers, cards and resident ids are random with a valid check digit.
"""

from __future__ import annotations

import numpy as np

from churnlens.simulation.phrasebook import LANGUAGES, phrasebook
from churnlens.simulation.sampling import Draw

KINDS = ("phone", "email", "order", "name", "card", "id")

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_REGIONS = ("110101", "310104", "330106", "440305", "510107", "420106", "320505", "610113")
_MOBILE = ("130", "135", "136", "138", "139", "150", "158", "177", "186", "188", "199")
_AREAS = ("212", "303", "312", "415", "512", "617", "702", "818")
_CARDS = ("4", "51", "53", "55", "62")
_USERS = ("lucky", "sunny", "happy", "blue.sky", "tiger", "mr_tea", "longview", "coffee", "xiaoyu")
_DOMAINS = ("example.com", "example.net", "example.org", "mail.example.com")


def luhn_digit(digits: str) -> str:
    """Return the digit that makes `digits` plus it a valid card number (Luhn)."""
    doubled = [int(d) * (2 if place % 2 == 0 else 1) for place, d in enumerate(reversed(digits))]
    return str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def id_check(digits: str) -> str:
    """Return the check character of a 17-digit Chinese resident id (GB 11643)."""
    total = sum(w * int(d) for w, d in zip(_ID_WEIGHTS, digits, strict=True))
    return _ID_CHECKS[total % 11]


def _phone(language: str, draw: Draw) -> str:
    if language == "zh":
        head, middle, tail = draw.pick(_MOBILE), draw.digits(4), draw.digits(4)
        form = draw.pick(("{}{}{}", "{}{}{}", "{} {} {}", "{}-{}-{}", "+86 {}{}{}"))
        return form.format(head, middle, tail)
    form = draw.pick(("{}-555-01{}", "({}) 555-01{}", "+1 {} 555 01{}", "{}55501{}"))
    return form.format(draw.pick(_AREAS), draw.digits(2))


def _email(draw: Draw) -> str:
    return f"{draw.pick(_USERS)}{draw.digits(2)}@{draw.pick(_DOMAINS)}"


def _order(draw: Draw) -> str:
    day = f"202{draw.below(5)}{1 + draw.below(12):02d}{1 + draw.below(28):02d}"
    form = draw.pick(("ORD-{}-{}", "DD{}{}", "{}{}", "A{}{}"))
    return form.format(day, draw.digits(5))


def _card(draw: Draw) -> str:
    head = draw.pick(_CARDS)
    body = head + draw.digits(15 - len(head))
    number = body + luhn_digit(body)
    return draw.pick(("", " ", "-")).join(number[place : place + 4] for place in range(0, 16, 4))


def _resident_id(draw: Draw) -> str:
    day = f"{1950 + draw.below(55)}{1 + draw.below(12):02d}{1 + draw.below(28):02d}"
    body = draw.pick(_REGIONS) + day + draw.digits(3)
    return body + id_check(body)


def personal_value(kind: str, language: str, name: str, draw: Draw) -> str:
    """Return one item of personal data.

    Args:
        kind: one of `KINDS`.
        language: ``en`` or ``zh``; decides the form of a phone number.
        name: the customer's own name, returned for the kind ``name``.
        draw: source of randomness.

    Raises:
        ValueError: for an unknown kind.
    """
    if kind == "name":
        return name
    if kind == "phone":
        return _phone(language, draw)
    makers = {"email": _email, "order": _order, "card": _card, "id": _resident_id}
    if kind not in makers:
        raise ValueError(f"kind of personal data: got {kind!r}, expected one of {KINDS}")
    return makers[kind](draw)


def customer_names(
    languages: np.ndarray, women: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return a plausible full name per customer.

    Args:
        languages: ``en`` or ``zh`` per customer, shape (n,).
        women: which customers bear a woman's given name, shape (n,).
        rng: source of randomness.
    """
    names = np.empty(len(languages), dtype=object)
    picks = rng.random((2, len(languages)))
    for language in LANGUAGES:
        lists = phrasebook(language)["names"]
        for sex, chosen in (("Female", women), ("Male", ~women)):
            rows = np.flatnonzero((languages == language) & chosen)
            parts = [
                np.array(options, dtype=object)[(pick[rows] * len(options)).astype(int)].tolist()
                for options, pick in zip((lists["family"], lists["given"][sex]), picks, strict=True)
            ]
            names[rows] = [
                lists["form"].format(family=family, given=given)
                for family, given in zip(*parts, strict=True)
            ]
    return names

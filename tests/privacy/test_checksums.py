import random

import pytest

from churnlens.privacy.checksums import (
    check_character,
    is_card,
    is_chinese_id,
    is_date,
    is_ssn,
    luhn,
)
from privacy.planted import digits, luhn_digit, mod_11_2

CARDS = [  # the card schemes' published test numbers
    "4111111111111111",
    "4012888888881881",
    "4222222222222",
    "5555555555554444",
    "5105105105105100",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "6011111111111117",
    "6011000990139424",
    "3530111333300000",
    "30569309025904",
    "38520000023237",
    "6200000000000005",
    "6205500000000000004",
    "6250941006528599",
    "6304000000000000",
]


def test_luhn_example_of_the_standard():
    assert [d for d in "0123456789" if luhn("7992739871" + d)] == ["3"]


@pytest.mark.parametrize("number", CARDS)
def test_published_cards(number):
    assert is_card(number)
    assert not is_card(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_luhn_catches_every_single_wrong_digit():
    for at in range(16):
        for digit in "0123456789":
            changed = CARDS[0][:at] + digit + CARDS[0][at + 1 :]
            assert luhn(changed) == (changed == CARDS[0])


def test_luhn_against_the_table_form():
    rng = random.Random(1)
    for length in range(12, 19):
        body = digits(rng, length)
        assert [d for d in "0123456789" if luhn(body + d)] == [luhn_digit(body)]


@pytest.mark.parametrize(
    ("body", "lengths"),
    [
        ("1", ()),
        ("7", ()),
        ("0", ()),
        ("37", (15,)),
        ("4", range(13, 20)),
        ("62", range(16, 20)),
        ("35", ()),
        ("3528", range(16, 20)),
        ("3527", ()),
        ("2220", ()),
        ("2221", (16,)),
        ("2720", (16,)),
        ("2721", ()),
        ("36", range(14, 20)),
        ("2200", range(16, 20)),
        ("2205", ()),
        ("81", range(16, 20)),
        ("9558", range(16, 20)),
    ],
)
def test_issuer_prefixes_and_lengths(body, lengths):
    accepted = []
    for length in range(12, 21):
        payload = body + "1" * (length - len(body) - 1)
        if is_card(payload + luhn_digit(payload)):
            accepted.append(length)
    assert accepted == list(lengths)


@pytest.mark.parametrize(
    "number", ["11010519491231002X", "440524188001010014", "11010519491231002x", "130503670401001"]
)
def test_published_chinese_ids(number):
    assert is_chinese_id(number)


@pytest.mark.parametrize(
    "number",
    [
        "110105194912310021",  # check
        "11010519491331002X",
        "110105194902300027",
        "130503671301001",
        "130503670230001",
        # no such day
        "010105194912310021",
        "160105194912310020",
        "990503670401001",  # no such province
    ],
)
def test_what_is_no_chinese_id(number):
    assert not is_chinese_id(number)


def test_check_character_against_the_recursive_form():
    rng = random.Random(2)
    bodies = [digits(rng, 17) for _ in range(300)]
    assert [check_character(body) for body in bodies] == [mod_11_2(body) for body in bodies]
    assert {check_character(body) for body in bodies} == set("0123456789X")


def test_mod_11_2_catches_wrong_digits_and_swaps():
    body = "11010519491231002"
    check = check_character(body)
    for at in range(17):
        wrong = [body[:at] + d + body[at + 1 :] for d in "0123456789" if d != body[at]]
        assert all(check_character(w) != check for w in wrong)
    for at in range(16):
        if body[at] != body[at + 1]:
            swapped = body[:at] + body[at + 1] + body[at] + body[at + 2 :]
            assert check_character(swapped) != check


@pytest.mark.parametrize(
    ("digits_", "expected"),
    [
        ("20240229", True),
        ("20230229", False),
        ("20241301", False),
        ("17991231", False),
        ("18000101", True),
        ("21991231", True),
        ("22000101", False),
    ],
)
def test_dates(digits_, expected):
    assert is_date(digits_) is expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("078051120", True),
        ("001010001", True),
        ("899999999", True),
        ("665019999", True),
        ("667010001", True),
        ("000121234", False),
        ("666121234", False),
        ("900121234", False),
        ("987654320", False),
        ("123001234", False),
        ("123450000", False),
    ],
)
def test_ssn_ranges(number, expected):
    assert is_ssn(number) is expected

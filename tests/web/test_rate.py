"""How often a session may ask, against a count by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.web import access
from churnlens.web.access import Guesses, Rate, Tokens
from churnlens.web.errors import WebError
from web.support import TOKEN


def allowed(rate, times, key="a"):
    found = []
    for now in times:
        try:
            rate.take(key, now)
            found.append(True)
        except WebError as refused:
            assert refused.status == 429 and refused.wait > 0
            found.append(False)
    return found


def test_a_burst_and_then_the_pace():
    rate = Rate(per_minute=60, burst=3)
    assert allowed(rate, [0, 0, 0, 0]) == [True, True, True, False]
    assert allowed(rate, [0.9, 1.0, 1.0, 2.5]) == [False, True, False, True]
    assert allowed(rate, [100] * 4) == [True, True, True, False]


def test_the_wait_that_is_told_is_long_enough():
    rate = Rate(per_minute=6, burst=1)
    rate.take("a", 5.0)
    with pytest.raises(WebError) as refused:
        rate.take("a", 8.0)
    assert refused.value.wait == pytest.approx(7.0)
    rate.take("a", 8.0 + refused.value.wait)


@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5))
def test_no_window_holds_more_than_the_burst_and_its_pace(gaps, burst):
    rate, now, passed = Rate(per_minute=120, burst=burst), 0.0, []
    for gap in gaps:
        now += gap
        if allowed(rate, [now]) == [True]:
            passed.append(now)
    for start in passed:
        for end in (at for at in passed if at >= start):
            inside = sum(start <= at <= end for at in passed)
            assert inside <= burst + 2 * (end - start) + 1e-6


def test_sessions_are_apart_and_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(access, "_REMEMBERED", 10)
    rate = Rate(per_minute=1, burst=1)
    for n in range(50):
        rate.take(str(n), 0.0)
    assert len(rate._empty) == 10
    assert allowed(rate, [0.0], "49") == [False]


def test_what_is_checked_is_not_counted():
    rate = Rate(per_minute=1, burst=1)
    for _ in range(3):
        rate.check("a", 0.0)
    rate.take("a", 0.0)
    with pytest.raises(WebError):
        rate.check("a", 0.0)
    rate.check("b", 0.0)


def refused(guesses, token, address):
    try:
        guesses.owner(token, address)
    except WebError as error:
        assert error.status == 429 and error.wait > 0
        return True
    return False


def test_an_address_that_is_wrong_too_often_is_refused_even_with_a_right_token():
    guesses = Guesses(Tokens(f"ann:{TOKEN}"), per_minute=3)
    for _ in range(10):
        assert guesses.owner(TOKEN, "192.0.2.1") == "ann"  # right ones are not counted
    assert [guesses.owner("wrong", "192.0.2.1") for _ in range(3)] == [None] * 3
    assert refused(guesses, "wrong", "192.0.2.1") and refused(guesses, TOKEN, "192.0.2.1")
    assert guesses.owner(TOKEN, "192.0.2.2") == "ann"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1", "fe80::2%eth0", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "no address", True),
    ],
)
def test_addresses_of_one_network_are_counted_together(one, other, same):
    guesses = Guesses(Tokens(f"ann:{TOKEN}"), per_minute=1)
    assert guesses.owner("wrong", one) is None
    assert refused(guesses, "wrong", other) == same


@given(st.lists(st.text(max_size=30) | st.ip_addresses().map(str), max_size=30))
def test_what_is_remembered_of_addresses_is_bounded(addresses):
    guesses = Guesses(Tokens(f"ann:{TOKEN}"), per_minute=1)
    for address in (*addresses, "fe80::1%" + "a" * 10_000, "x" * 10_000):
        refused(guesses, "wrong", address)
    assert all(len(key) < 50 for key in guesses._wrong._empty)


@given(st.floats(min_value=0, max_value=1e9), st.floats(min_value=0.1, max_value=1000))
def test_the_first_request_is_let_through_at_any_time(now, per_minute):
    Rate(per_minute, 1).take("a", now)

"""How often a session may ask, against a count by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.web import access
from churnlens.web.access import Rate
from churnlens.web.errors import WebError


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

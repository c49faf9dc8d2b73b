import logging

from churnlens.engine import progress
from churnlens.engine.progress import track


def test_progress_carries_numbers_that_add_up(monkeypatch, caplog):
    clock = iter(range(100))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    with caplog.at_level(logging.INFO):
        assert list(track("abcdefgh", 8, "read", every=3)) == list("abcdefgh")
    numbers = [record.progress for record in caplog.records]
    assert [each["done"] for each in numbers] == [3, 6, 8]
    assert all(each["rate"] == 1.0 for each in numbers)
    assert [each["eta_seconds"] for each in numbers] == [5.0, 2.0, 0.0]


def test_short_work_is_silent(caplog):
    with caplog.at_level(logging.INFO):
        assert list(track([1, 2], 2, "read")) == [1, 2]
    assert not caplog.records

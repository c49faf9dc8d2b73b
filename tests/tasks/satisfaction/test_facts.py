"""Facts and the log of grants make an offer; what is missing makes none."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from churnlens.tasks.satisfaction.actions import ApprovalError
from churnlens.tasks.satisfaction.facts import FactBook, decide_all, log_grant, read_grants
from tasks.satisfaction.test_action_table import TABLE
from tasks.satisfaction.test_sinks import AMBER, RED

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BOOK = FactBook.of(
    [{"dialogue": RED.dialogue, "fault": "company"}, {"customer": "c1", "tier": "key"}]
)
WHO = {RED.dialogue: "c1"}


def test_what_is_known_makes_an_offer():
    amber, red = decide_all(TABLE, [AMBER, RED], WHO, BOOK, [], NOW)
    assert (amber.reason_code, red.reason_code) == (
        "amber.company.key.none",
        "red.company.key.none",
    )
    assert red.offer == "credit" and red.amount == 80


@pytest.mark.parametrize(
    ("book", "who", "grants"), [(FactBook(), WHO, []), (BOOK, {}, []), (BOOK, WHO, None)]
)
def test_what_is_not_known_makes_none(book, who, grants):
    (red,) = decide_all(TABLE, [RED], who, book, grants, NOW)
    assert (red.offer, red.amount) == ("none", 0)


def test_keys_are_those_of_the_dialogues():
    book = FactBook.of(
        [{"dialogue": "a@b.com", "customer": "13800138000", "fault": "company", "tier": "key"}, {}]
    )
    assert all(key.startswith("key_") for key in (*book.faults, *book.tiers))


def test_grants_count_against_the_next_decision(tmp_path):
    path = tmp_path / "new" / "grants.jsonl"
    assert read_grants(path) == []
    first = decide_all(TABLE, [RED], WHO, BOOK, read_grants(path), NOW)[0]
    given = log_grant(path, TABLE, first, NOW)
    assert read_grants(path) == [given]
    assert log_grant(path, TABLE, first, NOW, 10) == given, "the first row of an alert stays"
    other = RED.model_copy(update={"id": "another"})
    second = decide_all(TABLE, [other], WHO, BOOK, read_grants(path), NOW)[0]
    assert second.reason_code.endswith(".some")


def test_of_grants_at_once_one_passes_the_limit(tmp_path):
    path = tmp_path / "grants.jsonl"
    reds = [RED.model_copy(update={"id": f"red {n}"}) for n in range(8)]
    decisions = decide_all(TABLE, reds, WHO, BOOK, [], NOW)

    def attempt(decision):
        try:
            return log_grant(path, TABLE, decision, NOW)
        except ApprovalError:
            return None

    with ThreadPoolExecutor(8) as pool:
        given = [each for each in pool.map(attempt, decisions) if each]
    assert len(given) == len(read_grants(path)) == 1

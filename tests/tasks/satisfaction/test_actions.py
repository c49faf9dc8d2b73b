from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from churnlens.options import AlertOptions
from churnlens.tasks.satisfaction.action_table import AXES
from churnlens.tasks.satisfaction.actions import (
    Approval,
    ApprovalError,
    Facts,
    Grant,
    credits_before,
    decide,
    grant,
)
from churnlens.tasks.satisfaction.alerts import Monitor
from tasks.satisfaction.support import FINDER, turns
from tasks.satisfaction.test_action_table import TABLE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONITOR = Monitor(AlertOptions(), FINDER)
[AMBER, RED] = [s.alert for s in MONITOR.watch("d", turns([0.6, 0.6, 0.9])) if s.alert]
KEY = Facts(customer="c1", fault="company", tier="key", credits=0)
MANAGER = Approval(role="manager", person="Li")


def test_a_red_alert_is_told_and_tagged_and_the_table_says_the_offer():
    decision = decide(TABLE, RED, KEY)
    assert decision.actions == ("supervisor_alert", "crm_tag")
    assert (decision.tag.en, decision.tag.zh) == ("high churn risk", "高流失风险")
    assert decision.reason_code == "red.company.key.none"
    assert (decision.offer, decision.amount, decision.cap) == ("credit", 80, 150)
    assert (decision.alert, decision.dialogue, decision.customer) == (RED.id, "d", "c1")


def test_an_amber_alert_is_told_and_not_tagged():
    decision = decide(TABLE, AMBER, KEY)
    assert (decision.actions, decision.tag, decision.amount) == (("supervisor_alert",), None, 30)


def test_every_known_combination_gets_its_row():
    for severity, fault, tier in product(*list(AXES.values())[:3]):
        for credits, band in [(0, "none"), (1, "some"), (2, "some"), (3, "many"), (50, "many")]:
            facts = Facts(customer="c", fault=fault, tier=tier, credits=credits)
            decision = decide(TABLE, RED if severity == "red" else AMBER, facts)
            row = TABLE.row((severity, fault, tier, band))
            assert decision.reason_code == f"{severity}.{fault}.{tier}.{band}"
            assert (decision.offer, decision.amount, decision.cap, decision.approver) == (
                row.offer,
                row.amount,
                row.cap,
                row.approver,
            )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fault": None}, "red.unknown.key.none"),
        ({"fault": "the weather"}, "red.unknown.key.none"),
        ({"tier": "platinum"}, "red.company.unknown.none"),
        ({"tier": ""}, "red.company.unknown.none"),
        ({"credits": None}, "red.company.key.unknown"),
        ({"credits": -1}, "red.company.key.unknown"),
        ({"customer": None}, "red.company.key.none"),
    ],
)
def test_what_is_not_known_gives_no_money_and_a_person_decides(change, code):
    decision = decide(TABLE, RED, KEY.model_copy(update=change))
    assert decision.reason_code == code
    assert (decision.offer, decision.amount, decision.cap) == ("none", 0, 0)
    assert decision.approver == "team_lead"
    assert decision.actions == ("supervisor_alert", "crm_tag")  # people are told all the same
    with pytest.raises(ApprovalError):
        grant(TABLE, decision, NOW, ())


def test_a_grant_within_the_cap_needs_nobody_and_is_a_row_of_the_log():
    row = grant(TABLE, decide(TABLE, RED, KEY), NOW, ())
    assert row.model_dump(exclude={"id"}) == {
        "dialogue": "d",
        "alert": RED.id,
        "customer": "c1",
        "time": NOW,
        "reason_code": "red.company.key.none",
        "offer": "credit",
        "amount": 80,
        "currency": "CNY",
        "cap": 150,
        "role": None,
        "person": None,
        "table": "1",
    }
    assert grant(TABLE, decide(TABLE, RED, KEY), NOW, (), amount=150).amount == 150
    assert grant(TABLE, decide(TABLE, RED, KEY), NOW, (), amount=0).offer == "apology"


@pytest.mark.parametrize(
    "approval",
    [
        None,
        Approval(role="team_lead", person="Wu"),
        Approval(role="king", person="Wu"),
        Approval(role="manager", person=" "),
    ],
)
def test_above_the_cap_the_approver_or_one_above_must_have_approved(approval):
    decision = decide(TABLE, RED, KEY)
    with pytest.raises(ApprovalError, match="151 CNY needs the approval of manager"):
        grant(TABLE, decision, NOW, (), 151, approval)
    for role in ("manager", "director"):
        row = grant(TABLE, decision, NOW, (), 151, Approval(role=role, person="Li"))
        assert (row.amount, row.role, row.person) == (151, role, "Li")


@pytest.mark.parametrize("amount", [501, -1])
def test_the_ceiling_holds_for_everyone(amount):
    with pytest.raises(ApprovalError, match="expected 0 to 500"):
        grant(
            TABLE, decide(TABLE, RED, KEY), NOW, (), amount, Approval(role="director", person="Li")
        )


def test_an_unknown_case_can_be_approved_by_a_person_but_not_without_a_customer():
    unsure = decide(TABLE, RED, KEY.model_copy(update={"fault": None}))
    row = grant(TABLE, unsure, NOW, (), 20, MANAGER)
    assert (row.amount, row.person, row.reason_code) == (20, "Li", "red.unknown.key.none")
    with pytest.raises(ApprovalError, match="no known customer"):
        grant(
            TABLE,
            decide(TABLE, RED, KEY.model_copy(update={"customer": None})),
            NOW,
            (),
            20,
            MANAGER,
        )


def test_a_decision_of_another_table_is_not_granted():
    other = TABLE.model_copy(update={"version": "2"})
    with pytest.raises(ApprovalError, match="another table"):
        grant(other, decide(TABLE, RED, KEY), NOW, ())


def test_an_alert_is_decided_and_granted_once_whatever_comes_again():
    assert decide(TABLE, RED, KEY) == decide(TABLE, RED, KEY)
    first = grant(TABLE, decide(TABLE, RED, KEY), NOW, ())
    later = grant(TABLE, decide(TABLE, RED, KEY), NOW + timedelta(days=1), [first], 10)
    corrected = decide(TABLE, RED, KEY.model_copy(update={"fault": "third_party"}))
    assert first.id == later.id == grant(TABLE, corrected, NOW, ()).id  # a sink keeps the first
    assert grant(TABLE, decide(TABLE, AMBER, KEY), NOW, ()).id != first.id


def test_what_was_decided_before_another_credit_is_not_granted_after_it():
    reds = [RED.model_copy(update={"id": f"red {n}"}) for n in range(5)]
    decided = [decide(TABLE, red, KEY) for red in reds]
    log = [grant(TABLE, decided[0], NOW, ())]
    for decision in decided[1:]:
        with pytest.raises(ApprovalError, match="credits none, they are some now"):
            grant(TABLE, decision, NOW, log)
    assert grant(TABLE, decided[0], NOW, log) == log[0], "its own grant does not count"
    fresh = decide(TABLE, reds[1], KEY.model_copy(update={"credits": 1}))
    assert grant(TABLE, fresh, NOW, log).amount == fresh.amount
    later = NOW + timedelta(days=TABLE.days + 1)
    assert grant(TABLE, decided[1], later, log).amount == 80


def test_credits_of_the_last_days_are_counted():
    first = grant(TABLE, decide(TABLE, RED, KEY), NOW, ())

    def at(days, **change):
        time = NOW - timedelta(days=days)
        return Grant(**(first.model_dump() | {"time": time, "alert": f"a{days}"} | change))

    log = [at(90), at(1), at(0), at(91), at(-1)]
    log += [at(2, customer="c2"), at(3, amount=0, offer="apology"), at(4, alert=RED.id)]
    assert credits_before(log, "c1", NOW, 90, RED.id) == 3
    assert credits_before(log, "c3", NOW, 90, RED.id) == 0

"""What follows from alerts rests on what is known, and on what was granted before."""

from datetime import UTC, datetime

from churnlens.options import (
    SatisfactionFinetuningOptions,
    SatisfactionInferenceOptions,
    ScorerOptions,
    TurnOptions,
)
from churnlens.pipelines.inference.satisfaction.nodes import decide_actions, explain_alerts
from tasks.satisfaction.test_action_table import TABLE
from tasks.satisfaction.test_sinks import RED

DIALOGUE = {
    "id": RED.dialogue,
    "customer": "c1",
    "language": "en",
    "side": "test",
    "source": "mine.jsonl",
    "turns": [{"speaker": "customer", "text": "slow"}, {"speaker": "agent", "text": "sorry"}],
}
FACTS = [{"dialogue": RED.dialogue, "fault": "company"}, {"customer": "c1", "tier": "key"}]


def decided(facts, grants, **options):
    options = SatisfactionInferenceOptions(**options)
    table, alerts = TABLE.model_dump(mode="json"), [RED.model_dump(mode="json")]
    return decide_actions([DIALOGUE], alerts, table, facts, grants, options)[0]


def test_facts_make_an_offer_and_without_them_there_is_none():
    assert decided(FACTS, None)["amount"] == 80
    assert decided(None, None)["offer"] == "none"


def test_a_grant_counts_back_from_the_newest_or_from_the_moment_given():
    row = {
        "id": "g",
        "dialogue": "d0",
        "alert": "a0",
        "customer": "c1",
        "time": "2026-01-01T00:00:00Z",
        "reason_code": "red.company.key.none",
        "offer": "credit",
        "amount": 80,
        "currency": TABLE.currency,
        "cap": 80,
        "role": None,
        "person": None,
        "table": TABLE.version,
    }
    assert decided(FACTS, [row])["reason_code"].endswith(".some")
    later = datetime(2026, 11, 1, tzinfo=UTC)
    assert decided(FACTS, [row], as_of=later)["reason_code"].endswith(".none")


def test_where_turns_are_foretold_no_word_of_theirs_is_traced():
    ahead = ScorerOptions(turns=TurnOptions(kind="predict", context=2))
    finetuning = SatisfactionFinetuningOptions(scorer=ahead)
    alerts = [RED.model_dump(mode="json")]
    assert explain_alerts([DIALOGUE], alerts, finetuning, SatisfactionInferenceOptions()) == []

"""One turn at a time and whole dialogues give the same; what is kept is redacted."""

import json
from dataclasses import replace

import pytest

from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue, Turn
from churnlens.options import TurnOptions
from tasks.satisfaction.deskwork import demo, desk

SILENT = Turn(speaker="customer", text="")
WITH_SILENCE = Dialogue(
    id="silent",
    turns=(
        SILENT,
        Turn(speaker="agent", text="hello"),
        Turn(speaker="customer", text="This is terrible, I will sue you"),
        SILENT,
    ),
    source="s",
    language="en",
)


def with_phones():
    said = ["my phone is 13800138000", "no, 13900139000", "again 13800138000, I will sue"]
    turns = tuple(Turn(speaker="customer", text=text) for text in said)
    return Dialogue(id="phones", turns=turns, source="s", language="en")


def live(worker, dialogue):
    state, heard = worker.start(dialogue.id, dialogue.language), []
    for turn in dialogue.turns:
        heard.append(worker.hear(state, turn))
        state = heard[-1].state
    return heard


@pytest.mark.parametrize("context", [0, 3])
def test_a_service_says_what_a_batch_says(context):
    worker = replace(desk(), turns=TurnOptions(context=context))
    for dialogue in (*demo()[:12], WITH_SILENCE, with_phones()):
        (whole,) = worker.assess([clean_dialogue(dialogue).dialogue])
        heard = live(worker, dialogue)
        assert tuple(each.score for each in heard if each.score) == whole.turns
        assert tuple(each.alert for each in heard if each.alert) == whole.alerts


def test_a_turn_that_comes_again_or_too_late_changes_nothing():
    angry = Turn(speaker="customer", text="I will sue you")
    before = desk().hear(desk().start("d", "en"), angry, 0).state
    first = desk().hear(before, angry, 2)
    assert first.alert and first.score.index == first.alert.turn == 2
    assert desk().hear(before, angry, 2) == first, "the state before gives the same alert"
    for index in (2, 1, 0):
        again = desk().hear(first.state, angry, index)
        assert (again.state, again.score, again.alert) == (first.state, None, None)
    assert desk().hear(first.state, angry, 3).score.index == 3


def test_dialogues_together_say_what_each_says_alone():
    together = desk().assess(demo()[:8])
    assert together == [desk().assess([each])[0] for each in demo()[:8]]
    assert desk().assess([]) == []


def test_only_customer_turns_are_scored_in_their_places():
    for dialogue, found in zip(demo()[:10], desk().assess(demo()[:10]), strict=True):
        places = [n for n, t in enumerate(dialogue.turns) if t.speaker == "customer" and t.text]
        assert [turn.index for turn in found.turns] == places
        assert all(1 <= turn.score <= 5 and 0 <= turn.p_dissatisfied <= 1 for turn in found.turns)
        assert all(set(turn.likely) <= {1, 2, 3, 4, 5} and turn.likely for turn in found.turns)
        assert 1 <= found.overall <= 5


def test_an_output_is_plain_data_with_the_promised_keys():
    for found in desk().assess(demo()[:10]):
        told = json.loads(json.dumps(found.output()))
        assert list(told) == ["kind", "turns", "overall", "level", "alerts", "reasons"]


def test_quotes_name_the_turns_in_which_they_stand():
    quotes = 0
    for dialogue, found in zip(demo(), desk().assess(demo()), strict=True):
        for reason in found.reasons.reasons:
            for quote in reason.quotes:
                assert dialogue.turns[quote.turn].text == quote.text
                assert dialogue.turns[quote.turn].speaker == "customer"
                quotes += quote.turn > 0
    assert quotes, "places of the dialogue, not of the customer's turns"


def test_what_is_kept_between_turns_is_redacted_and_bounded():
    worker = replace(desk(), turns=TurnOptions(context=2))
    state = worker.start("d", "en")
    for n in range(30):
        speaker = "agent" if n % 2 else "customer"
        turn = Turn(speaker=speaker, text=f"call me at 138-0013-80{n:02}, no {n}")
        state = worker.hear(state, turn).state
    kept = state.model_dump_json()
    assert "0013" not in kept and "[phone_" in kept
    assert len(state.recent) == 2 and state.turns == 30
    assert len(kept) < 6000


def test_hard_dialogues_have_a_score():
    hard = {
        "one word": ["?"],
        "emoji": ["😡😡"],
        "mixed": ["my 包裹 is 很晚"],
        "long": ["late " * 20_000],
        "many": ["hm"] * 2_000,
        "empty turns": ["hello", "", "  "],
    }
    for name, texts in hard.items():
        turns = tuple(Turn(speaker="customer", text=text) for text in texts)
        dialogue = Dialogue(id=name, turns=turns, source="s", language="en")
        (found,) = desk().assess([dialogue])
        assert len(found.turns) == sum(bool(text.strip()) for text in texts), name

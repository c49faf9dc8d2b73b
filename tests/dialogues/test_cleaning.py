import time
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.dialogues import cleaning
from churnlens.dialogues.cleaning import clean_dialogue, clean_turn
from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.platforms import unsigned
from churnlens.dialogues.reading import read_row
from churnlens.privacy.redaction import redact
from churnlens.simulation import plain_rows, simulate_dialogues
from privacy.planted import positives

VALUES = [planted.value for planted in positives(each=5, seed=7)]


def _clean(*turns, names=(), references=()):
    told = [Turn(speaker=speaker, text=text) for speaker, text in turns]
    dialogue = Dialogue(
        id="d",
        turns=(Turn(speaker="customer", text="hm"), *told),
        source="s",
        language="en",
        references=references,
    )
    cleaned = clean_dialogue(dialogue, names)
    return [(t.speaker, t.text) for t in cleaned.dialogue.turns[1:]], cleaned


def test_one_person_has_one_tag_in_turns_and_references():
    turns, cleaned = _clean(
        ("customer", "@Shop call 138-0013-8000, not 13900139000"),
        ("agent", "@135060 Maria, we call 13800138000. ^SH"),
        ("customer", "thanks &amp; bye  @Shop\t!"),
        names=["Maria Gonzalez"],
        references=("Maria gave 13900139000 to @shop.",),
    )
    assert turns == [
        ("customer", "[handle_1] call [phone_1], not [phone_2]"),
        ("agent", "[handle_2] [name_1], we call [phone_1]."),
        ("customer", "thanks & bye [handle_1] !"),
    ]
    assert cleaned.dialogue.references == ("[name_1] gave [phone_2] to [handle_1].",)
    assert cleaned.removed == {"phone": 4, "handle": 4, "name": 2}


@pytest.mark.parametrize(
    "disguised",
    [
        "john&#64;gmail.com",
        "john&amp;#64;gmail.com",
        "jo\u200bhn@gma\u00adil.com",
        "１３８００１３８０００",
        "138[noise]0013[noise]8000",
        "138\x000013\x008000",
    ],
)
def test_a_disguise_is_undone_before_redaction(disguised):
    turns, cleaned = _clean(("customer", f"write to {disguised}!"))
    assert turns in ([("customer", "write to [email_1]!")], [("customer", "write to [phone_1]!")])
    assert cleaned.removed.total() == 1


@pytest.mark.parametrize("entity", ["amp;", "#38;", "amp", "#x26;"])
def test_entities_inside_entities_take_few_rounds_and_hide_nothing(entity, monkeypatch):
    rounds = []
    monkeypatch.setattr(cleaning, "unescape", lambda text: rounds.append(1) or unescape(text))
    turns, _ = _clean(("customer", "john&" + entity * 5000 + "#64;gmail.com"))
    assert len(rounds) < 30
    text = turns[0][1]
    assert not redact(text).counts and unescape(text) == text


def test_a_run_of_spaces_is_no_signature():
    said = "a" + " " * 400_000  # hours, where each space starts the search anew
    assert unsigned(said + "b") == said + "b"
    assert unsigned("Sorry." + " " * 9 + "^SH ") == unsigned("Sorry.^SH") == "Sorry."


def test_placeholders_of_a_platform():
    turns, _ = _clean(
        ("agent", "[ORDERID_10105411] [ORDERID_10105444]#E-s[数字x]"),
        ("customer", "[ORDERID_10105444]，电话[电话x]"),
        ("agent", "订单号10105444"),
    )
    assert turns == [
        ("agent", "[order_1] [order_2][emoticon]"),
        ("customer", "[order_2]，电话[phone]"),
        ("agent", "订单号[order_2]"),
    ]


def test_lines_of_machines_are_told_apart_and_stay_in_place():
    turns, _ = _clean(
        ("agent", "【自动回复】您好"),
        ("customer", "https://item.jd.com/20.html"),
        ("customer", ""),
        ("agent", "在的"),
        ("customer", "this is an automated response?"),
    )
    assert [speaker for speaker, _ in turns] == ["bot", "system", "customer", "agent", "customer"]


def test_only_an_agent_signs():
    assert _clean(("customer", "Late again. - Ed"), ("agent", "Sorry. - Ed"))[0] == [
        ("customer", "Late again. - Ed"),
        ("agent", "Sorry."),
    ]


def test_a_rated_turn_stays_the_customers():
    rated = Turn(speaker="customer", text="https://item.jd.com/20.html", ratings=(3,))
    hello = Turn(speaker="customer", text="hello")
    dialogue = Dialogue(id="d", turns=(hello, rated), source="s", language="en")
    turn = clean_dialogue(dialogue).dialogue.turns[1]
    assert (turn.speaker, turn.text, turn.ratings) == ("customer", "[link]", (3,))


PIECES = st.sampled_from(
    [
        *VALUES,
        "@Shop",
        "@",
        "&#64;",
        "&amp;",
        "[数字x]",
        "#E-s[数字x]",
        "__URL__",
        "\u200b",
        " ",
        "[phone_2]",
        "[noise]",
        "^SH",
        ". - Ed",
        "http://",
        "www.",
        "号",
        "order no. ",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=6).map("".join)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(["customer", "agent"]), TEXTS), max_size=4), TEXTS)
def test_nothing_to_redact_is_left_and_no_turn_is_lost(turns, reference):
    cleaned_turns, cleaned = _clean(*turns, references=(reference,))
    assert len(cleaned_turns) == len(turns)
    for text in (*(text for _, text in cleaned_turns), *cleaned.dialogue.references):
        assert not redact(text).counts
        assert text == text.strip()
        assert "  " not in text


def test_ten_thousand_turns_are_cleaned_in_seconds():
    started = time.process_time()
    _, cleaned = _clean(*[("customer", "call 13800138000 @Shop"), ("agent", "yes ^SH")] * 5000)
    assert cleaned.removed == {"phone": 5000, "handle": 5000}
    assert time.process_time() - started < 20


def test_labels_are_redacted():
    labels = {
        "user_problem": "Call 138-0013-8000 back",
        "reason": "late_delivery",
        "accepted_evidence": "3;5",
        "scenario": "MUL13800138000.json",
        "phone": "13800138000",
    }
    dialogue = Dialogue(
        id="d",
        turns=(Turn(speaker="customer", text="13800138000 is mine"),),
        source="s",
        language="en",
        labels=labels,
    )
    cleaned = clean_dialogue(dialogue)
    assert cleaned.dialogue.turns[0].text == "[phone_1] is mine"
    assert cleaned.dialogue.labels == {
        **labels,
        "user_problem": "Call [phone_1] back",
        "phone": "[phone_1]",
        "scenario": "MUL[phone_1].json",
    }
    assert cleaned.removed["phone"] == 4


def test_spaces_hide_no_name():
    turns, _ = _clean(("customer", "my name is   Ann Lee\n\nregards,\t\n \n Ann Lee"))
    assert turns[0][1] == "my name is [name_1]\nregards,\n[name_1]"


def test_nothing_beside_the_words_names_a_person():
    dialogue = Dialogue(
        id="13800138000@x.com",
        turns=(Turn(speaker="customer", text="late", act="call 13912345678"),),
        source="me@corp.com",
        language="en",
        labels={"contact": "tel13812345678", "zhang@qq.com": "x"},
    )
    cleaned = clean_dialogue(dialogue).dialogue
    assert cleaned.id.startswith("key_") and cleaned.id == clean_dialogue(cleaned).dialogue.id
    assert (cleaned.source, cleaned.turns[0].act) == ("[email_1]", "call [phone_2]")
    assert cleaned.labels == {"contact": "tel[phone_1]", "[email_2]": "x"}
    assert clean_turn(dialogue.turns[0], {})[0].act == "call [phone_1]"


def test_turn_by_turn_tags_go_on_from_marks_that_tell_nothing():
    said = ["call 13800138000", "or 13900139000", "138-0013-8000 again, @Shop", "15011112222"]
    whole = _clean(*(("customer", text) for text in said))[0]
    kept, heard = {}, []
    for text in said:
        turn, kept = clean_turn(Turn(speaker="customer", text=text), kept)
        heard.append((turn.speaker, turn.text))
    assert heard == whole
    assert heard[2] == ("customer", "[phone_1] again, [handle_1]")
    assert [len(mark) for marks in kept.values() for mark in marks] == [4] * 4


def test_planted_personal_data_of_the_demo_is_gone():
    demo = simulate_dialogues(400, 7)
    clean = {row["id"]: clean_dialogue(read_row(row)).dialogue for row in plain_rows(demo)}
    planted = demo.dialogue_truth[demo.dialogue_truth.personal_kinds != ""]
    names = int(planted.personal_kinds.str.contains("name").sum())
    said = [turn.text for each in clean.values() for turn in each.turns]
    assert sum(text.count("[name_") for text in said) == names > 9, "and nothing else is a name"
    for row in planted.itertuples():
        told = clean[row.id].model_dump_json()
        assert not [value for value in row.personal_values.split(";") if value in told]

import json
import logging

import pytest

from churnlens.pipelines.data_processing.dialogue_files import (
    DialogueFile,
    DialogueFileError,
    describe,
    explain,
    read_file,
)

GOOD = {"id": "D1", "turns": [{"speaker": "customer", "text": "too slow", "rating": 2}]}
BAD = [
    {"id": "D2", "turns": [{"speaker": "Quackenbush", "text": "pelican"}]},
    {"id": "D3", "turns": [{"speaker": "customer", "text": "pelican", "rating": 9}]},
    {"id": "D1", "turns": [{"speaker": "customer", "text": "pelican"}]},
    {"id": "D5", "turns": [{"speaker": "agent", "text": "pelican"}]},
]


def text_of(*rows) -> str:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)


def assert_bounded(message: str):
    assert len(message) < 2500
    assert not [word for word in ("Quackenbush", "pelican") if word in message]


def test_faults_are_logged_and_the_rest_goes_on(caplog):
    with caplog.at_level(logging.WARNING):
        reading = DialogueFile("mine.jsonl").validate(text_of(GOOD, *BAD, "{broken"))
    assert [each.id for each in reading.dialogues] == ["D1"]
    assert "mine.jsonl: 1 dialogue(s), and 5 row(s) that are none" in caplog.text
    assert "row 2, turn 1, speaker: got another word (11 characters), expected" in caplog.text
    assert "row 3, turn 1, ratings: got 9, expected a number from 1 to 5" in caplog.text
    assert "row 4, id: got one of an earlier row, expected another" in caplog.text
    assert_bounded(caplog.text)


def test_a_good_file_is_quiet(caplog):
    DialogueFile().validate(text_of(GOOD))
    assert not caplog.records


@pytest.mark.parametrize("text", ["", "no dialogue at all", text_of(*BAD[:2]), "[1, 2]", "\x00"])
def test_a_file_without_a_dialogue_is_refused_with_the_next_step(text):
    with pytest.raises(DialogueFileError) as told:
        DialogueFile("mine.jsonl").validate(text)
    message = str(told.value)
    assert message.startswith("mine.jsonl: 0 dialogue(s)")
    assert "expected" in message
    assert 'A right row: {"id": "D1"' in message
    assert "--params dialogue_form=FORM" in message
    assert_bounded(message)


def test_the_message_is_bounded_however_many_faults_there_are():
    reading, form = read_file(text_of(*[{**BAD[0], "id": f"D{n}"} for n in range(900)]))
    message = explain(reading, "mine.jsonl", form)
    assert "… and 895 more" in message
    assert_bounded(message)


def test_the_right_row_is_of_the_form_of_the_file():
    reading, form = read_file("dialogue_id,speaker,text\nD1,Quackenbush,pelican\n")
    assert "dialogue_id,speaker,text,rating" in explain(reading, "mine.csv", form)


@pytest.mark.parametrize("example", range(2))
def test_the_right_rows_are_right(example):
    message = explain(read_file("")[0], "x", ("plain", "messages")[example])
    row = message.split("A right row: ")[1].splitlines()[0]
    reading, _ = read_file(row)
    assert len(reading.dialogues) == 1
    assert not reading.faults


def test_form_and_scale_may_be_named():
    row = {"id": "D1", "turns": [{"speaker": "customer", "text": "x", "rating": 9}]}
    reading = DialogueFile(form="plain", scale={"low": 0, "high": 10}).validate(text_of(row))
    assert reading.dialogues[0].scale.high == 10
    with pytest.raises(DialogueFileError):
        DialogueFile(form="uss").validate(text_of(row))


def test_what_was_read_is_said_in_one_line():
    row = {
        "id": "甲",
        "turns": [{"speaker": "客服", "text": "好"}, {"speaker": "用户", "text": "慢"}],
    }
    reading, form = read_file(text_of(GOOD, row))
    assert describe(reading, form) == (
        "2 dialogues of form plain (en 1, zh 1), 3 turns, 1 of them rated"
    )

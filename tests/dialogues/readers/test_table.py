from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.dialogues.form import FaultError, Scale
from churnlens.dialogues.readers.table import moment_of
from churnlens.dialogues.reading import detect_form, read_dialogues

TEXT = """dialogue_id,speaker,text,rating,customer_id,time
d1,customer,"Hello, there",3,c9,2024-01-31 09:05
d2,user,你好,,,
d1,agent,Hi,,c9,2024-01-31 09:04
d2,客服,在的,,,
"""


def test_rows_become_turns_in_the_order_of_time():
    first, second = read_dialogues(TEXT).dialogues
    assert [turn.text for turn in first.turns] == ["Hi", "Hello, there"]
    assert (first.id, first.customer, first.turns[1].ratings) == ("d1", "c9", (3,))
    assert first.turns[1].time == datetime(2024, 1, 31, 9, 5, tzinfo=UTC)
    assert [turn.text for turn in second.turns] == ["你好", "在的"]
    assert (second.customer, second.language) == (None, "zh")


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_chinese_columns(delimiter):
    rows = [
        ["会话ID", "角色", "内容", "整体满意度"],
        ["d1", "用户", "坏了", "9"],
        ["d1", "客服", "抱歉", ""],
    ]
    text = "\n".join(map(delimiter.join, rows))
    assert detect_form(text) == "table"
    (dialogue,) = read_dialogues(text, scale=Scale(low=0, high=10)).dialogues
    assert (dialogue.overall, len(dialogue.turns)) == ((9,), 2)


def test_a_bad_row_takes_its_dialogue_and_no_other():
    bad = TEXT + "d3,customer,fine,,,\nd3,Maria,I said,,,\nd4,customer,one\n,customer,none,,,\n"
    reading = read_dialogues(bad)
    assert [dialogue.id for dialogue in reading.dialogues] == ["d1", "d2"]
    assert [str(fault) for fault in reading.faults] == [
        "row 7, speaker: got another word (5 characters), expected customer, agent, bot or system",
        "row 8, row: got 3 cells, expected 6 as in the header",
    ]  # row 9 belongs to d4


HEAD = "dialogue_id,customer_id,speaker,text\n"


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (
            'd1,,customer,hello\nd1,,agent,"he said "x" ok\nd1,,customer,bad\nd2,,customer,hi\n',
            ["d2"],
        ),
        ("d1,,customer,hello\n,,agent,sorry\nd1,,customer,bye\nd2,,customer,hi\n", ["d2"]),
        ("d1,A,customer,hello\nd1,B,customer,bye\nd2,A,customer,hi\n", ["d2"]),
        ("d1,A,customer,hello\nd1,,agent,hi\nd1,A,customer,bye\n", ["d1"]),
        ('d1,,customer,hello\nd3,,customer,a\nd1,,agent,"open\nd3,,customer,b\n', []),
        (",,customer,hello\nd2,,customer,hi\n", ["d2"]),
    ],
)
def test_a_dialogue_without_one_of_its_rows_is_none(rows, kept):
    reading = read_dialogues(HEAD + rows)
    assert [dialogue.id for dialogue in reading.dialogues] == kept
    assert bool(reading.faults) == (kept != ["d1"])


def test_a_table_that_begins_with_the_speaker_is_no_uss():
    text = "speaker\tdialogue_id\ttext\nUSER\td1\thello\nSYSTEM\td1\thi\n"
    assert detect_form(text) == "table"
    assert read_dialogues(text).counts()["turns"] == 2


@pytest.mark.parametrize(
    "end", ['d3,customer,"never closed,,,\nd4,', "d3,customer," + "x" * 140_000 + ",,,"]
)
def test_a_cell_without_end(end):
    reading = read_dialogues(TEXT + end)
    assert [dialogue.id for dialogue in reading.dialogues] == ["d1", "d2"]
    assert reading.faults[0].got == "cells that do not end"


def test_a_header_without_what_is_needed():
    reading = read_dialogues("a,b\n1,2\n", form="table")
    assert reading.faults[0].got == "no column for dialogue, speaker, text"
    assert read_dialogues("", form="table").faults[0].what == "header"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024/1/2 9:05", datetime(2024, 1, 2, 9, 5, tzinfo=UTC)),
        ("2024年1月2日 19:05:06", datetime(2024, 1, 2, 19, 5, 6, tzinfo=UTC)),
        ("2024-01-02T09:05:00.25+08:00", datetime(2024, 1, 2, 1, 5, 0, 250_000, tzinfo=UTC)),
        ("2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        ("2024-01-02T09:05:00Z", datetime(2024, 1, 2, 9, 5, tzinfo=UTC)),
        (" ", None),
    ],
)
def test_moments(text, moment):
    assert moment_of(text, "time") == moment


@pytest.mark.parametrize(
    "text", ["2024-13-01", "yesterday", "2024-01-02 25:00", "0001-01-01T00:00+23:00", "٢٠٢٤-01-01"]
)
def test_no_moments(text):
    with pytest.raises(FaultError, match="time: got another text"):
        moment_of(text, "time")


@given(st.text(max_size=30))
def test_any_cell_is_a_moment_or_a_fault(text):
    try:
        moment_of(text, "time")
    except FaultError as fault:
        assert text.strip() not in {fault.got, ""}

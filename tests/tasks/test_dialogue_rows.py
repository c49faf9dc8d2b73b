import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.tasks.batch import parse_row, parse_rows
from churnlens.tasks.dialogue_rows import EXPECTED, dialogues_in, read_dialogue


def read(row):
    return parse_row(json.dumps(row), 1, read_dialogue, EXPECTED)


def test_a_row_is_redacted_before_anything_is_kept():
    said = [{"speaker": "customer", "text": "ring 415-555-0132, @Shop"}]
    row = read({"id": "a", "turns": said, "note": "x"})
    assert row.error == "" and "0132" not in row.model_dump_json()
    (dialogue,) = dialogues_in([row.given])
    assert dialogue.turns[0].text == "ring [phone_1], [handle_1]"


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"id": 1}, "turns: got"),
        ({"id": 1, "turns": []}, "turns: got nothing, expected a list of turns"),
        ({"id": 1, "turns": [{"speaker": "agent", "text": "secret"}]}, "no words of a customer"),
        ({"id": 1, "turns": [{"speaker": "secret", "text": "x"}]}, "speaker: got another word"),
        ({"id": 1, "turns": [{"speaker": "customer", "text": 5}]}, "text: got"),
    ],
)
def test_a_row_that_is_none_says_why_without_its_words(row, error):
    read_row = read(row)
    assert error in read_row.error and "secret" not in read_row.error and read_row.given is None


SAID = [{"speaker": "customer", "text": "late"}]


def test_a_row_without_an_id_is_known_by_its_line():
    text = "\n".join(json.dumps(row) for row in ({"turns": SAID}, {"id": "", "turns": SAID}))
    rows = parse_rows(text, read_dialogue, EXPECTED)
    assert [row.id for row in rows] == ["line 1", "line 2"]
    assert [each.id for each in dialogues_in([row.given for row in rows])] == ["line 1", "line 2"]


def test_an_id_of_an_earlier_row_is_an_error():
    text = "\n".join(json.dumps({"id": key, "turns": SAID}) for key in (1, "a", "1", "a", "b"))
    rows = parse_rows(text, read_dialogue, EXPECTED)
    assert [row.id for row in rows] == [1, "a", "1", "a", "b"]
    assert [bool(row.error) for row in rows] == [False, False, True, True, False]
    assert rows[2].error == "id: got one of an earlier row, expected another"


@pytest.mark.parametrize(
    "more",
    [
        {"overall": [9]},
        {"scale": "x"},
        {"labels": {"phone": 5}},
        {"turns": [SAID[0] | {"ratings": [0]}]},
        {"turns": [SAID[0] | {"rating": 9, "act": "call 13912345678", "time": "yesterday"}]},
    ],
)
def test_what_nothing_predicts_from_is_left_out(more):
    row = read({"id": "a", "turns": SAID} | more)
    assert row.given == read({"id": "a", "turns": SAID}).given


def test_a_personal_id_is_echoed_by_its_row_alone():
    row = read({"id": "13800138000@x.com", "turns": SAID})
    assert row.id == "13800138000@x.com" and row.given["id"].startswith("key_")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=9,
)


@given(JSON, JSON)
def test_any_object_is_a_dialogue_or_an_error(turns, speaker):
    for row in ({"turns": turns}, {"turns": [{"speaker": speaker, "text": turns}]}):
        found = read(row)
        assert bool(found.error) != bool(found.given)

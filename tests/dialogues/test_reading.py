import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.dialogues.form import Scale
from churnlens.dialogues.reading import READERS, detect_form, read_dialogues

SAID = {"speaker": "customer", "text": "hello"}
GOOD = json.dumps({"id": "good", "turns": [SAID]})
EXAMPLES = {
    "uss": "USER\thello\t\t3,4\nSYSTEM\thi\t\t\nUSER\tOVERALL\t\t3\n\nUSER\tbye\t\t2\n",
    "jddc": json.dumps(
        {"id": "j", "turns": [{"user": "在", "agent_after": "是", "sat3": 1}], "overall_sat3": 1}
    ),
    "tweetsumm": json.dumps(
        {
            "dialog_id": "t",
            "text": "\tCustomer:\thi\n\tAgent:\t@123 yes\n",
            "abstractive_summaries": ["a"],
        }
    ),
    "messages": json.dumps({"messages": [{"role": "user", "content": "hello"}]}),
    "sharegpt": json.dumps({"conversations": [{"from": "human", "value": "hello"}]}),
    "alpaca": json.dumps([{"instruction": "", "input": "hello", "output": "hi"}]),
    "plain": GOOD,
    "table": "dialogue,speaker,text\nd,customer,hello\n",
}


@pytest.mark.parametrize("form", READERS)
def test_each_form_is_found(form):
    assert detect_form(EXAMPLES[form]) == form
    reading = read_dialogues(EXAMPLES[form])
    assert reading.dialogues
    assert not reading.faults
    assert {dialogue.source for dialogue in reading.dialogues} == {form}
    assert read_dialogues("\ufeff" + EXAMPLES[form]).counts() == reading.counts()


@pytest.mark.parametrize(
    "text", ["", "\n \n", "# A policy\n\nno dialogue", '{"query": "why"}', "[]", "a,b\n1,2\n"]
)
def test_no_form_is_a_fault(text):
    reading = read_dialogues(text)
    assert [fault.what for fault in reading.faults] == ["form"]


def _read(*rows):
    return read_dialogues(
        "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    )


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ('{"id": "broken", "turns": [', "JSON"),
        ("not JSON", "JSON"),
        ({"turns": [{"speaker": "agent", "text": "anybody?"}]}, "turns"),
        ({"turns": [SAID | {"text": "  "}]}, "turns"),
        ({"turns": [SAID | {"speaker": "Maria Gonzalez"}]}, "turn 1, speaker"),
        ({"turns": [SAID | {"ratings": [3, 6]}]}, "turn 1, ratings"),
        ({"turns": [SAID | {"rating": -1}]}, "turn 1, ratings"),
        ({"turns": [SAID], "overall": float("inf")}, "overall"),
        ({"id": "\ud83d", "turns": [SAID]}, "id"),
        ({"turns": {"speaker": "customer"}}, "turns"),
        ({"turns": []}, "turns"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_bad_row_is_a_fault_and_stops_nothing(row, what, first):
    reading = _read(row, GOOD) if first else _read(GOOD, row)
    assert [dialogue.id for dialogue in reading.dialogues] == ["good"]
    (fault,) = reading.faults
    assert (fault.what, fault.row) == (what, 1 if first else 2)
    assert "Maria" not in str(fault)
    assert len(str(fault)) < 200


def test_the_later_of_two_rows_with_one_id_is_at_fault():
    reading = _read(GOOD, {"id": "good", "turns": [SAID | {"text": "later"}]})
    assert [dialogue.turns[0].text for dialogue in reading.dialogues] == ["hello"]
    assert str(reading.faults[0]) == "row 2, id: got one of an earlier row, expected another"


@pytest.mark.parametrize(
    ("turns", "language"),
    [
        ([SAID, SAID], "en"),  # nobody answers
        ([SAID, SAID | {"text": ""}, {"speaker": "agent", "text": " "}], "en"),
        ([SAID | {"text": "my 订单 is 迟到了 again"}], "zh"),
        ([SAID | {"text": "😡😡😡 👨‍👩‍👧"}], "en"),
        ([SAID | {"text": "uh um [noise] i i want to uh <unk> cancel"}], "en"),
        ([SAID | {"text": "\x00\u202e\u200b!"}], "en"),
    ],
)
def test_odd_dialogues_are_dialogues(turns, language):
    reading = _read({"id": "odd", "turns": turns})
    assert not reading.faults
    assert reading.dialogues[0].language == language
    assert [turn.text for turn in reading.dialogues[0].turns] == [turn["text"] for turn in turns]


def test_half_a_character_is_mended():
    row = {"turns": [SAID | {"text": "half a \ud83d, whole \ud83d\ude00"}], "customer": "\udc00"}
    (dialogue,) = _read(row).dialogues
    assert dialogue.turns[0].text == "half a \ufffd, whole 😀"
    assert dialogue.customer == "\ufffd"
    assert dialogue.model_dump_json().encode()


def test_ten_thousand_turns():
    started = time.process_time()
    reading = _read({"turns": [SAID, {"speaker": "agent", "text": "hi"}] * 5000})
    assert reading.counts()["turns"] == 10_000
    assert time.process_time() - started < 5


def test_rows_without_an_id_are_named_after_their_source_and_place():
    reading = read_dialogues(f'{{"turns": [{json.dumps(SAID)}]}}\n' * 2, source="shop")
    assert [dialogue.id for dialogue in reading.dialogues] == ["shop-1", "shop-2"]


def test_the_scale_of_ratings_is_given():
    row = json.dumps({"turns": [SAID | {"ratings": [0, 10]}]})
    assert read_dialogues(row).faults
    assert read_dialogues(row, scale=Scale(low=0, high=10)).dialogues[0].turns[0].ratings == (0, 10)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = (
    "id turns messages conversations instruction input output prompt response system history user"
    " agent_after sat3 overall_sat3 speaker role from text content value ratings rating scale labels"
    " language customer references time dialog_id abstractive_summaries low high overall"
)
ROWS = st.recursive(
    JSON
    | st.sampled_from(["customer", "user", "用户：在吗？客服：在", "\tCustomer:\thi", "\ud800"]),
    lambda inner: (
        st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=5)
        | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=400)
@given(st.lists(ROWS, min_size=1, max_size=4), st.sampled_from([None, *READERS]))
def test_any_json_is_dialogues_and_faults(rows, form):
    text = "\n".join(json.dumps(row) for row in rows)
    reading = read_dialogues(text, form)
    if form not in {None, "table", "uss"} and not text.startswith("["):
        assert len(reading.dialogues) + len(reading.faults) == len(rows)
    assert reading.dialogues or reading.faults or text.startswith("[")
    for fault in reading.faults:
        assert len(str(fault)) < 300


@settings(max_examples=400)
@given(st.data(), st.sampled_from(list(EXAMPLES)))
def test_any_damage_to_a_file_raises_nothing(data, form):
    text = EXAMPLES[form] * data.draw(st.integers(1, 2))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 8)))
    noise = data.draw(st.text(st.sampled_from('\t\n\r",;:{}[]\\\x00\ud800用户：3'), max_size=4))
    damaged = text[:start] + noise + text[end:]
    for told in (None, form):
        reading = read_dialogues(damaged, told)
        assert (
            reading.dialogues or reading.faults or damaged.lstrip("\ufeff \t\r\n").startswith("[")
        )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[{"id": 1,\n "turns": []},,]', "row 2, JSON: got"),
        ('{"id": 1, "turns": [}', "row 1, JSON: got"),
    ],
)
def test_json_that_breaks_says_where(text, place):
    (fault,) = read_dialogues(text).faults
    assert str(fault).startswith(place) and "column" in fault.got

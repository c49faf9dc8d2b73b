import json
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from churnlens.dialogues.form import Dialogue, Scale, Turn
from churnlens.dialogues.reading import read_dialogues

LINES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RATINGS = st.lists(st.integers(0, 10), max_size=3).map(tuple)
TURNS = st.builds(
    Turn,
    speaker=st.sampled_from(["customer", "agent", "bot", "system"]),
    text=LINES,
    ratings=RATINGS,
    act=LINES,
    time=st.none() | st.datetimes(timezones=st.just(UTC)).filter(lambda t: t.year > 1000),
)
SAID = Turn(speaker="customer", text="hello")
DIALOGUES = st.builds(
    Dialogue,
    id=LINES.filter(bool),
    turns=st.lists(TURNS, max_size=4).map(lambda turns: (SAID, *turns)),
    source=LINES,
    language=st.sampled_from(["en", "zh"]),
    customer=st.none() | LINES.filter(bool),
    overall=RATINGS,
    scale=st.just(Scale(low=0, high=10)),
    references=st.lists(LINES, max_size=2).map(tuple),
    labels=st.dictionaries(LINES, LINES, max_size=2),
)


@given(st.lists(DIALOGUES, min_size=1, max_size=4, unique_by=lambda dialogue: dialogue.id))
def test_what_was_written_is_read_back(dialogues):
    rows = "\n".join(dialogue.model_dump_json() for dialogue in dialogues)
    reading = read_dialogues(rows)
    assert reading.dialogues == tuple(dialogues)
    assert not reading.faults


def test_the_input_of_predict():
    row = {
        "id": 7,
        "turns": [{"speaker": "客户", "text": "😀 呃"}, {"speaker": "agent", "text": ""}],
        "note": 1,
    }
    (dialogue,) = read_dialogues(json.dumps(row)).dialogues
    assert (dialogue.id, dialogue.customer, dialogue.source) == ("7", None, "plain")
    assert dialogue.turns == (
        Turn(speaker="customer", text="😀 呃"),
        Turn(speaker="agent", text=""),
    )


def test_a_wrong_field_is_named_and_its_value_is_not():
    turns = [{"speaker": "customer", "text": "secret words"}]
    wrong = {
        "turns": [{"turns": []}, {"turns": "secret"}, {"turns": ["secret"]}],
        "text": [
            {"turns": [{"speaker": "user", "text": None}]},
            {"turns": [{"speaker": "user", "text": 5}]},
        ],
        "language": [{"language": "secret"}],
        "scale": [{"scale": {"low": "secret"}}, {"scale": {"low": 9, "high": 2}}],
        "labels": [{"labels": {"secret": 3}}],
        "references": [{"references": "secret"}],
        "customer": [{"customer": ["secret"]}],
        "time": [{"turns": [*turns, {"speaker": "user", "text": "", "time": "secret"}]}],
    }
    for part, rows in wrong.items():
        for row in rows:
            reading = read_dialogues(json.dumps({"id": "x", "turns": turns} | row))
            assert not reading.dialogues
            assert reading.faults[0].what.endswith(part)
            assert reading.faults[0].id == "x"
            assert "secret" not in str(reading.faults[0])

import json

import pytest

from churnlens.dialogues.reading import detect_form, read_dialogues
from churnlens.simulation import plain_rows, simulate_dialogues
from churnlens.simulation.dialogues.rows import LABELS


@pytest.fixture(scope="module")
def demo():
    return simulate_dialogues(60, 3)


@pytest.fixture(scope="module")
def reading(demo):
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in plain_rows(demo))
    assert detect_form(text) == "plain"
    return read_dialogues(text)


def test_the_rows_are_read_back_as_they_were_made(demo, reading):
    assert not reading.faults
    assert [each.id for each in reading.dialogues] == demo.dialogues.id.tolist()
    assert [each.customer for each in reading.dialogues] == demo.dialogues.customer_id.tolist()
    assert [each.language for each in reading.dialogues] == demo.dialogues.language.tolist()
    said = [turn.text for each in reading.dialogues for turn in each.turns]
    assert said == demo.turns.text.tolist()


def test_every_customer_turn_and_every_dialogue_has_three_raters(demo, reading):
    rated = [turn for each in reading.dialogues for turn in each.turns if turn.ratings]
    assert [turn.ratings for turn in rated] == [
        tuple(row) for row in demo.turn_truth[["rating_1", "rating_2", "rating_3"]].to_numpy()
    ]
    assert {turn.speaker for turn in rated} == {"customer"}
    assert {len(each.overall) for each in reading.dialogues} == {3}


def test_labels_are_what_people_could_know(demo, reading):
    truth = demo.dialogue_truth.set_index("id")
    for each in reading.dialogues:
        assert set(each.labels) <= {*LABELS, "scenario", "channel"}
        for name in LABELS:
            assert each.labels.get(name, "") == truth[name][each.id]
        assert truth["user_problem"][each.id] in each.references[0]
    whole = json.dumps(plain_rows(demo))
    assert not [word for word in ("mood", "style", "canary", "personal_values") if word in whole]


def test_the_first_turn_says_when_it_was(demo, reading):
    times = [each.turns[0].time.strftime("%Y-%m-%dT%H:%M") for each in reading.dialogues]
    assert times == demo.dialogues.started.tolist()
    assert not [turn for each in reading.dialogues for turn in each.turns[1:] if turn.time]

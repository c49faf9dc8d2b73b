import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from churnlens.dialogues.form import Dialogue, Scale, Turn
from churnlens.options import TurnOptions
from churnlens.tasks.satisfaction.turns import (
    labels_of,
    newest_row,
    rated,
    shares_of,
    truth_of,
    turn_rows,
    whole_rating,
)

ESTIMATE, PREDICT = TurnOptions(context=2), TurnOptions(kind="predict", context=2)
TURNS = (
    Turn(speaker="customer", text="my parcel?", ratings=(3, 3, 2)),
    Turn(speaker="agent", text="please wait"),
    Turn(speaker="customer", text="hello?"),
    Turn(speaker="bot", text="busy"),
    Turn(speaker="customer", text="useless", ratings=(1, 2)),
)


def dialogue(turns=TURNS, **changes):
    given_ = {"id": "d", "turns": turns, "source": "s", "language": "en", "overall": (2, 3)}
    return Dialogue(**{**given_, **changes})


def test_a_row_for_each_customer_turn():
    rows = turn_rows(dialogue(), TurnOptions())
    assert [(row.id, row.index, row.position) for row in rows] == [
        ("d#0", 0, 0),
        ("d#2", 2, 1),
        ("d#4", 4, 2),
    ]
    assert (
        [row.text for row in rows]
        == [row.newest for row in rows]
        == ["my parcel?", "hello?", "useless"]
    )


@pytest.mark.parametrize("options", [ESTIMATE, PREDICT])
def test_a_turn_without_words_is_no_row(options):
    rows = turn_rows(dialogue((TURNS[0], Turn(speaker="customer", text=" "), *TURNS[3:])), options)
    assert [(row.index, row.position) for row in rows] == [(0, 0), (3, 1)]


def test_what_is_read_with_context():
    rows = turn_rows(dialogue(), ESTIMATE)
    assert rows[0].text == "Customer: my parcel?"
    assert rows[1].text == "Customer: my parcel?\nAgent: please wait\nCustomer: hello?"
    assert rows[2].text == "Customer: hello?\nBot: busy\nCustomer: useless"
    assert rows[2].newest == "useless"


def test_a_prediction_never_reads_its_turn():
    rows = turn_rows(dialogue(), PREDICT)
    assert (rows[0].text, rows[0].newest) == ("", "")
    assert (rows[2].text, rows[2].newest) == ("Customer: hello?\nBot: busy", "busy")


def test_chinese_speakers():
    (row, *_) = turn_rows(dialogue(language="zh"), ESTIMATE)
    assert row.text == "客户：my parcel?"


def test_labels():
    first, second = rated(turn_rows(dialogue(), TurnOptions()))
    assert first.mean == pytest.approx(8 / 3)
    assert (first.rating, first.level) == (3, "dissatisfied")
    assert (second.rating, second.level) == (2, "dissatisfied")
    assert truth_of([first, second], TurnOptions()).tolist() == [3, 2]
    assert truth_of([first, second], TurnOptions(labels="level")).tolist() == [0, 0]
    assert labels_of(TurnOptions(), Scale()) == (1, 2, 3, 4, 5)
    assert labels_of(TurnOptions(), Scale(low=0, high=2)) == (0, 1, 2)
    assert labels_of(TurnOptions(labels="level"), Scale()) == (0, 1, 2)


def test_an_unrated_row_has_no_truth():
    rows = turn_rows(dialogue(), TurnOptions())
    assert (rows[1].mean, rows[1].rating, rows[1].level) == (None, None, None)
    with pytest.raises(ValueError, match="1 of 3 rows have no rating"):
        truth_of(rows, TurnOptions())


def test_shares_of_raters():
    rows = rated(turn_rows(dialogue(), TurnOptions()))
    assert shares_of(rows, TurnOptions())[0] == pytest.approx([0, 1 / 3, 2 / 3, 0, 0])
    assert shares_of(rows, TurnOptions(labels="level")).tolist() == [[1, 0, 0], [1, 0, 0]]
    between = rows[0].model_copy(update={"ratings": (2.25, 5)})
    assert shares_of([between], TurnOptions())[0] == pytest.approx([0, 0.375, 0.125, 0, 0.5])


@pytest.mark.parametrize(
    ("overall", "rating", "level"),
    [((), None, None), ((4, 5), 4.5, 2), ((3, 3), 3, 1), ((2, 3), 2.5, 0)],
)
def test_a_whole_is_rated_on_the_scale_of_the_labels(overall, rating, level):
    whole = dialogue().model_copy(update={"overall": overall})
    assert whole_rating(whole, TurnOptions()) == rating
    assert whole_rating(whole, TurnOptions(labels="level")) == level


def test_nothing_to_read_is_refused():
    with pytest.raises(ValidationError, match="reads nothing"):
        TurnOptions(kind="predict")


SPEAKERS = st.sampled_from(["customer", "agent", "bot", "system"])
turns = st.lists(st.builds(Turn, speaker=SPEAKERS, text=st.text(max_size=9)), max_size=9)


@given(turns, turns, st.sampled_from([TurnOptions(), ESTIMATE, PREDICT]))
def test_what_comes_later_changes_no_row(before, after, options):
    one = (*before, Turn(speaker="customer", text="now"))
    short, long = dialogue(one), dialogue((*one, *after))
    rows = turn_rows(short, options)
    assert turn_rows(long, options)[: len(rows)] == rows
    assert newest_row(short, options) == rows[-1]


def test_ten_thousand_turns():
    rows = turn_rows(dialogue(TURNS * 2000), TurnOptions(context=4))
    assert len(rows) == 6000 and rows[-1].position == 5999
    assert np.max([len(row.text) for row in rows]) < 100

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.dialogues.form import Turn
from churnlens.tasks.satisfaction.passages import join_turns, word_spans

TURNS = (
    Turn(speaker="customer", text="my bill is wrong"),
    Turn(speaker="agent", text="let me look"),
    Turn(speaker="customer", text="hurry up"),
)


def words(text):
    return [text[start:end] for start, end in word_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't like it!", ["I", "don't", "like", "it"]),
        ("it’s 5-star 😡👍", ["it’s", "5-star", "😡", "👍"]),
        ("快递还没有到", ["快递", "还", "没有", "到"]),
        ("iPhone15的屏幕坏了", ["iPhone15", "的", "屏幕", "坏", "了"]),
        ("打 [phone_1] 没人接", ["打", "没人接"]),
        ("[name]!?…", []),
        ("", []),
    ],
)
def test_words_of_both_languages(text, expected):
    assert words(text) == expected


@given(st.text(max_size=60))
def test_words_rise_lie_apart_and_hold_no_blank(text):
    spans = word_spans(text)
    assert all(start < end for start, end in spans)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))
    assert not any(sign.isspace() for word in words(text) for sign in word)


def test_a_passage_knows_where_each_turn_and_word_stands():
    passage = join_turns(TURNS, 2, context=5, names={"agent": "Agent: "})
    assert passage.text == "my bill is wrong\nAgent: let me look\nhurry up"
    said = [passage.text[part.start : part.end] for part in passage.parts]
    assert said == [turn.text for turn in TURNS]
    assert "".join(passage.text[slice(*part.whole)] for part in passage.parts) == passage.text
    found = [passage.text[start:end] for start, end, _ in passage.words()]
    assert found == ["my", "bill", "is", "wrong", "let", "me", "look", "hurry", "up"]
    assert passage.part_at(passage.text.index("look")).turn == 1
    with pytest.raises(ValueError, match="lies in no turn"):
        passage.part_at(passage.text.index("Agent"))


def test_silent_turns_are_left_out_unless_they_are_scored():
    silent = Turn(speaker="agent", text="")
    passage = join_turns((TURNS[0], silent, TURNS[2], silent), 3, 3, names={"agent": "A: "})
    assert passage.text == "my bill is wrong\nhurry up\nA: "
    assert [part.turn for part in passage.parts] == [0, 2, 3]
    assert {turn for *_, turn in passage.words()} == {0, 2}


def test_the_context_is_cut_at_both_ends():
    assert join_turns(TURNS, 1, context=1).text == "my bill is wrong\nlet me look"
    assert [part.turn for part in join_turns(TURNS, 2, context=1).parts] == [1, 2]
    assert join_turns(TURNS, 2).text == "hurry up"
    for last in (-1, 3):
        with pytest.raises(ValueError, match="expected 0 to 2"):
            join_turns(TURNS, last)

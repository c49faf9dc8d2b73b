import pytest
from pydantic import ValidationError

from churnlens.dialogues.form import Dialogue, Fault, FaultError, Reading, Scale, Turn

CUSTOMER = Turn(speaker="customer", text="too slow", ratings=(2, 3))
AGENT = Turn(speaker="agent", text="sorry")


def _dialogue(*turns, **known):
    return Dialogue(id="a", turns=turns, source="s", language="en", **known)


def test_ratings_lie_on_the_scale():
    assert _dialogue(CUSTOMER, AGENT).scale == Scale(low=1, high=5)
    with pytest.raises(FaultError, match=r"turn 1, ratings: got 3, expected a number from 0 to 2"):
        _dialogue(CUSTOMER, scale=Scale(low=0, high=2))
    with pytest.raises(FaultError, match="overall: got 0"):
        _dialogue(CUSTOMER, overall=(0,))
    with pytest.raises(FaultError, match="overall: got nan"):
        _dialogue(CUSTOMER, overall=(float("nan"),))


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
def test_a_dialogue_has_words_of_a_customer(text):
    with pytest.raises(FaultError, match="no words of a customer"):
        _dialogue(AGENT, Turn(speaker="customer", text=text))
    assert _dialogue(CUSTOMER, Turn(speaker="customer", text=text)).turns[1].text == text


def test_the_middle_of_a_scale():
    assert (Scale().middle, Scale(low=0, high=2).middle, Scale(low=1, high=10).middle) == (
        3,
        1,
        5.5,
    )
    with pytest.raises(FaultError):
        Scale(low=5, high=1)


def test_a_dialogue_cannot_be_changed():
    with pytest.raises(ValidationError):
        _dialogue(CUSTOMER).id = "b"


def test_counts():
    faults = (
        Fault(row=1, what="turn 1, speaker", got="x", expected="y"),
        Fault(row=2, what="turn 9, speaker", got="x", expected="y"),
    )
    reading = Reading(dialogues=(_dialogue(CUSTOMER, AGENT),), faults=faults)
    assert reading.counts() == {
        "dialogues": 1,
        "turns": 2,
        "rated_turns": 1,
        "ratings": 2,
        "languages": {"en": 1},
        "faults": 2,
        "faults_by_part": {"speaker": 2},
    }
    assert str(faults[0]) == "row 1, turn 1, speaker: got x, expected y"


def test_the_words_of_one_side_are_lines():
    empty = Turn(speaker="customer", text=" ")
    dialogue = _dialogue(CUSTOMER, AGENT, empty, Turn(speaker="customer", text="bye"))
    assert dialogue.words_of("customer") == "too slow\nbye"
    assert dialogue.words_of("agent") == "sorry"
    assert dialogue.words_of("bot") == ""

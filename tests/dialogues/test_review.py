import numpy as np
import pytest

from churnlens.dialogues.form import Dialogue, Scale, Turn
from churnlens.dialogues.review import review_ratings
from churnlens.options import LabelReviewOptions

WORDS = {
    1: ("terrible", "awful", "furious", "worst", "useless"),
    3: ("order", "parcel", "address", "number", "tomorrow"),
    5: ("wonderful", "great", "thanks", "perfect", "lovely"),
}
OPTIONS = LabelReviewOptions()


def rated_dialogues(count: int, seed: int = 1):
    """Return dialogues of 4 turns whose words tell the rating."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        turns = []
        for _ in range(4):
            value = int(rng.choice([1, 3, 5]))
            text = " ".join(rng.choice(WORDS[value], 4))
            turns.append(Turn(speaker="customer", text=text, ratings=(value, value, value)))
        made.append(Dialogue(id=f"D{number}", turns=turns, source="test", language="en"))
    return made


def with_rating(dialogue: Dialogue, place: int, value: int) -> Dialogue:
    turns = list(dialogue.turns)
    turns[place] = turns[place].model_copy(update={"ratings": (value, value, value)})
    return dialogue.model_copy(update={"turns": tuple(turns)})


def review(dialogues, options=OPTIONS):
    return review_ratings(dialogues, [each.id for each in dialogues], options)


@pytest.fixture(scope="module")
def planted():
    """Dialogues with twelve ratings turned to the other end of the scale, and where."""
    dialogues, wrong = rated_dialogues(60), {}
    for number in range(0, 60, 5):
        place = next((p for p, t in enumerate(dialogues[number].turns) if t.ratings[0] != 3), None)
        if place is not None:
            value = 6 - int(dialogues[number].turns[place].ratings[0])
            dialogues[number] = with_rating(dialogues[number], place, value)
            wrong[f"D{number}", place] = value
    return dialogues, wrong


def test_planted_errors_are_found_and_little_else(planted):
    dialogues, wrong = planted
    report = review(dialogues)["likely_errors"]
    found = {(each["dialogue"], each["turn"]): each for each in report["listed"]}
    assert set(found) <= set(wrong)
    assert report["found"] >= len(wrong) - 2
    for key, each in found.items():
        assert each["given"] == wrong[key]
        assert each["expected"] == 6 - wrong[key]
        assert each["confidence"] < 0.5


def test_right_ratings_are_left_alone():
    assert review(rated_dialogues(60))["likely_errors"]["found"] == 0


def test_one_step_is_a_matter_of_taste(planted):
    dialogues, _ = planted
    assert review(dialogues, LabelReviewOptions(gap=5))["likely_errors"]["found"] == 0


def test_the_list_is_bounded_and_quotes_are_cut(planted):
    dialogues, wrong = planted
    report = review(dialogues, LabelReviewOptions(listed=2, quote_chars=7))["likely_errors"]
    assert len(report["listed"]) == 2 < len(wrong) - 2 <= report["found"]
    assert all(len(each["quote"]) == 7 for each in report["listed"])


def test_a_rating_that_one_turn_has_is_no_trap():
    dialogues = rated_dialogues(60)
    dialogues[0] = with_rating(dialogues[0], 0, 2)
    assert review(dialogues)["likely_errors"]["found"] <= 1


def test_a_rating_that_all_but_one_turn_have_teaches_nothing_and_stops_nothing():
    turns = [Turn(speaker="customer", text=f"word {n}", ratings=(3,)) for n in range(20)]
    same = [Dialogue(id=f"D{n}", turns=turns, source="test", language="en") for n in range(6)]
    assert review(same)["likely_errors"] is None
    report = review([with_rating(same[0], 0, 1), *same[1:]])["likely_errors"]
    assert [each["given"] for each in report["listed"]] in ([], [1])


def test_turns_without_words_are_no_errors():
    made = [
        each.model_copy(
            update={"turns": (*each.turns, Turn(speaker="customer", text="", ratings=(1,)))}
        )
        for each in rated_dialogues(60)
    ]
    report = review(made)
    assert report["turns"]["rated"] == 300
    assert report["likely_errors"]["found"] == 0


def test_raters_are_compared_and_merged():
    turns = [
        Turn(speaker="customer", text="a", ratings=(1, 1, 1)),
        Turn(speaker="customer", text="b", ratings=(5, 5, 4)),
        Turn(speaker="customer", text="c", ratings=(2, 3, 4)),
        Turn(speaker="agent", text="d"),
    ]
    dialogue = Dialogue(id="D", turns=turns, source="t", language="en", overall=(2, 3, 3))
    report = review([dialogue])
    assert report["turns"]["three_raters"] == {"all_agree": 1, "two_agree": 1, "none_agree": 1}
    assert report["turns"]["merged"] == {"1": 1, "3": 1, "5": 1}
    assert report["turns"]["levels"] == {"dissatisfied": 1, "neutral": 1, "satisfied": 1}
    assert report["turns"]["raters"] == {"3": 3}
    assert 0.5 < report["turns"]["alpha"] < 1
    assert report["overall"]["rated"] == 1
    assert report["likely_errors"] is None  # three turns teach no model


def test_one_rater_has_nobody_to_agree_with():
    turn = Turn(speaker="customer", text="a", ratings=(2,))
    report = review([Dialogue(id="D", turns=(turn,), source="t", language="en")])
    assert report["turns"]["alpha"] is report["turns"]["one_against_others"] is None


def test_without_ratings_there_is_nothing_to_review():
    turn = Turn(speaker="customer", text="a")
    assert review([Dialogue(id="D", turns=(turn,), source="t", language="en")]) == {
        "rated_dialogues": 0
    }


def test_another_scale_is_counted_and_left_out():
    turn = Turn(speaker="customer", text="a", ratings=(2,))
    one = Dialogue(id="1", turns=(turn,), source="t", language="en")
    other = Dialogue(id="2", turns=(turn,), source="t", language="en", scale=Scale(low=0, high=2))
    report = review([one, other])
    assert (report["scale"], report["other_scales"], report["turns"]["rated"]) == ([1, 5], 1, 1)

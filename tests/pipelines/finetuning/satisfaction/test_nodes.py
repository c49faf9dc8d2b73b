"""The rules of a desk rest on what people rated, on the scale of the labels."""

from churnlens.options import SatisfactionFinetuningOptions, ScorerOptions, TurnOptions
from churnlens.pipelines.finetuning.satisfaction.nodes import tune_desk
from churnlens.tasks.satisfaction.overall import OverallModel, level_of

LEVELS = SatisfactionFinetuningOptions(scorer=ScorerOptions(turns=TurnOptions(labels="level")))
PHRASES = {"kinds": {}}


def dialogue(name, ratings, overall):
    turns = [{"speaker": "customer", "text": "hm", "ratings": each} for each in ratings]
    fixed = {"source": "s", "language": "en", "side": "train", "group": name}
    return {"id": name, "turns": turns, "overall": overall, **fixed}


def unseen(name, expected, p):
    return [
        {"dialogue": name, "index": at, "expected": expected, "p_dissatisfied": p} for at in (0, 1)
    ]


def half_wrong(count):
    """Dialogues rated 1 to 5, of which every other one goes wrong, and scores of levels."""
    rows, turns = [], []
    for n in range(count):
        wrong, name = n % 2 == 0, f"d{n}"
        rating = [1 if wrong else 5]
        rows.append(dialogue(name, [rating, rating], rating))
        turns += unseen(name, 0.1 + n / 1000 if wrong else 1.9, 0.9 if wrong else 0.1)
    return rows, turns


def test_of_levels_the_whole_is_told_as_a_level_too():
    rules, _ = tune_desk(*half_wrong(40), PHRASES, LEVELS)
    overall = OverallModel.model_validate(rules["overall"])
    assert overall.n == 40
    told = [level_of(overall.predict([score] * 2, 0, 2), 0, 2) for score in (0.1, 1, 1.9)]
    assert told == ["dissatisfied", "neutral", "satisfied"]


def test_a_dialogue_that_nobody_rated_is_no_quiet_one():
    rows, turns = half_wrong(40)
    rules, tuning = tune_desk(rows, turns, PHRASES, LEVELS)
    for n in range(40):
        rows.append(dialogue(f"u{n}", [[], []], []))
        turns += unseen(f"u{n}", 0.1, 0.9)
    assert tune_desk(rows, turns, PHRASES, LEVELS) == (rules, tuning)
    assert tuning["scores"]["dialogues"] == 40

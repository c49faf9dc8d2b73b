import numpy as np
import pytest

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.options import AlertGrid, AlertOptions, AlertScoreOptions
from churnlens.tasks.satisfaction.alert_tuning import (
    Watched,
    alert_turns,
    score,
    tune,
    unseen_cases,
    watched,
)
from churnlens.tasks.satisfaction.alerts import Heard, Monitor
from tasks.satisfaction.support import FINDER

OPTIONS = AlertScoreOptions(resamples=200)
GRID = AlertGrid(amber=(0.3, 0.6, 0.9), red=(0.5, 0.8, 1), rise=(0.4, 1))


def case(name, probabilities, event=None):
    heard = tuple(Heard(index=2 * n, p=p) for n, p in enumerate(probabilities))
    return Watched(dialogue=name, turns=heard, event=event)


@pytest.fixture(scope="module")
def cases():
    """Bad turns have a mean of 0.6, others of 0.4: no threshold parts them."""
    rng = np.random.default_rng(5)

    def one(n):
        start = int(rng.integers(2, 7)) if n % 2 else 99
        means = [0.6 if turn >= start else 0.4 for turn in range(10)]
        noisy = np.clip(rng.normal(means, 0.2), 0, 1)
        return case(str(n), noisy.tolist(), start + 1 if n % 2 else None)

    return [one(n) for n in range(60)]


def of(trials):
    return [(t.f1, t.false_alerts) for t in trials]


def test_the_best_within_the_budget_is_chosen_from_the_whole_grid(cases):
    tuning = tune(cases, FINDER, GRID, AlertOptions(), OPTIONS)
    named = [(t.amber, t.red, t.rise) for t in tuning.trials]
    assert named == [(a, r, d) for a in GRID.amber for r in GRID.red for d in GRID.rise if a <= r]
    best = max(t.f1 for t in tuning.trials if t.false_alerts <= 20)
    assert tuning.within_budget
    assert tuning.scores.f1.value == best
    assert tuning.scores.false_alerts.value <= 20
    assert best < max(t.f1 for t in tuning.trials)
    assert tune(cases, FINDER, GRID, AlertOptions(), OPTIONS) == tuning


def test_a_smaller_budget_never_gives_a_better_f1(cases):
    def best(budget):
        grid = GRID.model_copy(update={"false_alerts": budget})
        return tune(cases, FINDER, grid, AlertOptions(), OPTIONS).scores

    scores = [best(budget) for budget in (5, 20, 100)]
    assert scores[0].f1.value < scores[1].f1.value <= scores[2].f1.value
    assert scores[0].false_alerts.value <= 5


def test_each_trial_is_what_the_judge_says_of_its_setting(cases):
    tuning = tune(cases, FINDER, GRID, AlertOptions(cool_down=4), OPTIONS)
    for trial in tuning.trials[::4]:
        options = AlertOptions(cool_down=4, amber=trial.amber, red=trial.red, rise=trial.rise)
        scores = score(cases, Monitor(options, FINDER), OPTIONS)
        assert (trial.f1, trial.false_alerts) == (scores.f1.value, scores.false_alerts.value)
        assert trial.lead == (scores.lead.median if scores.lead else None)
    assert tuning.chosen.cool_down == 4


def test_without_a_setting_in_the_budget_the_nearest_is_taken():
    quiet, loud = [0.1, 0.6], [0.1, 0.9]
    some = [case("a", loud, 1), case("b", loud, 1), case("c", quiet, 1), case("d", quiet, 1)]
    some += [case("e", loud), case("f", quiet)]
    grid = AlertGrid(amber=(0.5,), red=(0.5, 0.8), rise=(1,), false_alerts=0)
    tuning = tune(some, FINDER, grid, AlertOptions(), OPTIONS)
    assert of(tuning.trials)[0][0] > of(tuning.trials)[1][0]
    assert not tuning.within_budget
    assert tuning.chosen.red == 0.8
    assert tuning.scores.false_alerts.value == pytest.approx(100 / 6)


def test_equal_settings_go_to_the_first_of_the_grid(cases):
    grid = AlertGrid(amber=(0.45, 0.45), red=(0.95, 0.96), rise=(1,))
    assert tune(cases, FINDER, grid, AlertOptions(), OPTIONS).chosen.red == 0.95


def test_of_equal_f1_the_one_with_fewer_false_alerts_is_taken():
    """red 0.5: 3 hits, 3 false, nothing missed. red 0.8: 2 hits, 1 false, 1 missed; F1 2/3 both."""
    quiet, loud = [0.1, 0.6], [0.1, 0.9]
    some = [case("a", loud, 1), case("b", loud, 1), case("c", quiet, 1)]
    some += [case("d", loud), case("e", quiet), case("f", quiet)]
    grid = AlertGrid(amber=(0.5,), red=(0.5, 0.8), rise=(1,), false_alerts=100)
    tuning = tune(some, FINDER, grid, AlertOptions(), OPTIONS)
    assert of(tuning.trials) == [
        (pytest.approx(2 / 3), 50),
        (pytest.approx(2 / 3), pytest.approx(100 / 6)),
    ]
    assert tuning.chosen.red == 0.8


def test_the_floors_are_shown_beside(cases):
    tuning = tune(cases, FINDER, GRID, AlertOptions(), OPTIONS)
    assert tuning.always.false_alerts.value == 50
    assert tuning.always.recall.value == 1
    assert tuning.single.false_alerts.value > tuning.scores.false_alerts.value
    assert tuning.single.messages <= 100  # one a dialogue


def test_a_labelled_dialogue_becomes_what_the_monitor_hears():
    said = [("customer", "hello", (3,)), ("agent", "yes", ()), ("customer", "I will sue you", (1,))]
    said += [("customer", "now", (2,))]
    turns = tuple(Turn(speaker=who, text=text, ratings=r) for who, text, r in said)
    dialogue = Dialogue(id="d", turns=turns, source="s", language="en")
    heard = watched(dialogue, [0.1, 0.2, 0.3], FINDER)
    assert [(h.index, h.p, h.kinds) for h in heard.turns] == [
        (0, 0.1, ()),
        (2, 0.2, ("legal",)),
        (3, 0.3, ()),
    ]
    assert heard.event == 2
    assert list(alert_turns(Monitor(AlertOptions(), FINDER), heard)) == [1]
    with pytest.raises(ValueError, match="got 2 probabilities for 3 customer turns"):
        watched(dialogue, [0.1, 0.2], FINDER)


def rated_dialogue(name, ratings):
    """A customer who says one thing for each rating; None is a turn that nobody rated."""
    turns = tuple(
        Turn(speaker="customer", text="hm", ratings=() if r is None else (r,)) for r in ratings
    )
    return Dialogue(id=name, turns=turns, source="s", language="en")


def test_turns_before_the_first_rating_are_not_judged():
    heard = watched(
        rated_dialogue("d", [None, None, 1, None, 1]), [0.9, 0.8, 0.1, 0.2, 0.3], FINDER
    )
    assert [(h.index, h.p) for h in heard.turns] == [(2, 0.1), (3, 0.2), (4, 0.3)]
    assert heard.event == 2
    whole = watched(rated_dialogue("d", [None, None]), [0.9, 0.8], FINDER)
    assert (len(whole.turns), whole.event) == (2, None)


def growing(count):
    """Half of the dialogues go wrong at turn 4, and their scores rise before it."""
    rng = np.random.default_rng(3)
    for n in range(count):
        wrong = n % 2 == 0
        ratings = [3, 3, 3, 1, 1, 1] if wrong else [3] * 6
        means = [0.2, 0.4, 0.6, 0.6, 0.6, 0.6] if wrong else [0.2, 0.2, 0.6, 0.2, 0.2, 0.6]
        p = np.clip(rng.normal(means, 0.05), 0.01, 0.99)
        yield rated_dialogue(str(n), ratings), p.tolist()


def test_an_outlook_leads_the_event():
    dialogues, said = zip(*growing(60), strict=True)
    cases, outlook = unseen_cases(dialogues, said, FINDER, 2)
    assert outlook.n == 60 and {case.event for case in cases} == {4, None}
    tuning = tune(cases, FINDER, GRID, AlertOptions(), OPTIONS)
    assert tuning.chosen.ahead < 1 and tuning.scores.lead.median >= 1
    assert tuning.scores.f1.value > 0.9
    blind = [case.model_copy(update={"turns": still(case)}) for case in cases]
    without = tune(blind, FINDER, GRID, AlertOptions(), OPTIONS)
    assert {trial.ahead for trial in without.trials} == {1}


def still(case):
    return tuple(heard.model_copy(update={"ahead": 0.0}) for heard in case.turns)


def test_a_lead_is_bought_at_a_fair_price_only():
    """red 0.5 leads by one turn; red 0.8 does not, and has the better F1."""
    early, late, noise = [0.1, 0.6, 0.9], [0.1, 0.2, 0.9], [0.1, 0.6]
    some = [case(str(n), early, 2) for n in range(4)] + [case("l", late, 2), case("f", noise)]
    some += [case(f"q{n}", [0.1, 0.1]) for n in range(4)]
    grid = AlertGrid(amber=(0.5,), red=(0.5, 0.8), rise=(1,), false_alerts=100)

    def red(**update):
        told = grid.model_copy(update=update)
        return tune(some, FINDER, told, AlertOptions(), OPTIONS).chosen.red

    assert red(cost=0.1) == 0.5  # F1 10/11 against 1
    assert red(cost=0.05) == 0.8
    assert red(cost=0.1, lead=2) == 0.8

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from churnlens.dialogues.phrases import PhraseBook, PhraseFinder
from churnlens.options import AlertOptions
from churnlens.schema import Words
from churnlens.tasks.satisfaction.alerts import (
    RANK,
    CustomerTurn,
    Monitor,
    MonitorState,
    Reason,
)
from churnlens.tasks.satisfaction.outlook import Outlook
from tasks.satisfaction.support import FINDER, SUE, alerts, levels, naive, turns

OPTIONS = AlertOptions(amber=0.5, red=0.8, rise=1, cool_down=3)
MONITOR = Monitor(OPTIONS, FINDER)

scores = st.lists(st.sampled_from([0, 0.1, 0.3, 0.5, 0.51, 0.6, 0.8, 0.81, 1]), max_size=14)
phrases = st.sets(st.integers(0, 13), max_size=3)
options = st.builds(
    AlertOptions,
    amber=st.sampled_from([0.3, 0.5]),
    red=st.sampled_from([0.6, 0.8]),
    window=st.integers(2, 4),
    needed=st.integers(1, 2),
    rise=st.sampled_from([0.2, 0.4, 1]),
    calm_turns=st.integers(1, 3),
    cool_down=st.integers(1, 5),
    min_turns=st.integers(1, 4),
)


@pytest.mark.parametrize(
    ("given_scores", "raised"),
    [
        ([0.6, 0.6], [(1, "amber")]),
        ([0.6, 0.1, 0.6], [(2, "amber")]),
        ([0.6, 0.1, 0.1, 0.6], []),
        ([0.5, 0.5, 0.5], []),  # above, not at
        ([0.1, 0.9], [(1, "red")]),
        ([0.1, 0.8], []),
        ([0.9], []),  # one turn is too few
        ([0.9, 0.1], []),
        ([], []),
    ],
)
def test_two_bad_turns_in_three_are_amber_and_a_very_bad_one_is_red(given_scores, raised):
    assert alerts(OPTIONS, given_scores) == raised


def test_a_rise_over_the_first_two_turns_is_amber():
    some = AlertOptions(amber=0.9, red=0.95, rise=0.3)
    assert alerts(some, [0.1, 0.1, 0.4, 0.41]) == [(3, "amber")]
    assert alerts(some, [0.125, 0.125, 0.375, 0.475]) == []  # by exactly 0.3
    [alert] = [
        s.alert for s in Monitor(some, FINDER).watch("d", turns([0, 0, 0, 0.5, 0.6])) if s.alert
    ]
    assert alert.reasons == (Reason(rule="rise", turns=(0, 2, 6, 8)),)


def test_a_phrase_is_red_whatever_the_score():
    assert alerts(OPTIONS, [0, 0, 0], said={2}) == [(2, "red")]


def test_a_phrase_before_the_minimum_is_kept_in_mind():
    [alert] = [s.alert for s in MONITOR.watch("d", turns([0, 0, 0], said={0})) if s.alert]
    assert (alert.position, alert.level) == (1, "red")
    assert alert.reasons == (Reason(rule="phrase", turns=(0,), phrase="legal"),)


def test_a_phrase_is_kept_in_mind_beyond_the_window():
    patient = AlertOptions(window=2, min_turns=4)
    assert alerts(patient, [0, 0, 0, 0, 0], said={0}) == [(3, "red")]


def test_an_alert_says_which_rules_fired_and_which_turns_to_quote():
    [_, step] = MONITOR.watch("d7", turns([0.6, 0.9], said={0, 1}))
    alert = step.alert
    assert (alert.dialogue, alert.turn, alert.position, alert.p) == ("d7", 2, 1, 0.9)
    assert alert.reasons == (
        Reason(rule="window", turns=(0, 2)),
        Reason(rule="score", turns=(2,)),
        Reason(rule="phrase", turns=(0, 2), phrase="legal"),
    )


def test_it_clears_after_two_calm_turns_and_not_before():
    assert levels(OPTIONS, [0.6, 0.6, 0.1, 0.1, 0.1]) == ["calm", "amber", "amber", "calm", "calm"]
    assert levels(OPTIONS, [0.6, 0.9, 0.1, 0.6, 0.1, 0.1]) == ["calm", *["red"] * 4, "calm"]


def test_one_episode_tells_each_level_once():
    assert alerts(OPTIONS, [0.6] * 9) == [(1, "amber")]
    assert alerts(OPTIONS, [0.6, 0.6, 0.9, 0.9, 0.9, 0.6, 0.6]) == [(1, "amber"), (2, "red")]


def test_a_new_episode_within_the_cool_down_is_told_when_it_is_over():
    cool = AlertOptions(amber=0.5, red=0.8, rise=1, cool_down=5)
    assert alerts(cool, [0.1, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9]) == [(1, "red"), (6, "red")]
    assert alerts(cool, [0.1, 0.9, 0.1, 0.1, 0.9, 0.1, 0.1]) == [(1, "red")]


def test_from_amber_to_red_there_is_no_wait():
    cool = AlertOptions(amber=0.5, red=0.8, rise=1, cool_down=9)
    assert alerts(cool, [0.6, 0.6, 0.1, 0.1, 0.9]) == [(1, "amber"), (4, "red")]


def test_the_id_is_of_the_dialogue_the_turn_the_level_and_the_rules():
    def raised(monitor, dialogue, given_turns):
        return [s.alert.id for s in monitor.watch(dialogue, given_turns) if s.alert]

    red = turns([0.1, 0.9])
    [same], [again] = raised(MONITOR, "d", red), raised(Monitor(OPTIONS, FINDER), "d", red)
    others = [
        raised(MONITOR, "e", red),
        raised(MONITOR, "d", turns([0.1, 0.1, 0.9])),
        raised(MONITOR, "d", turns([0.6, 0.6])),
        raised(Monitor(OPTIONS.model_copy(update={"red": 0.7}), FINDER), "d", red),
        raised(Monitor(OPTIONS, PhraseFinder(PhraseBook(kinds={"abuse": Words()}))), "d", red),
    ]
    assert same == again == "1d13a0a6cf0b19255e56904d79aa4573"  # replays after an update too
    assert len({same, *(other for [other] in others)}) == 6


@given(options, scores, phrases)
def test_it_is_what_the_rules_say_over_the_whole_list(some, given_scores, said):
    assert (levels(some, given_scores, said), alerts(some, given_scores, said)) == naive(
        some, given_scores, said
    )


@given(options, scores, phrases, st.integers(0, 14))
def test_a_service_can_stop_anywhere_and_go_on(some, given_scores, said, cut):
    heard, monitor = turns(given_scores, said), Monitor(some, FINDER)
    whole = monitor.watch("d", heard)
    first = monitor.watch("d", heard[:cut])
    state = first[-1].state if first else monitor.start("d")
    state = MonitorState.model_validate_json(state.model_dump_json())
    rest = []
    for turn in heard[cut:]:
        rest.append(Monitor(some, FINDER).step(state, turn))
        state = rest[-1].state
    assert first + rest == whole


@given(options, scores, phrases, st.data())
def test_a_turn_that_comes_again_changes_and_raises_nothing(some, given_scores, said, data):
    heard, monitor = turns(given_scores, said), Monitor(some, FINDER)
    state, raised = monitor.start("d"), []
    for n, turn in enumerate(heard):
        step = monitor.step(state, turn)
        raised += [step.alert] if step.alert else []
        state = step.state
        again = monitor.step(state, data.draw(st.sampled_from(heard[: n + 1])))
        assert (again.state, again.alert) == (state, None)
    assert raised == [s.alert for s in monitor.watch("d", heard) if s.alert]


@given(options, scores, phrases, st.data())
def test_a_worse_turn_never_makes_a_dialogue_better(some, given_scores, said, data):
    if len(given_scores) < 3:
        return
    place = data.draw(
        st.integers(2, len(given_scores) - 1)
    )  # the first two are what rises are from
    worse = list(given_scores)
    worse[place] = data.draw(st.floats(worse[place], 1))
    before, after = levels(some, given_scores, said), levels(some, worse, said)
    assert all(RANK[b] <= RANK[a] for b, a in zip(before, after, strict=True))
    told, sooner = alerts(some, given_scores, said), alerts(some, worse, said)
    assert not told or (sooner and sooner[0][0] <= told[0][0])


@given(options, scores, phrases)
def test_alerts_keep_their_distance_their_minimum_and_their_level(some, given_scores, said):
    raised, after = alerts(some, given_scores, said), levels(some, given_scores, said)
    for (one, low), (two, high) in zip(raised, raised[1:], strict=False):
        assert two - one >= some.cool_down or (low, high) == ("amber", "red")
    assert all(at >= some.min_turns - 1 for at, _ in raised)
    assert all(RANK[level] <= RANK[after[at]] for at, level in raised)


@given(options, scores, phrases)
def test_a_level_falls_only_to_calm_and_only_after_calm_turns(some, given_scores, said):
    after = levels(some, given_scores, said)
    for t in range(1, len(after)):
        if RANK[after[t]] < RANK[after[t - 1]]:
            assert after[t] == "calm"
            quiet = given_scores[t - some.calm_turns + 1 : t + 1]
            assert all(s <= some.red for s in quiet)


@given(st.lists(st.floats(0, 1), min_size=30, max_size=60))
def test_the_state_does_not_grow(given_scores):
    state = MONITOR.watch("d", turns(given_scores))[-1].state
    assert len(state.first) == 2
    assert len(state.last) == OPTIONS.window


def test_a_state_of_other_rules_is_refused():
    state = Monitor(AlertOptions(red=0.9), FINDER).start("d")
    with pytest.raises(ValueError, match="start the dialogue again"):
        MONITOR.step(state, CustomerTurn(index=0, p=0.1, text=SUE))


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), float("inf"), None])
def test_a_probability_that_is_none_is_refused(p):
    with pytest.raises(ValidationError):
        CustomerTurn(index=0, p=p)


@pytest.mark.parametrize(
    ("wrong", "words"), [({"amber": 0.9}, "amber <= red"), ({"needed": 4}, "needed <= window")]
)
def test_settings_that_contradict_one_another_are_refused(wrong, words):
    with pytest.raises(ValidationError, match=words):
        AlertOptions(**wrong)


def test_a_bad_outlook_is_amber_and_goes_with_the_state():
    outlook = Outlook(intercept=0, weights=(0, 0, 0, 1, 0, 0), horizon=2, n=0)  # the mean of odds
    options = AlertOptions(amber=1, red=1, rise=1, ahead=0.6)
    monitor, heard = Monitor(options, FINDER, outlook), turns([0.5, 0.6, 0.9, 0.9])
    steps = monitor.watch("d", heard)
    [(alert, state)] = [(step.alert, step.state) for step in steps if step.alert]
    assert (alert.position, alert.level) == (2, "amber")  # (0 + 0.41 + 2.2) / 3 is over 0.41
    assert alert.reasons == (Reason(rule="outlook", turns=(4,)),)
    assert state.last[-1].ahead == pytest.approx(outlook.chances([0.5, 0.6, 0.9])[-1])
    kept = MonitorState.model_validate_json(steps[1].state.model_dump_json())
    assert monitor.step(kept, heard[2]) == steps[2]
    assert not any(step.alert for step in Monitor(options, FINDER).watch("d", heard))
    with pytest.raises(ValueError, match="got a state of rules"):
        Monitor(options, FINDER).step(kept, heard[2])

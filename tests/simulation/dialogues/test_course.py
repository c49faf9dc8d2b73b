"""The planted trajectory: declared sizes, ratings around it, and an early warning to be found."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import numpy as np
import pandas as pd
import pytest

from churnlens.simulation.dialogues.course import CHANCES, SERVICE_REASONS, STYLES
from churnlens.simulation.dialogues.mood import (
    ACCEPTS,
    EFFECTS,
    OTHER_SPREAD,
    RATERS,
    START,
    UNDECIDED,
    Mood,
    level,
    rate,
    whole,
)
from churnlens.simulation.sampling import Draw

RATINGS = ["rating_1", "rating_2", "rating_3"]


@pytest.fixture(scope="module")
def turns(talks) -> pd.DataFrame:
    """The customer turns with what is true about their dialogue."""
    told = talks.dialogue_truth[["id", "reason", "style", "accepted"]]
    kinds = talks.dialogues[["id", "scenario"]].assign(
        plain=talks.dialogues.scenario.isin(_plain_scenarios(talks))
    )
    return talks.turn_truth.merge(told, on="id").merge(kinds, on="id")


def _plain_scenarios(talks) -> set[str]:
    rows = talks.dialogues.merge(talks.dialogue_truth, on="id")
    return set(rows.scenario[rows.reason == "none"])


def _levels(turns: pd.DataFrame) -> Iterator[list[int]]:
    return (rows.tolist() for _, rows in turns.groupby("id").satisfaction)


def _first_alarm(levels: list[int]) -> int | None:
    """Return the first customer turn with two bad ones in three."""
    bad = [value <= 2 for value in levels]
    return next((at for at in range(len(bad)) if sum(bad[max(0, at - 2) : at + 1]) >= 2), None)


def test_levels_are_the_nearest_of_five():
    assert [level(value) for value in (1.0, 1.49, 1.5, 2.5, 3.49, 4.5, 5.0)] == [
        1,
        1,
        2,
        3,
        3,
        5,
        5,
    ]
    assert (level(0.2), level(5.6)) == (1, 5)


def test_the_whole_leans_on_the_last_turn():
    assert whole([3.0]) == pytest.approx(3.0)
    assert whole([1.0, 1.0, 4.0]) == pytest.approx(0.6 * 4 + 0.4 * 2)
    assert whole([4.0, 1.0, 1.0]) < whole([1.0, 1.0, 4.0])


@pytest.mark.parametrize("act", EFFECTS)
def test_an_act_moves_the_mood_by_its_effect(act):
    draw = Draw(np.random.default_rng(8))
    moves = []
    for _ in range(3000):
        mood = Mood(True, draw)
        mood.value = 3.0
        mood.hear(act, warm=False, grudging=False)
        moves.append(mood.value - 3.0)
    assert np.mean(moves) == pytest.approx(EFFECTS[act], abs=0.04)
    if act not in {"offer", "better"}:
        assert np.std(moves) == pytest.approx(OTHER_SPREAD, rel=0.08)


def test_warmth_helps_and_a_grudging_offer_helps_little():
    def mean(**how: bool) -> float:
        draw, values = Draw(np.random.default_rng(8)), []
        for _ in range(2000):
            mood = Mood(True, draw)
            mood.value = 2.5
            mood.hear("offer", **how)
            values.append(mood.value)
        return float(np.mean(values))

    plain = mean(warm=False, grudging=False)
    assert mean(warm=True, grudging=False) - plain == pytest.approx(0.25, abs=0.02)
    assert plain - mean(warm=False, grudging=True) == pytest.approx(0.7 * 0.6, abs=0.02)


def test_the_start_is_lower_in_trouble(turns):
    first = turns.groupby("id").nth(0)
    for plain, kind in ((True, "none"), (False, "trouble")):
        opened = first.mood[(first.plain == plain) & (first.after == "")]
        assert opened.mean() == pytest.approx(START[kind][0], abs=0.04)
        assert opened.std() == pytest.approx(START[kind][1], abs=0.04)


def test_styles_and_reasons_have_the_declared_shares(talks):
    shares = talks.dialogue_truth["style"].value_counts(normalize=True)
    for style, share in STYLES.items():
        assert shares[style] == pytest.approx(share, abs=4 * sqrt(share * (1 - share) / 4000))
    reasons = talks.dialogue_truth.reason.value_counts(normalize=True)
    assert len(reasons) == 8
    assert reasons.min() > 0.06
    assert reasons.max() < 0.22


def test_an_agent_is_blamed_as_often_as_declared(talks):
    rows = talks.dialogue_truth.merge(talks.dialogues, on="id")
    plain = rows.scenario.isin(_plain_scenarios(talks))
    for style, reason in SERVICE_REASONS.items():
        asked, poor = (
            rows[plain & (rows["style"] == style)],
            rows[~plain & (rows["style"] == style)],
        )
        assert (asked.reason == reason).all(), "who only asks has nothing else to complain about"
        kept = CHANCES["keeps_to_the_trouble"]
        assert 1 - kept < (poor.reason == reason).mean() + 0.05 < 1 - kept + 0.15
    good = rows[rows["style"].isin(["helpful", "ordinary"])]
    assert (good.groupby("scenario").reason.nunique() == 1).all()


def test_satisfaction_uses_the_whole_scale(talks):
    shares = talks.turn_truth.satisfaction.value_counts(normalize=True)
    assert set(shares.index) == {1, 2, 3, 4, 5}
    assert shares.min() > 0.05
    assert shares[3] == shares.max() < 0.45
    assert talks.turn_truth.mood.between(1, 5).all()
    assert (talks.turn_truth.mood.map(level) == talks.turn_truth.satisfaction).mean() > 0.999


def test_who_only_asks_is_hardly_ever_dissatisfied(turns):
    bad = turns.satisfaction <= 2
    assert bad[turns.reason == "none"].mean() < 0.02
    assert bad[turns.reason != "none"].mean() > 0.28


def test_raters_are_noisy_biased_as_declared_and_agree_with_each_other(talks):
    for table in (talks.turn_truth, talks.dialogue_truth):
        assert table[RATINGS].isin([1, 2, 3, 4, 5]).all(axis=None)
        middle = table[table.mood.between(2.5, 3.5)]
        for column, bias in zip(RATINGS, RATERS, strict=True):
            assert (middle[column] - middle.mood).mean() == pytest.approx(bias, abs=0.06)
        agreement = table[RATINGS].corr().to_numpy()[np.triu_indices(3, 1)]
        assert 0.6 < agreement.min() <= agreement.max() < 0.9
        exact = (table.rating_2 == table.satisfaction).mean()
        assert 0.5 < exact < 0.8
    draw = Draw(np.random.default_rng(1))
    assert {tuple(rate(5.0, draw)) for _ in range(200)} <= {
        (a, b, c) for a in (3, 4, 5) for b in (3, 4, 5) for c in (4, 5)
    }


def test_the_answer_to_an_offer_has_the_declared_odds(turns):
    answers = turns[turns.act.isin(["yes", "no", "unclear"])]
    for satisfied, share in ACCEPTS.items():
        given = answers.act[answers.satisfaction == satisfied]
        assert len(given) > 80
        assert (given == "yes").mean() == pytest.approx(share, abs=4 * sqrt(0.25 / len(given)))
    rest = answers[answers.act != "yes"]
    assert (rest.act == "unclear").mean() == pytest.approx(UNDECIDED, abs=0.05)


def test_many_poor_dialogues_have_two_bad_turns_in_three_with_a_lead_up(turns):
    levels = list(_levels(turns))
    alarms = [(_first_alarm(each), each) for each in levels]
    raised = [(at, each) for at, each in alarms if at is not None]
    assert 0.25 < len(raised) / len(levels) < 0.45
    assert np.mean([each[0] >= 3 for _, each in raised]) > 0.3, "fine at first"
    assert np.mean([at >= 2 for at, _ in raised]) > 0.5, "time to warn"
    falls = [each[0] - min(each) for _, each in raised]
    assert np.mean([fall >= 1 for fall in falls]) > 0.6


def test_some_dialogues_recover(turns):
    alarmed = [each for each in _levels(turns) if _first_alarm(each) is not None]
    assert 0.1 < np.mean([each[-1] >= 3 for each in alarmed]) < 0.6
    assert sum(each[-1] >= 4 for each in alarmed) > 20


def test_the_order_of_acts_makes_sense(talks, turns):
    for _, rows in turns.groupby("id"):
        acts, after = rows.act.tolist(), rows.after.tolist()
        told = [act for act in acts if act.startswith("tell")]
        assert len(told) == 1
        assert ("tell" in acts) == ("detail" in acts)
        assert not (set(acts[:-1]) & {"yes", "end"} - {"yes"}), "nothing follows a goodbye"
        for act, before in zip(acts, after, strict=True):
            assert (act in {"yes", "no", "unclear"}) == (before in {"offer", "better"})
            assert (act == "wait") == (before in {"slow", "cold", "refuse"})
            assert (act == "end") == (before == "close")
    waits = set(turns.after[turns.reason == "none"])
    assert not waits & {"slow", "cold", "refuse", "takeover"}

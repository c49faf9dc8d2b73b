from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnlens.simulation.phrasebook import expand
from churnlens.simulation.sampling import Draw, holds, log_odds, probability, streams


def test_streams_are_independent_and_repeatable():
    first, again = streams(3, "a", "b"), streams(3, "a", "b")
    drawn = {name: rng.random(5).tolist() for name, rng in first.items()}
    assert drawn["a"] != drawn["b"]
    again["a"].random(1000)
    assert again["b"].random(5).tolist() == drawn["b"], "one stream does not move another"


def test_draws_are_uniform():
    draw = Draw(np.random.default_rng(1))
    counts = np.bincount([draw.below(5) for _ in range(20_000)], minlength=5)
    assert len(counts) == 5
    assert counts.min() > 3800
    assert np.mean([draw.chance(0.3) for _ in range(20_000)]) == pytest.approx(0.3, abs=0.015)
    assert {draw.pick("abc") for _ in range(100)} == set("abc")
    assert draw.digits(12).isdigit()


def test_log_odds_sum_where_conditions_hold():
    table = pd.DataFrame({"plan": ["a", "b (auto)"], "old": ["1", "1"]})
    assert holds(table, "plan=b (auto)").tolist() == [False, True]
    got = log_odds(table, {"plan=b (auto)": 2.0, "old=1": 3.0, "plan=a": 1.0})
    assert got == pytest.approx(np.log([3.0, 6.0]))
    assert probability(got) == pytest.approx([0.75, 6 / 7])


def test_expand_fills_every_slot_and_leaves_foreign_ones():
    slots = {"a": ["1", "2"], "b": ["x", "y"]}
    assert expand("{a}-{b}-{a}", slots) == [
        "1-x-1", "1-x-2", "1-y-1", "1-y-2", "2-x-1", "2-x-2", "2-y-1", "2-y-2"
    ]  # fmt: skip
    assert expand("{value} {a}", slots) == ["{value} 1", "{value} 2"]


def test_weighted_options_have_their_odds():
    draw = Draw(np.random.default_rng(3))
    drawn = [draw.weighted({"a": 0.7, "b": 0.2, "c": 0.1}) for _ in range(20_000)]
    for option, share in (("a", 0.7), ("b", 0.2), ("c", 0.1)):
        assert drawn.count(option) / 20_000 == pytest.approx(share, abs=0.012)
    assert {draw.weighted({"only": 0.999_999}) for _ in range(50)} == {"only"}


def test_noise_is_centred_bounded_and_has_its_spread():
    draw = Draw(np.random.default_rng(4))
    noise = np.array([draw.noise(0.5) for _ in range(20_000)])
    assert noise.mean() == pytest.approx(0, abs=0.015)
    assert noise.std() == pytest.approx(0.5, rel=0.02)
    assert np.abs(noise).max() <= 1.5

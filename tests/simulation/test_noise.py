from __future__ import annotations

import re

import numpy as np
import pytest

from churnlens.simulation.noise import HESITATES, mistyped, transcribed
from churnlens.simulation.sampling import Draw


@pytest.fixture
def draw() -> Draw:
    return Draw(np.random.default_rng(2))


def test_two_neighbouring_letters_of_one_long_word_are_swapped(draw):
    text = "the router is broken, it cost 1250"
    made = {mistyped(text, {}, draw) for _ in range(60)}
    assert len(made) > 5
    for wrong in made:
        differs = [at for at in range(len(text)) if text[at] != wrong[at]]
        assert sorted(wrong) == sorted(text)
        assert not differs or (len(differs) == 2 and differs[1] == differs[0] + 1)
    assert mistyped("it is 1250 now", {}, draw) == "it is 1250 now", "no word is long enough"


def test_a_usual_misspelling_takes_the_place_of_the_first_such_word(draw):
    assert mistyped("网速慢，网速", {"网速": "网素"}, draw) == "网素慢，网速"
    assert mistyped("价格", {"网速": "网素"}, draw) == "价格"


def test_a_transcript_has_no_case_and_no_punctuation_but_whole_numbers(draw):
    heard = transcribed(["Hi, it's $1,250.50!", "真的？3月4日。"], ["uh"], draw)
    plain = re.sub(r"\buh ", "", heard)
    assert plain == "hi it s $1,250.50 真的 3月4日"


def test_hesitation_has_the_declared_odds(draw):
    heard = [transcribed(["yes"], ["um", "er"], draw) for _ in range(4000)]
    assert {*heard} == {"yes", "um yes", "er yes"}
    assert np.mean([each != "yes" for each in heard]) == pytest.approx(HESITATES, abs=0.03)

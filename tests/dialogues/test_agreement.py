import math

import numpy as np
import pytest
from nltk.metrics.agreement import AnnotationTask
from nltk.metrics.distance import binary_distance, interval_distance

from churnlens.dialogues.agreement import krippendorff_alpha, one_against_others
from churnlens.dialogues.form import Scale

# Krippendorff (2011), section E: four observers, twelve units, missing values.
OBSERVERS = [
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
]
UNITS = [
    [int(cell) for cell in unit if cell != "."]
    for unit in zip(*map(str.split, OBSERVERS), strict=True)
]


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_published_example(level, alpha):
    assert round(krippendorff_alpha(UNITS, level), 3) == alpha


@pytest.mark.parametrize(
    ("level", "distance"), [("nominal", binary_distance), ("interval", interval_distance)]
)
def test_another_library_agrees(level, distance):
    rng = np.random.default_rng(2)
    units = [rng.integers(1, 6, rng.integers(2, 6)).tolist() for _ in range(80)]
    rows = [
        (rater, unit, r) for unit, ratings in enumerate(units) for rater, r in enumerate(ratings)
    ]
    assert krippendorff_alpha(units, level) == pytest.approx(AnnotationTask(rows, distance).alpha())


def test_perfect_chance_and_nothing():
    assert krippendorff_alpha([(1, 1), (5, 5), (3, 3, 3)]) == 1
    rng = np.random.default_rng(0)
    assert abs(krippendorff_alpha(rng.integers(1, 6, (4000, 3)).tolist())) < 0.03
    assert math.isnan(krippendorff_alpha([(3, 3), (3, 3)]))
    assert math.isnan(krippendorff_alpha([(3,), ()]))


def test_one_rater_against_the_others():
    assert one_against_others([(1, 1), (5, 5), (3, 3, 3), (2,)], Scale()) == 1
    # by hand: pairs (1,2), (2,1), (1,1), (1,1): observed 2/16, expected 2 * 3/4 * 1/4 = 6/16
    value = one_against_others([(1, 2), (1, 1)], Scale(low=1, high=2))
    assert value == pytest.approx(1 - (2 / 4) / (6 / 16))

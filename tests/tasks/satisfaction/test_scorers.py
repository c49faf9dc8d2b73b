import numpy as np
import pytest
from sklearn.metrics import log_loss

from churnlens.tasks.satisfaction.scorers import Blend, HeadScorer, best_weight, mixed
from tasks.satisfaction.support import planted_rows

RNG = np.random.default_rng(4)
FIRST, SECOND = RNG.dirichlet(np.ones(3), 40), RNG.dirichlet(np.ones(3), 40)


class Fixed:
    labels = (0, 1, 2)

    def __init__(self, p):
        self.p = p

    def probabilities(self, rows):
        return self.p[: len(rows)]


def test_a_pool_by_hand():
    got = mixed(np.array([[0.25, 0.75]]), np.array([[0.75, 0.25]]), 0.5)
    assert got[0] == pytest.approx([0.5, 0.5])
    assert mixed(FIRST, SECOND, 1) == pytest.approx(FIRST)
    assert mixed(FIRST, SECOND, 0) == pytest.approx(SECOND)
    assert np.isfinite(mixed(np.eye(3), 1 - np.eye(3), 0.5)).all()


def test_a_blend_is_a_scorer():
    blend = Blend(Fixed(FIRST), Fixed(SECOND), 0.3)
    rows = planted_rows(40)
    assert blend.labels == (0, 1, 2)
    assert blend.probabilities(rows) == pytest.approx(mixed(FIRST, SECOND, 0.3))


def test_the_best_weight_has_the_least_loss():
    places = np.array([RNG.choice(3, p=row) for row in FIRST])
    found = best_weight(FIRST, SECOND, places, np.ones(40), range(40))
    scales = (0.5, 0.7, 1, 1.4, 2, 2.8, 4)
    losses = [
        min(log_loss(places, mixed(FIRST, SECOND, w / 10, s), labels=[0, 1, 2]) for s in scales)
        for w in range(11)
    ]
    assert found == np.argmin(losses) / 10 > 0.5


def test_a_temperature_by_hand():
    got = mixed(np.array([[0.2, 0.8]]), np.array([[0.5, 0.5]]), 1, 2)
    assert got[0] == pytest.approx([1 / 17, 16 / 17])


def test_a_scorer_that_is_only_less_sure_loses_nothing():
    places = np.array([RNG.choice(3, p=row) for row in FIRST])
    unsure = mixed(FIRST, FIRST, 1, 0.5)  # twice the temperature
    assert best_weight(FIRST, unsure, places, np.ones(40), range(40)) == 0


def test_a_scorer_that_does_not_help_for_sure_gets_no_weight():
    places = RNG.integers(0, 3, 40)
    assert best_weight(FIRST, FIRST, places, np.ones(40), range(40)) == 0
    told = np.array([RNG.choice(3, p=row) for row in FIRST])
    losses = -np.log(np.stack([FIRST, SECOND])[:, range(40), told])
    one = np.array(["a", "b"])[(losses[0] > losses[1]).astype(int)]  # one gains, the other loses
    assert best_weight(FIRST, SECOND, told, np.ones(40), range(40)) > 0
    assert best_weight(FIRST, SECOND, told, np.ones(40), one) == 0


def test_rows_count_as_they_weigh():
    places = np.array([RNG.choice(3, p=row) for row in FIRST])
    alone = places == 0
    rare = np.where(alone, 1.0, 0.0)
    assert best_weight(FIRST, SECOND, places, rare, ["x"] * 40) == best_weight(
        FIRST[alone], SECOND[alone], places[alone], np.ones(alone.sum()), ["x"] * alone.sum()
    )


def test_a_head_reads_the_text_with_context():
    class Texts:
        def scores(self, texts):
            self.texts = texts
            return FIRST[: len(texts)]

    inner, rows = Texts(), planted_rows(3)
    assert HeadScorer(inner, (0, 1, 2)).probabilities(rows) == pytest.approx(FIRST[:3])
    assert inner.texts == [row.text for row in rows]

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from churnlens.tasks.service.discriminant import fit_discriminant

RNG = np.random.default_rng(0)
OWNER = np.repeat([0, 1, 2], 20)
VECTORS = RNG.normal(size=(60, 5)) + 2 * np.eye(5)[OWNER]


def directions(rows):
    rows = rows - VECTORS.mean(axis=0)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("shrinkage", [0.1, 0.5, 1.0])
def test_it_is_the_discriminant_of_scikit_learn(shrinkage):
    found = fit_discriminant(VECTORS, OWNER, 3, shrinkage)
    judge = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=[1 / 3] * 3)
    judge.fit(directions(VECTORS), OWNER)
    new = RNG.normal(size=(7, 5))
    got, wanted = found.scores(new), judge.decision_function(directions(new))
    assert got - got[:, :1] == pytest.approx(wanted - wanted[:, :1])


def test_many_examples_give_no_lead():
    owner = np.repeat([0, 1, 2], [50, 6, 4])
    found = fit_discriminant(VECTORS, owner, 3, 1.0)
    judge = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=1.0, priors=[1 / 3] * 3)
    judge.fit(directions(VECTORS), owner)
    new = RNG.normal(size=(7, 5))
    got, wanted = found.scores(new), judge.decision_function(directions(new))
    ratio = (got - got[:, :1])[:, 1:] / (wanted - wanted[:, :1])[:, 1:]
    assert ratio == pytest.approx(np.full((7, 2), ratio[0, 0]))


def test_one_class_and_equal_vectors_have_finite_scores():
    found = fit_discriminant(np.ones((3, 4), np.float32), np.zeros(3, int), 1, 0.5)
    assert np.isfinite(found.scores(np.ones(4))).all()

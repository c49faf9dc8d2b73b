import numpy as np
import pytest

from churnlens.dialogues.form import Scale
from churnlens.dialogues.labels import likely_errors, mean_rating, rounded, three_class


def test_three_raters_become_one_label():
    assert mean_rating((3, 3, 4)) == pytest.approx(10 / 3)
    assert [rounded(mean) for mean in (1, 2.49, 2.5, 3.5, 4.5)] == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="got none"):
        mean_rating(())


@pytest.mark.parametrize(
    ("ratings", "level"),
    [
        ((3, 3, 4), "satisfied"),
        ((3, 3), "neutral"),
        ((2, 3, 4), "neutral"),
        ((3, 2), "dissatisfied"),
    ],
)
def test_three_classes(ratings, level):
    assert three_class(mean_rating(ratings), Scale()) == level


def test_three_classes_of_another_scale():
    levels = [three_class(value, Scale(low=0, high=2)) for value in (0, 1, 2)]
    assert levels == ["dissatisfied", "neutral", "satisfied"]


def test_an_example_by_hand():
    # mean probability of class 0 among its items: (.9 + .8 + .1) / 3 = .6; of class 1: (.7 + .9) / 2 = .8
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.3, 0.7], [0.1, 0.9]])
    (found,) = likely_errors(probabilities, np.array([0, 0, 0, 1, 1]))
    assert (found.place, found.given, found.suggested, found.confidence) == (2, 0, 1, 0.1)


def test_planted_errors_come_first():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 1000)
    logits = rng.normal(0, 1, (1000, 3)) + 3 * np.eye(3)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = truth.copy()
    planted = set(rng.choice(1000, 80, replace=False).tolist())
    for place in planted:
        labels[place] = (labels[place] + 1 + rng.integers(2)) % 3
    found = likely_errors(probabilities, labels)
    assert len(found) <= 300
    first = [error.place for error in found]
    assert len(planted & set(first)) >= 0.7 * len(planted)
    assert len(planted & set(first[:80])) >= 0.7 * 80
    assert [error.confidence for error in found] == sorted(error.confidence for error in found)


def test_a_class_that_no_label_has_is_never_suggested():
    assert not likely_errors(np.array([[0.1, 0.2, 0.7], [0.2, 0.8, 0.0]]), np.array([0, 1]))
    assert likely_errors(np.empty((0, 3)), np.empty(0, int)) == []


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [
        (np.ones((2, 2)), np.array([0, 1])),
        (np.array([[1.5, -0.5]]), np.array([0])),
        (np.full((2, 2), 0.5), np.array([0, 2])),
        (np.full((2, 2), 0.5), np.array([-1, 0])),
        (np.full((2, 2), 0.5), np.array([0.0, 1.0])),
        (np.full((2, 2), 0.5), np.array([0])),
    ],
)
def test_what_does_not_fit_is_told(probabilities, labels):
    with pytest.raises(ValueError, match="expected"):
        likely_errors(probabilities, labels)

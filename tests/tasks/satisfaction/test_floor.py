import json

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from churnlens.options import FloorOptions, TurnOptions
from churnlens.tasks.satisfaction.floor import Floor, fit_floor
from tasks.satisfaction.support import planted_rows

ROWS = planted_rows(300)
TURNS = TurnOptions()


@pytest.fixture(scope="module")
def floor():
    return fit_floor(ROWS, TURNS, FloorOptions())


def test_it_is_scikit_learns_model(floor):
    texts, truth = [row.newest for row in ROWS], [row.rating for row in ROWS]
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    model = make_pipeline(
        vectorizer, LogisticRegression(class_weight="balanced", max_iter=1000)
    ).fit(texts, truth)
    expected = model.predict_proba(texts)
    assert floor.labels == (1, 2, 3, 4, 5) and list(model.classes_) == [1, 2, 3, 4, 5]
    assert floor.probabilities(ROWS) == pytest.approx(expected, abs=1e-4)


def test_it_is_plain_json(floor):
    again = Floor.model_validate(json.loads(json.dumps(floor.model_dump(mode="json"))))
    assert again.probabilities(ROWS[:9]) == pytest.approx(floor.probabilities(ROWS[:9]), abs=0)


@pytest.mark.parametrize(
    "options",
    [
        FloorOptions(kind="ordinal"),
        FloorOptions(words=2),
        FloorOptions(characters=0, words=1),
        FloorOptions(balance=False),
    ],
)
def test_every_kind_learns(options):
    floor = fit_floor(ROWS, TURNS, options)
    new = planted_rows(200, seed=9)
    p = floor.probabilities(new)
    assert p.sum(axis=1) == pytest.approx(1)
    truth = np.array([row.rating for row in new])
    assert np.abs(p @ np.arange(1, 6) - truth).mean() < 0.7 * np.abs(truth - 3).mean()
    assert floor.probabilities(new[:1]) == pytest.approx(p[:1])
    assert floor.probabilities([]).shape == (0, 5)


@pytest.mark.parametrize("kind", ["classification", "ordinal"])
def test_a_label_that_nobody_gave_is_hardly_likely(kind):
    some = [row for row in ROWS if row.rating in {2, 4}]
    p = fit_floor(some, TURNS, FloorOptions(kind=kind)).probabilities(some)
    assert p[:, [0, 2, 4]].max() < 1e-3
    assert (p[:, [1, 3]].argmax(axis=1) * 2 + 2 == [row.rating for row in some]).mean() > 0.9


def test_words_never_seen_and_no_words_at_all(floor):
    odd = [ROWS[0].model_copy(update={"newest": text}) for text in ("", "\U0001f600", "零")]
    p = floor.probabilities(odd)
    assert np.isfinite(p).all() and p.sum(axis=1) == pytest.approx(1)


def test_one_label_teaches_nothing():
    with pytest.raises(ValueError, match="1 label"):
        fit_floor([row for row in ROWS if row.rating == 3], TURNS, FloorOptions())
    with pytest.raises(ValidationError, match="both 0"):
        FloorOptions(characters=0)

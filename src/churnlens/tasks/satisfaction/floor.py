"""TF-IDF and a linear model: the floor of every other scorer, and what works without one.

It is kept as plain JSON (`model_dump`): n-grams, their weights, and the options.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from churnlens.options import FloorOptions, TurnOptions
from churnlens.schema import Frozen
from churnlens.tasks.satisfaction.turns import TurnRow, labels_of, truth_of

_DIGITS = 6
_WORD = r"\w+|[^\w\s]"


class Floor(Frozen):
    """A fitted floor.

    Attributes:
        options: with which it was fitted.
        labels: rising.
        grams: kind (`char`, `word`) → its n-grams, in the order of the columns.
        idf: of all n-grams, those of characters first.
        weights: one row a class, or one a step between classes (`ordinal`).
        offsets: of these rows.
    """

    options: FloorOptions
    labels: tuple[int, ...]
    grams: dict[str, tuple[str, ...]]
    idf: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    offsets: tuple[float, ...]

    @cached_property
    def _fitted(self) -> tuple[list[Any], np.ndarray, np.ndarray]:
        vectorizers, at = _vectorizers(self.options, self.grams), 0
        for vectorizer in vectorizers:
            size = len(vectorizer.vocabulary)
            vectorizer.idf_ = np.array(self.idf[at : at + size])
            at += size
        return vectorizers, np.array(self.weights), np.array(self.offsets)

    def probabilities(self, rows: Sequence[TurnRow]) -> np.ndarray:
        """Return the probability of each label, shape (n, k); see `scorers.TurnScorer`."""
        if not rows:
            return np.empty((0, len(self.labels)))
        vectorizers, weights, offsets = self._fitted
        from scipy.sparse import hstack

        texts = [row.newest for row in rows]
        columns = hstack([each.transform(texts) for each in vectorizers]).tocsr()
        return _chances(columns @ weights.T + offsets, self.options)


def fit_floor(rows: Sequence[TurnRow], turns: TurnOptions, options: FloorOptions) -> Floor:
    """Fit a floor on rated rows; it reads what was said last (`newest`).

    Raises:
        ValueError: for rows of one label only, without a rating, or no rows.
    """
    if not rows:
        raise ValueError("got no rated rows to learn from; expected rows of two labels or more")
    labels, truth = labels_of(turns, rows[0].scale), truth_of(rows, turns)
    if len(set(truth)) < 2:
        raise ValueError(f"{len(rows)} rows with {len(set(truth))} label; expected two or more")
    from scipy.sparse import hstack

    texts = [row.newest for row in rows]
    vectorizers = _vectorizers(options, {})
    columns = hstack([each.fit_transform(texts) for each in vectorizers]).tocsr()
    weights, offsets = _fit(columns, truth, labels, options)
    return Floor(
        options=options,
        labels=labels,
        grams={each.analyzer: tuple(each.get_feature_names_out()) for each in vectorizers},
        idf=_plain(np.concatenate([each.idf_ for each in vectorizers])),
        weights=tuple(map(_plain, weights)),
        offsets=_plain(offsets),
    )


def _vectorizers(options: FloorOptions, grams: dict[str, tuple[str, ...]]) -> list[Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    longest = {"char": options.characters, "word": options.words}
    return [
        TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=(1, n),
            token_pattern=_WORD if analyzer == "word" else None,
            sublinear_tf=True,
            min_df=options.min_rows,
            vocabulary=grams.get(analyzer),
        )
        for analyzer, n in longest.items()
        if n
    ]


def _fit(
    columns: Any, truth: np.ndarray, labels: tuple[int, ...], options: FloorOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and offsets, shape (k or k - 1, n_columns) and (k or k - 1,)."""
    if options.kind == "classification":
        model = _linear(columns, truth, options)
        known = {label: at for at, label in enumerate(model.classes_)}
        two = len(known) == 2  # scikit-learn keeps one row then
        weights = np.vstack([-model.coef_, model.coef_]) / 2 if two else model.coef_
        offsets = np.append(-model.intercept_, model.intercept_) / 2 if two else model.intercept_
        never = (np.zeros(columns.shape[1]), -20.0)
        found = [
            (weights[known[each]], offsets[known[each]]) if each in known else never
            for each in labels
        ]
    else:
        found = [_step(columns, truth, label, options) for label in labels[:-1]]
    return np.array([row for row, _ in found]), np.array([offset for _, offset in found])


def _step(
    columns: Any, truth: np.ndarray, label: int, options: FloorOptions
) -> tuple[np.ndarray, float]:
    """Return the linear model of going beyond a label, of the rows that are at least there."""
    inside = truth >= label
    beyond = truth[inside] > label
    if beyond.all() or not beyond.any():
        return np.zeros(columns.shape[1]), 20.0 if beyond.any() else -20.0
    model = _linear(columns[inside], beyond, options)
    return model.coef_[0], float(model.intercept_[0])


def _linear(columns: Any, truth: np.ndarray, options: FloorOptions) -> Any:
    from sklearn.linear_model import LogisticRegression

    weight = "balanced" if options.balance else None
    model = LogisticRegression(C=options.strength, class_weight=weight, max_iter=1000)
    return model.fit(columns, truth)


def _chances(numbers: np.ndarray, options: FloorOptions) -> np.ndarray:
    """Return probabilities, shape (n, k); an ordinal floor's as in `models.heads.losses`."""
    from scipy.special import log_expit, softmax

    if options.kind == "classification":
        return np.asarray(softmax(numbers, axis=1))
    start = np.zeros((len(numbers), 1))
    beyond = np.hstack([start, log_expit(numbers).cumsum(axis=1)])
    return np.exp(beyond + np.hstack([log_expit(-numbers), start]))


def _plain(numbers: np.ndarray) -> tuple[float, ...]:
    return tuple(np.round(numbers, _DIGITS).tolist())

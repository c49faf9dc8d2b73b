"""Ratings of dialogues looked through: whether raters agree, what they say merged, which are wrong.

A turn is judged by a plain model of its words (TF-IDF over characters, logistic regression) that
was fitted without its dialogue, without its customer and without near-identical dialogues.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from churnlens.dialogues.agreement import krippendorff_alpha, one_against_others
from churnlens.dialogues.form import Dialogue, Scale
from churnlens.dialogues.labels import LikelyError, likely_errors, mean_rating, rounded, three_class
from churnlens.options.dialogues import LabelReviewOptions

Report = dict[str, Any]
_LEAST_TURNS = 50  # below it a model of words says nothing about single labels


class RatedTurn(NamedTuple):
    """A turn that people rated: where it stands, what was said, and the ratings."""

    dialogue: str
    place: int
    group: str
    text: str
    ratings: tuple[float, ...]


def review_ratings(
    dialogues: Sequence[Dialogue], groups: Sequence[str], options: LabelReviewOptions
) -> Report:
    """Return what the ratings are worth, ready for JSON; a figure that cannot be had is None.

    Args:
        dialogues: redacted ones.
        groups: of each dialogue; no group is on both sides of a fold.
        options: folds, and how much is listed.

    Returns:
        `turns` and `overall`, each with `rated`, `raters` (how many → how often), `alpha`
        (Krippendorff, ordinal), `one_against_others` (quadratic kappa), `merged` (rounded mean →
        how often), `levels` (side of the middle → how often) and `three_raters` (all agree, two
        agree, none); and `likely_errors` of the turns: `found`, `share` and `listed`. Dialogues on
        another scale than the first rated one are counted as `other_scales` and left out.
    """
    paired = list(zip(dialogues, groups, strict=True))
    rated = [(each, group) for each, group in paired if _is_rated(each)]
    if not rated:
        return {"rated_dialogues": 0}
    scale = rated[0][0].scale
    same = [(each, group) for each, group in rated if each.scale == scale]
    turns = [found for each, group in same for found in rated_turns(each, group)]
    return {
        "rated_dialogues": len(rated),
        "other_scales": len(rated) - len(same),
        "scale": [scale.low, scale.high],
        "turns": agreement([turn.ratings for turn in turns], scale),
        "overall": agreement([each.overall for each, _ in same if each.overall], scale),
        "likely_errors": find_errors([turn for turn in turns if turn.text], options),
    }


def _is_rated(dialogue: Dialogue) -> bool:
    return bool(dialogue.overall) or any(turn.ratings for turn in dialogue.turns)


def rated_turns(dialogue: Dialogue, group: str) -> list[RatedTurn]:
    """Return the turns of a dialogue that have ratings; places count from 0."""
    return [
        RatedTurn(dialogue.id, place, group, turn.text, turn.ratings)
        for place, turn in enumerate(dialogue.turns)
        if turn.ratings
    ]


def agreement(ratings: Sequence[Sequence[float]], scale: Scale) -> Report:
    """Return how far the raters of the same things agree, and what they say merged."""
    several = any(len(each) > 1 for each in ratings)
    means = [mean_rating(each) for each in ratings]
    return {
        "rated": len(ratings),
        "raters": _counted(map(len, ratings)),
        "alpha": _finite(krippendorff_alpha(ratings)) if several else None,
        "one_against_others": _finite(one_against_others(ratings, scale)) if several else None,
        "merged": _counted(map(rounded, means)),
        "levels": _counted(three_class(mean, scale) for mean in means),
        "three_raters": _votes([each for each in ratings if len(each) == 3]),
    }


def find_errors(turns: Sequence[RatedTurn], options: LabelReviewOptions) -> Report | None:
    """Return the turns whose merged rating a model of the words contradicts by a `gap`.

    Args:
        turns: with words.
        options: folds, gap, and how much is listed.

    Returns:
        None where too little is rated: fewer than 50 turns, one rating only, or too few groups.
    """
    given = np.array([rounded(mean_rating(turn.ratings)) for turn in turns], dtype=int)
    enough = len(turns) >= _LEAST_TURNS and len({turn.group for turn in turns}) >= options.folds
    if not enough or len(set(given.tolist())) < 2:
        return None
    values, labels = np.unique(given, return_inverse=True)
    probabilities = out_of_fold(turns, labels, options)
    likeliest = probabilities.argmax(axis=1)
    found = [
        error
        for error in likely_errors(probabilities, labels)
        if error.suggested == likeliest[error.place]  # a rating that few turns have is soon met
        and abs(values[error.suggested] - values[error.given]) >= options.gap
    ]
    return {
        "found": len(found),
        "share": round(len(found) / len(turns), 4),
        "listed": [
            _listed(turns[error.place], error, values, options) for error in found[: options.listed]
        ],
    }


def out_of_fold(
    turns: Sequence[RatedTurn], labels: np.ndarray, options: LabelReviewOptions
) -> np.ndarray:
    """Return P(label) of each turn by a model that saw nothing of its group, shape (n, k).

    Args:
        turns: n turns of at least as many groups as there are folds.
        labels: integers of shape (n,), from 0 to k - 1, each of them there.
        options: folds and seed.
    """
    from sklearn.model_selection import GroupKFold

    texts = np.array([turn.text for turn in turns], dtype=object)
    groups = np.array([turn.group for turn in turns], dtype=object)
    cut = GroupKFold(options.folds, shuffle=True, random_state=options.seed)
    probabilities = np.zeros((len(turns), labels.max() + 1))
    for train, held in cut.split(texts, labels, groups):
        if len(set(labels[train].tolist())) < 2:  # nothing to tell apart without this fold
            probabilities[held, labels[train[0]]] = 1
            continue
        model = _model().fit(texts[train], labels[train])
        probabilities[np.ix_(held, model.classes_)] = model.predict_proba(texts[held])
    return probabilities


def _model() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 3), max_features=30_000, sublinear_tf=True
    )
    return make_pipeline(words, LogisticRegression(C=2.0, max_iter=200, tol=1e-3))


def _listed(
    turn: RatedTurn, error: LikelyError, values: np.ndarray, options: LabelReviewOptions
) -> Report:
    return {
        "dialogue": turn.dialogue,
        "turn": turn.place,
        "given": int(values[error.given]),
        "ratings": list(turn.ratings),
        "expected": int(values[error.suggested]),
        "confidence": round(error.confidence, 4),
        "quote": turn.text[: options.quote_chars],
    }


def _votes(threes: Sequence[Sequence[float]]) -> dict[str, int]:
    kinds = Counter(len(set(each)) for each in threes)
    return {"all_agree": kinds[1], "two_agree": kinds[2], "none_agree": kinds[3]}


def _counted(values: Any) -> dict[str, int]:
    return {str(value): count for value, count in sorted(Counter(values).items())}


def _finite(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None

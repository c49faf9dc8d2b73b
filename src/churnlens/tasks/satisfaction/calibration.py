"""Probabilities that mean what they say: fitted on dialogues that taught no scorer.

A scorer whose classes were balanced in training overstates rare labels. A temperature and an offset
for each label, by maximum likelihood, take that back (bias-corrected temperature scaling,
Alexandari, Kundaje and Shrikumar, ICML 2020); with the temperature alone it is the method of Guo
et al. (2017).
P(dissatisfied), which alerts read, is calibrated once more by itself (Platt 1999).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from churnlens.evaluation import labels as of_labels
from churnlens.evaluation.ordinal import checked
from churnlens.evaluation.prediction_sets import SetRule, Sets, calibrate_sets
from churnlens.options import CalibrationOptions
from churnlens.schema import Frozen
from churnlens.tasks.satisfaction.scorers import TurnScorer
from churnlens.tasks.satisfaction.turns import TurnRow

_LEAST = 1e-6
_PENALTY = 1.0  # of a scale or offset, in rows: a label that no row has keeps its odds
_BALANCES = tuple(np.round(np.arange(0, 1.01, 0.1), 1).tolist())


class Calibration(Frozen):
    """How probabilities are corrected; small enough to store beside a model.

    Attributes:
        labels: rising.
        middle: of the scale of the labels; below it is dissatisfied.
        scale: by which log probabilities are multiplied, 1 / temperature.
        offsets: added to those of each label.
        slope, intercept: of the log odds of P(dissatisfied).
        shares: of the labels among the calibration turns, none of them 0.
        balance: how much the label that is said makes up for its share: 0 not at all, 1 fully.
        sets: rule of the prediction sets.
        turns: how many calibrated it.
    """

    labels: tuple[int, ...]
    middle: float
    scale: float
    offsets: tuple[float, ...]
    slope: float
    intercept: float
    shares: tuple[float, ...]
    balance: float
    sets: SetRule
    turns: int

    def corrected(self, probability: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities of the labels, shape (n, k)."""
        return _scaled(probability, self.scale, np.array(self.offsets))

    def dissatisfied(self, corrected: np.ndarray) -> np.ndarray:
        """Return P(dissatisfied) from calibrated probabilities, shape (n,)."""
        from scipy.special import expit

        odds = _below_odds(corrected, self.labels, self.middle)
        return np.asarray(expit(self.slope * odds + self.intercept))

    def said(self, corrected: np.ndarray) -> np.ndarray:
        """Return the label that counts as the answer, shape (n,)."""
        return _said(corrected, self.labels, np.array(self.shares), self.balance)


@dataclass(frozen=True, eq=False)
class Rated:
    """What a calibrated scorer says of n rows.

    Attributes:
        probability: of each label, shape (n, k).
        dissatisfied: P(dissatisfied), shape (n,).
        expected: the mean label, shape (n,).
        median: the label that half of the probability lies at or below, shape (n,); no other
            estimate has a smaller expected absolute error.
        said: the label that counts as the answer, shape (n,).
        sets: which labels are in the prediction set, shape (n, k).
    """

    probability: np.ndarray
    dissatisfied: np.ndarray
    expected: np.ndarray
    median: np.ndarray
    said: np.ndarray
    sets: Sets


@dataclass(frozen=True, eq=False)
class CalibratedScorer:
    """A scorer with its calibration: the one thing that alerts, batches and services call."""

    scorer: TurnScorer
    calibration: Calibration

    def rate(self, rows: Sequence[TurnRow]) -> Rated:
        """Rate rows; one row and many give the same numbers."""
        return rated_as(self.scorer.probabilities(rows), self.calibration)


def rated_as(probability: np.ndarray, calibration: Calibration) -> Rated:
    """Return what follows from the raw probabilities of a scorer, shape (n, k)."""
    corrected = calibration.corrected(probability)
    return Rated(
        probability=corrected,
        dissatisfied=calibration.dissatisfied(corrected),
        expected=corrected @ np.array(calibration.labels, float),
        median=np.array(calibration.labels)[(corrected.cumsum(axis=1) < 0.5).sum(axis=1)],
        said=calibration.said(corrected),
        sets=calibration.sets.sets(corrected),
    )


def calibrate(
    truth: np.ndarray,
    probability: np.ndarray,
    labels: tuple[int, ...],
    dialogues: Sequence[Hashable],
    options: CalibrationOptions,
) -> Calibration:
    """Fit the correction, the answer's balance and the sets on the same calibration turns.

    Args:
        truth: the true label of each turn, shape (n,).
        probability: of a scorer that has not seen these dialogues, shape (n, k).
        labels: the k labels, rising.
        dialogues: what each turn belongs to, shape (n,).
        options: see there.

    Raises:
        ValueError: without turns, for a truth that is no label, or probabilities that are none.
    """
    p = checked(probability, len(truth), labels)
    place = of_labels.places(truth, labels)
    if wrong := int((place >= len(labels)).sum()):
        raise ValueError(f"{wrong} of {len(truth)} true labels are not among {list(labels)}")
    counts = np.bincount(place, minlength=len(labels)) + 0.5
    scale, offsets = _fit_scaling(p, place, options)
    corrected = _scaled(p, scale, offsets)
    middle = (labels[0] + labels[-1]) / 2
    slope, intercept = _fit_platt(_below_odds(corrected, labels, middle), truth < middle)
    shares = counts / counts.sum()
    return Calibration(
        labels=labels,
        middle=middle,
        scale=scale,
        offsets=tuple(offsets.tolist()),
        slope=slope,
        intercept=intercept,
        shares=tuple(shares.tolist()),
        balance=_best_balance(corrected, place, labels, shares),
        sets=calibrate_sets(truth, corrected, labels, dialogues, options.coverage, options.sets),
        turns=len(truth),
    )


def _scaled(probability: np.ndarray, scale: float, offsets: np.ndarray) -> np.ndarray:
    from scipy.special import softmax

    logs = np.log(np.maximum(np.asarray(probability, float), _LEAST))
    return np.asarray(softmax(scale * logs + offsets, axis=1))


def _fit_scaling(
    p: np.ndarray, place: np.ndarray, options: CalibrationOptions
) -> tuple[float, np.ndarray]:
    """Return scale and offsets with the least cross entropy, held lightly to 1 and 0."""
    from scipy.optimize import minimize

    free = p.shape[1] if options.method == "bias" else 0
    rows = np.arange(len(p))

    def unpacked(values: np.ndarray) -> tuple[float, np.ndarray]:
        return float(np.exp(values[0])), np.pad(values[1:], (0, p.shape[1] - free))

    def loss(values: np.ndarray) -> float:
        told = np.maximum(_scaled(p, *unpacked(values))[rows, place], _LEAST)
        return float(-np.log(told).sum() + 0.5 * _PENALTY * (values**2).sum()) / len(p)

    return unpacked(minimize(loss, np.zeros(1 + free), method="L-BFGS-B").x)


def _below_odds(probability: np.ndarray, labels: tuple[int, ...], middle: float) -> np.ndarray:
    """Return the log odds of a label below the middle, shape (n,)."""
    from scipy.special import logit

    below = probability[:, np.array(labels) < middle].sum(axis=1)
    return np.asarray(logit(np.clip(below, _LEAST, 1 - _LEAST)))


def _fit_platt(odds: np.ndarray, happened: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept of the log odds; 1 and 0 where only one thing happened."""
    if happened.all() or not happened.any():
        return 1.0, 0.0
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6).fit(odds[:, None], happened)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _said(
    probability: np.ndarray, labels: tuple[int, ...], shares: np.ndarray, balance: float
) -> np.ndarray:
    return np.array(labels)[np.argmax(probability / shares**balance, axis=1)]


def _best_balance(
    probability: np.ndarray, place: np.ndarray, labels: tuple[int, ...], shares: np.ndarray
) -> float:
    """Return the balance with the highest sum of unweighted recall, macro-F1 and QWK."""

    def quality(balance: float) -> float:
        told = of_labels.places(_said(probability, labels, shares, balance), labels)
        counts = of_labels.confusion(place, told, len(labels))
        scores = (of_labels.uar, of_labels.macro_f1, of_labels.QWK)
        return float(np.nan_to_num(sum(score(counts) for score in scores)))

    return max(_BALANCES, key=quality)

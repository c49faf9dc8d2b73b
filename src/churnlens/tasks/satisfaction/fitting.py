"""Making a scorer of turns: the floor, the tuned model where there is one, and their calibration.

No side that teaches calibrates. The floor calibrates with what it says of each dialogue when it was
fitted without it; the tuned model, which is too slow for that, with the validation dialogues. What
the scorer says of these is kept (`Unseen`): alerts and the line of the whole are chosen by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from churnlens.evaluation.labels import places
from churnlens.models.training.faults import TrainingError
from churnlens.options import HeadOptions, ScorerOptions
from churnlens.tasks.satisfaction.calibration import (
    CalibratedScorer,
    Calibration,
    Rated,
    calibrate,
    rated_as,
)
from churnlens.tasks.satisfaction.floor import Floor, fit_floor
from churnlens.tasks.satisfaction.scorers import Blend, best_weight, load_head_scorer, mixed
from churnlens.tasks.satisfaction.turns import TurnRow, labels_of, rated, shares_of, truth_of


@dataclass(frozen=True, eq=False)
class Unseen:
    """Rows, and what was said of them by a scorer that had not learnt from their dialogues.

    Rows that taught the tuned model are scored by a floor alone. Each scorer is calibrated on their
    labels, which is a handful of numbers.

    Attributes:
        rows: in the order of training and validation, rated or not.
        expected: rating of each, shape (n,).
        dissatisfied: P(dissatisfied) of each, shape (n,).
    """

    rows: tuple[TurnRow, ...]
    expected: np.ndarray
    dissatisfied: np.ndarray


@dataclass(frozen=True, eq=False)
class Fitted:
    """A scorer of turns, in parts that a catalog can keep.

    Attributes:
        floor: of TF-IDF, fitted on all rows.
        calibration: of what floor and model say together, or of the floor alone.
        head: folder of the tuned model, None without one.
        weight: of the tuned model beside the floor, from 0 to 1.
        history: losses of the training, one row per step and validation.
        unseen: all rows with their scores; None when the parts come from a catalog.
    """

    floor: Floor
    calibration: Calibration
    head: Path | None = None
    weight: float = 0.0
    history: tuple[dict[str, Any], ...] = ()
    unseen: Unseen | None = None


def fit_scorer(
    training: Sequence[TurnRow],
    validation: Sequence[TurnRow],
    options: ScorerOptions,
    *,
    model: Path | None = None,
    checkpoints: Path | None = None,
    label: str = "satisfaction",
) -> Fitted:
    """Fit a scorer on rated rows; those without a rating are only scored, for `unseen`.

    Args:
        training: rows to learn from.
        validation: rows of other dialogues: they stop the training, choose the weight, and
            calibrate; the floor learns from them too.
        options: see `ScorerOptions`; without a head, or without `model`, the floor stands alone.
        model: folder of the base model.
        checkpoints: folder for the checkpoints of the training.
        label: name of the work in the progress lines.

    Raises:
        ValueError: for no rated rows, or rows of one label.
        TrainingError: for ratings on several scales, which only levels can learn from together.
        TrainingError, ModelError, MemoryExhaustedError: see `models.heads.train`.
    """
    everything = [*training, *validation]
    _hold_to_one_scale(rated(everything), options)
    floor = fit_floor(rated(everything), options.turns, options.floor)
    alone = out_of_fold(everything, options)
    calibration = _calibrated(everything, alone, floor.labels, options)
    by_floor = rated_as(alone, calibration)
    if options.head is None or model is None or checkpoints is None:
        return Fitted(floor, calibration, unseen=_unseen(everything, by_floor))
    head = options.head.model_copy(update={"classes": len(floor.labels)})
    first, second = rated(training), rated(validation)
    trained = _train(first, second, head, options, model, checkpoints, label)
    said = load_head_scorer(model, trained.folder, floor.labels).probabilities(validation)
    beside = alone[len(training) :]
    weight = _weight(said, beside, validation, floor.labels, options)
    together = mixed(said, beside, weight)
    calibration = _calibrated(validation, together, floor.labels, options)
    unseen = _unseen(everything, by_floor, rated_as(together, calibration))
    return Fitted(floor, calibration, trained.folder, weight, tuple(trained.history), unseen)


def _hold_to_one_scale(rows: Sequence[TurnRow], options: ScorerOptions) -> None:
    scales = Counter(f"{row.scale.low} to {row.scale.high}" for row in rows)
    if len(scales) > 1 and options.turns.labels != "level":
        told = ", ".join(f"{n} turns rated {scale}" for scale, n in scales.most_common(5))
        raise TrainingError(
            f"dialogues: got {told}; expected one scale; next: leave out the others, or learn "
            "`labels: level`"
        )


def load_scorer(fitted: Fitted, model: Path | None) -> CalibratedScorer:
    """Return a fitted scorer ready for work; the floor alone where no tuned model has a weight.

    Args:
        fitted: by `fit_scorer`.
        model: folder of the base model of the tuned one.
    """
    if fitted.head is None or model is None or not fitted.weight:
        return CalibratedScorer(fitted.floor, fitted.calibration)
    tuned = load_head_scorer(model, fitted.head, fitted.floor.labels)
    return CalibratedScorer(Blend(tuned, fitted.floor, fitted.weight), fitted.calibration)


def out_of_fold(rows: Sequence[TurnRow], options: ScorerOptions) -> np.ndarray:
    """Return what floors say of rows whose dialogues they were fitted without, shape (n, k).

    Rows without a rating teach nothing.
    """
    from sklearn.model_selection import GroupKFold

    dialogues = [row.dialogue for row in rows]
    parts = min(options.folds, len(set(dialogues)))
    split = GroupKFold(parts, shuffle=True, random_state=options.seed)
    found = np.empty((len(rows), len(labels_of(options.turns, rated(rows)[0].scale))))
    for inside, outside in split.split(rows, groups=dialogues):
        known = rated(rows[at] for at in inside)
        floor = fit_floor(known, options.turns, options.floor)
        found[outside] = floor.probabilities([rows[at] for at in outside])
    return found


def head_rows(rows: Sequence[TurnRow], options: ScorerOptions) -> list[dict[str, Any]]:
    """Return rows of text and label for `models.heads.train`; a label is a share for each class."""
    labels = labels_of(options.turns, rows[0].scale)
    if options.raters:
        shares = shares_of(rows, options.turns)
    else:
        shares = np.eye(len(labels))[places(truth_of(rows, options.turns), labels)]
    return [
        {"id": row.id, "text": row.text, "label": share}
        for row, share in zip(rows, shares.tolist(), strict=True)
    ]


def _train(
    training: Sequence[TurnRow],
    validation: Sequence[TurnRow],
    head: HeadOptions,
    options: ScorerOptions,
    model: Path,
    checkpoints: Path,
    label: str,
) -> Any:
    from churnlens.models.heads.train import train_head

    first, second = head_rows(training, options), head_rows(validation, options)
    return train_head(
        first, second, model=model, options=head, checkpoints=checkpoints, label=label
    )


def _weight(
    said: np.ndarray,
    beside: np.ndarray,
    validation: Sequence[TurnRow],
    labels: tuple[int, ...],
    options: ScorerOptions,
) -> float:
    """Return the weight of the model; the rows count so that labels weigh as in training."""
    known = _known(validation)
    rows = rated(validation)
    place = places(truth_of(rows, options.turns), labels)
    shares = np.bincount(place, minlength=len(labels))[place] / len(place)
    even = 1 / shares if options.floor.balance else np.ones(len(place))
    return best_weight(said[known], beside[known], place, even, [row.dialogue for row in rows])


def _calibrated(
    rows: Sequence[TurnRow],
    probability: np.ndarray,
    labels: tuple[int, ...],
    options: ScorerOptions,
) -> Calibration:
    known = rated(rows)
    truth, dialogues = truth_of(known, options.turns), [row.dialogue for row in known]
    return calibrate(truth, probability[_known(rows)], labels, dialogues, options.calibration)


def _unseen(rows: Sequence[TurnRow], first: Rated, last: Rated | None = None) -> Unseen:
    """Return the rows as the first scorer rates all, but for the end, which the last one rates."""
    expected, dissatisfied = first.expected.copy(), first.dissatisfied.copy()
    if last is not None:
        start = len(rows) - len(last.expected)
        expected[start:], dissatisfied[start:] = last.expected, last.dissatisfied
    return Unseen(tuple(rows), expected, dissatisfied)


def _known(rows: Sequence[TurnRow]) -> np.ndarray:
    return np.array([bool(row.ratings) for row in rows])

"""From rated dialogues to a scorer of turns, the reasons, and alerts that keep their budget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from kedro.io.core import DatasetError

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.labels import mean_rating
from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.models.lock import spec_of
from churnlens.models.weights import verify
from churnlens.options import SatisfactionFinetuningOptions
from churnlens.tasks.satisfaction.alert_tuning import tune, watched
from churnlens.tasks.satisfaction.calibration import CalibratedScorer
from churnlens.tasks.satisfaction.fitting import fit_scorer
from churnlens.tasks.satisfaction.loading import (
    DeskRules,
    ScorerParts,
    StoredScorer,
    open_scorer,
)
from churnlens.tasks.satisfaction.overall import fit_overall
from churnlens.tasks.satisfaction.phrases import PhraseBook, PhraseFinder
from churnlens.tasks.satisfaction.reason_words import ReasonBook
from churnlens.tasks.satisfaction.reasons import fit_reasons
from churnlens.tasks.satisfaction.turns import TurnRow, rated, turn_rows


def fit_turn_scorer(
    dialogues: Rows,
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    options: SatisfactionFinetuningOptions,
) -> tuple[Path | None, dict[str, Any], list[dict[str, Any]]]:
    """Tune the encoder on the rated turns of the train side, and calibrate it on others.

    Args:
        dialogues: clean, with sides; validation and calibration calibrate together.
        model_lock: names the encoder.
        model_root: where fetched models are.
        checkpoints: folder from which a stopped training goes on.
        options: see there.

    Returns:
        The folder of the tuned model, a `ScorerParts`, and the losses as rows.

    Raises:
        DatasetError: when nobody rated a turn.
    """
    training = _rated(dialogues_of(dialogues, "train"), options)
    validation = _rated(dialogues_of(dialogues, "validation", "calibration"), options)
    if not training or not validation:
        raise DatasetError(
            f"dialogues: got {len(training)} rated turns to learn from and {len(validation)} to "
            "calibrate on, expected some of each; next: a file with `ratings` (docs/data.md)"
        )
    model = verify(spec_of(model_lock, options.encoder), Path(model_root))
    fitted = fit_scorer(training, validation, options.scorer, model=model, checkpoints=checkpoints)
    return fitted.head, ScorerParts.of(fitted).model_dump(mode="json"), list(fitted.history)


def learn_reasons(
    dialogues: Rows, reason_book: dict[str, Any], options: SatisfactionFinetuningOptions
) -> dict[str, Any]:
    """Return a `ReasonModel` of the train side; empty where fewer than two reasons are labelled."""
    book = ReasonBook.model_validate(reason_book)
    known = [
        (_said(each), each.labels["reason"])
        for each in dialogues_of(dialogues, "train")
        if each.labels.get("reason") in book.labels
    ]
    if len({label for _, label in known}) < 2:
        return {}
    said, labels = zip(*known, strict=True)
    return fit_reasons(said, labels, book, options.reasons).model_dump(mode="json")


def tune_desk(
    dialogues: Rows,
    alert_phrases: dict[str, Any],
    options: SatisfactionFinetuningOptions,
    **stored: Unpack[StoredScorer],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit the line of whole dialogues and choose the thresholds of alerts, on unseen dialogues.

    Args:
        dialogues: clean, with sides.
        alert_phrases: that make a dialogue red.
        options: see there.
        stored: a `StoredScorer`.

    Returns:
        A `DeskRules`, and the `Tuning` that chose its alerts.
    """
    scorer = open_scorer(stored, options.encoder)
    finder = PhraseFinder(PhraseBook.model_validate(alert_phrases))
    known = dialogues_of(dialogues, "validation", "calibration")
    expected, chances = _scored(known, scorer, options)
    whole = [
        (each, mean_rating(d.overall)) for each, d in zip(expected, known, strict=True) if d.overall
    ]
    overall = fit_overall([scores for scores, _ in whole], [rating for _, rating in whole])
    cases = [watched(d, p, finder) for d, p in zip(known, chances, strict=True)]
    tuning = tune(cases, finder, options.grid, options.alerts, options.judged)
    rules = DeskRules(overall=overall, alerts=tuning.chosen)
    return rules.model_dump(mode="json"), tuning.model_dump(mode="json")


def _rated(dialogues: Sequence[Dialogue], options: SatisfactionFinetuningOptions) -> list[TurnRow]:
    return rated(row for each in dialogues for row in turn_rows(each, options.scorer.turns))


def _said(dialogue: Dialogue) -> list[str]:
    return [turn.text for turn in dialogue.turns if turn.speaker == "customer"]


def _scored(
    dialogues: Sequence[Dialogue],
    scorer: CalibratedScorer,
    options: SatisfactionFinetuningOptions,
) -> tuple[list[list[float]], list[list[float]]]:
    """Return expected rating and P(dissatisfied) of the customer turns of each dialogue."""
    rows = [turn_rows(each, options.scorer.turns) for each in dialogues]
    said = scorer.rate([row for each in rows for row in each])
    expected, chances, at = [], [], 0
    for own in rows:
        part = slice(at, at + len(own))
        expected.append(said.expected[part].tolist())
        chances.append(said.dissatisfied[part].tolist())
        at += len(own)
    return expected, chances

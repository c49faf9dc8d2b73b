"""From rated dialogues to a scorer of turns, the reasons, and alerts that keep their budget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kedro.io.core import DatasetError

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.phrases import PhraseFinder
from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.models.lock import spec_of
from churnlens.models.weights import verify
from churnlens.options import SatisfactionFinetuningOptions
from churnlens.tasks.satisfaction.alert_scores import is_rated
from churnlens.tasks.satisfaction.alert_tuning import tune, unseen_cases
from churnlens.tasks.satisfaction.fitting import Fitted, fit_scorer
from churnlens.tasks.satisfaction.loading import DeskRules, ScorerParts
from churnlens.tasks.satisfaction.overall import fit_overall
from churnlens.tasks.satisfaction.phrases import AlertPhrases
from churnlens.tasks.satisfaction.reason_words import ReasonBook
from churnlens.tasks.satisfaction.reasons import fit_reasons
from churnlens.tasks.satisfaction.turns import TurnRow, rated, turn_rows, whole_rating


def fit_turn_scorer(
    dialogues: Rows,
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    options: SatisfactionFinetuningOptions,
) -> tuple[Path | None, dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Tune the encoder on the rated turns of the train side, and calibrate it on others.

    Args:
        dialogues: clean, with sides; validation and calibration calibrate together.
        model_lock: names the encoder.
        model_root: where fetched models are.
        checkpoints: folder from which a stopped training goes on.
        options: see there.

    Returns:
        The folder of the tuned model, a `ScorerParts`, the losses as rows, and what it says of
        customer turns that taught it nothing: `dialogue`, `index`, `expected`, `p_dissatisfied`.

    Raises:
        DatasetError: when nobody rated a turn.
    """
    training = _rows(dialogues_of(dialogues, "train"), options)
    validation = _rows(dialogues_of(dialogues, "validation", "calibration"), options)
    counts = [len(rated(side)) for side in (training, validation)]
    if not all(counts):
        raise DatasetError(
            f"dialogues: got {counts[0]} rated turns to learn from and {counts[1]} to "
            "calibrate on, expected some of each; next: a file with `ratings` (docs/data.md)"
        )
    model = verify(spec_of(model_lock, options.encoder), Path(model_root))
    fitted = fit_scorer(training, validation, options.scorer, model=model, checkpoints=checkpoints)
    parts = ScorerParts.of(fitted).model_dump(mode="json")
    return fitted.head, parts, list(fitted.history), _unseen_rows(fitted)


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
    unseen_turns: list[dict[str, Any]],
    alert_phrases: dict[str, Any],
    options: SatisfactionFinetuningOptions,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fit the line of whole dialogues and the outlook, and choose the thresholds of alerts.

    Outlook and alerts are of the dialogues of which somebody rated a customer turn.

    Args:
        dialogues: clean, with sides.
        unseen_turns: see `fit_turn_scorer`.
        alert_phrases: that make a dialogue red.
        options: see there.

    Returns:
        A `DeskRules`, and the `Tuning` that chose its alerts.
    """
    finder = PhraseFinder(AlertPhrases.model_validate(alert_phrases))
    expected, chances = _by_dialogue(unseen_turns, "expected", "p_dissatisfied")
    known = [each for each in dialogues_of(dialogues) if each.id in chances]
    whole = [
        (expected[each.id], rating)
        for each in known
        if (rating := whole_rating(each, options.scorer.turns)) is not None
    ]
    overall = fit_overall([scores for scores, _ in whole], [rating for _, rating in whole])
    ended = [each for each in known if is_rated(each)]
    told = [chances[each.id] for each in ended]
    cases, outlook = unseen_cases(ended, told, finder, options.alerts.horizon)
    tuning = tune(cases, finder, options.grid, options.alerts, options.judged)
    rules = DeskRules(overall=overall, alerts=tuning.chosen, outlook=outlook)
    return rules.model_dump(mode="json"), tuning.model_dump(mode="json")


def _rows(dialogues: Sequence[Dialogue], options: SatisfactionFinetuningOptions) -> list[TurnRow]:
    return [row for each in dialogues for row in turn_rows(each, options.scorer.turns)]


def _said(dialogue: Dialogue) -> list[str]:
    return [turn.text for turn in dialogue.turns if turn.speaker == "customer"]


def _unseen_rows(fitted: Fitted) -> list[dict[str, Any]]:
    if fitted.unseen is None:
        return []
    unseen = fitted.unseen
    scores, chances = unseen.expected.tolist(), unseen.dissatisfied.tolist()
    return [
        {"dialogue": row.dialogue, "index": row.index, "expected": score, "p_dissatisfied": p}
        for row, score, p in zip(unseen.rows, scores, chances, strict=True)
    ]


def _by_dialogue(rows: Sequence[dict[str, Any]], *names: str) -> list[dict[str, list[float]]]:
    """Return for each name: dialogue → its values in the order of the turns."""
    found: list[dict[str, list[float]]] = [{} for _ in names]
    for row in rows:
        for name, values in zip(names, found, strict=True):
            values.setdefault(row["dialogue"], []).append(row[name])
    return found

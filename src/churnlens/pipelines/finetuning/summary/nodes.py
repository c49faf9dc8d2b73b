"""What writes summaries: without a language model from dialogues with references, and a student."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io.core import DatasetError

from churnlens.dialogues.phrases import joined
from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.options import SummaryFinetuningOptions
from churnlens.pipelines.finetuning.students import tune
from churnlens.tasks.satisfaction.phrases import AlertPhrases
from churnlens.tasks.summary.closed import SummaryPhrases
from churnlens.tasks.summary.stages import fit_summaries


def fit_extractive_writer(
    dialogues: Rows,
    alert_phrases: dict[str, Any],
    summary_phrases: dict[str, Any],
    options: SummaryFinetuningOptions,
) -> dict[str, Any]:
    """Learn the extractive writer, and the constant answer as its floor, on the train side.

    Args:
        dialogues: clean, with sides.
        alert_phrases: that it knows beside what it learns.
        summary_phrases: that it knows too; of anger, and about an offer.
        options: `family` stays whole when settings are chosen.

    Returns:
        See `tasks.summary.stages.fit_summaries`.

    Raises:
        DatasetError: when no dialogue has a reference.
    """
    alerts = AlertPhrases.model_validate(alert_phrases)
    phrases = joined(alerts, SummaryPhrases.model_validate(summary_phrases))
    fitted = fit_summaries(dialogues_of(dialogues, "train"), options.family, phrases)
    if not fitted["parts"]:
        raise DatasetError(
            "dialogues: got none with a reference summary, expected some to learn from; next: a "
            "file with the labels user_problem, agent_solution, accepted, negative_emotion"
        )
    return fitted


def train_summary_student(
    training_rows: dict[str, list[dict[str, Any]]],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    options: SummaryFinetuningOptions,
) -> tuple[Path, list[dict[str, Any]]]:
    """Tune a student of summaries, see `students.tune`."""
    return tune(training_rows, model_lock, model_root, checkpoints, options)

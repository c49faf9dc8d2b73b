"""From dialogues with references to what writes summaries without a language model."""

from __future__ import annotations

from typing import Any

from kedro.io.core import DatasetError

from churnlens.dialogues.sides import Rows, dialogues_of
from churnlens.options import SummaryFinetuningOptions
from churnlens.tasks.summary.stages import fit_summaries


def fit_extractive_writer(dialogues: Rows, options: SummaryFinetuningOptions) -> dict[str, Any]:
    """Learn the extractive writer, and the constant answer as its floor, on the train side.

    Args:
        dialogues: clean, with sides.
        options: `family` stays whole when settings are chosen.

    Returns:
        See `tasks.summary.stages.fit_summaries`.

    Raises:
        DatasetError: when no dialogue has a reference.
    """
    fitted = fit_summaries(dialogues_of(dialogues, "train"), options.family)
    if not fitted["parts"]:
        raise DatasetError(
            "dialogues: got none with a reference summary, expected some to learn from; next: a "
            "file with the labels user_problem, agent_solution, accepted, negative_emotion"
        )
    return fitted

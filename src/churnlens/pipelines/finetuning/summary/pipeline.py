"""Task summary in stage finetuning."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.finetuning.summary.nodes import (
    fit_extractive_writer,
    train_summary_student,
)
from churnlens.pipelines.shared import STUDENT, TRAINING


def create_pipeline() -> Pipeline:
    """Return the stage: dialogues → what writes summaries without a model; rows → a student."""
    return Pipeline(
        [
            Node(
                func=fit_extractive_writer,
                inputs=["dialogues", "alert_phrases", "summary_phrases", "params:finetuning"],
                outputs="extractive",
                name="fit_extractive_writer",
            ),
            Node(
                func=train_summary_student,
                inputs={**TRAINING, "options": "params:finetuning"},
                outputs=["student", "training_history"],
                name="train_student",
                tags=STUDENT,
            ),
        ]
    )

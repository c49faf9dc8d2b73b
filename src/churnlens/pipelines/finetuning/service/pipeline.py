"""Task service in stage finetuning."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.finetuning.service.nodes import train_assistant
from churnlens.pipelines.shared import TRAINING


def create_pipeline() -> Pipeline:
    """Return the stage: rows → a student that puts replies into words."""
    return Pipeline(
        [
            Node(
                func=train_assistant,
                inputs={**TRAINING, "options": "params:finetuning"},
                outputs=["student", "training_history"],
                name="train_assistant",
            ),
        ]
    )

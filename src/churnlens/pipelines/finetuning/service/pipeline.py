"""Task service in stage finetuning."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.finetuning.service.nodes import rehearse, train_assistant
from churnlens.pipelines.shared import TRAINING


def create_pipeline() -> Pipeline:
    """Return the stage: rows → a student that puts replies into words."""
    return Pipeline(
        [
            Node(
                func=rehearse,
                inputs={
                    "training_rows": "training_rows",
                    "model_lock": "model_lock",
                    "model_root": "params:model_root",
                    "store": "rehearsal_cache",
                    "options": "params:finetuning",
                },
                outputs="rehearsed_rows",
                name="rehearse",
            ),
            Node(
                func=train_assistant,
                inputs={
                    **TRAINING,
                    "rehearsed_rows": "rehearsed_rows",
                    "options": "params:finetuning",
                },
                outputs=["student", "training_history"],
                name="train_assistant",
            ),
        ]
    )

"""Task summary in stage distillation."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.distillation.summary.nodes import ask_summary_teacher, gate_summary_rows
from churnlens.pipelines.shared import STUDENT


def create_pipeline() -> Pipeline:
    """Return the stage: dialogues → a teacher's summaries → rows that pass every gate."""
    return Pipeline(
        [
            Node(
                func=ask_summary_teacher,
                inputs={
                    "dialogues": "dialogues",
                    "prompts": "prompts",
                    "model_lock": "model_lock",
                    "model_root": "params:model_root",
                    "store": "teacher_cache",
                    "options": "params:distillation",
                },
                outputs="teacher_replies",
                name="ask_teacher",
                tags=STUDENT,
            ),
            Node(
                func=gate_summary_rows,
                inputs=["dialogues", "teacher_replies", "prompts", "params:distillation"],
                outputs=["distillation_quality", "training_rows"],
                name="gate_rows",
                tags=STUDENT,
            ),
        ]
    )

"""Task churn in stage distillation."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.distillation.churn.nodes import ask_teacher, gate_rows, set_exercises
from churnlens.pipelines.shared import STORED, STUDENT


def create_pipeline() -> Pipeline:
    """Return the stage: bench → lessons → a teacher's answers → rows that pass every gate."""
    return Pipeline(
        [
            Node(
                func=set_exercises,
                inputs={
                    "bench": "bench",
                    "inference": "params:inference",
                    "options": "params:distillation",
                    **STORED,
                },
                outputs="exercises",
                name="set_exercises",
                tags=STUDENT,
            ),
            Node(
                func=ask_teacher,
                inputs={
                    "exercises": "exercises",
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
                func=gate_rows,
                inputs={
                    "exercises": "exercises",
                    "replies": "teacher_replies",
                    "bench": "bench",
                    "schema": "table_schema",
                    "prompts": "prompts",
                    "options": "params:distillation",
                },
                outputs=["distillation_quality", "training_rows"],
                name="gate_rows",
                tags=STUDENT,
            ),
        ]
    )

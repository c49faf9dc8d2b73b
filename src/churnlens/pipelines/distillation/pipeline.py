"""Stage distillation: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.distillation.nodes import ask_teacher, gate_rows, set_exercises
from churnlens.pipelines.distillation.summary_nodes import (
    ask_summary_teacher,
    gate_summary_rows,
)
from churnlens.pipelines.shared import STORED, STUDENT


def _churn() -> Pipeline:
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


def _summary() -> Pipeline:
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


_OF_TASK = {"churn": _churn, "summary": _summary}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()

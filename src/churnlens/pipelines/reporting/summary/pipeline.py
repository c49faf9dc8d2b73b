"""Task summary in stage reporting."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.reporting.shared import arms, losses
from churnlens.pipelines.reporting.summary.arms import (
    evaluate_summary_arms,
    set_arm_dialogues,
    summarise_as_base,
    summarise_as_tuned,
)
from churnlens.pipelines.reporting.summary.nodes import evaluate_summaries, write_summary_report
from churnlens.pipelines.shared import STUDENT
from churnlens.tasks.arms import WRITTEN


def _compare() -> list[Node]:
    """Return the nodes that compare the student of summaries with its base and with the floors."""
    return [
        Node(
            func=set_arm_dialogues,
            inputs=["dialogues", "model_lock", "params:finetuning", "params:reporting"],
            outputs="test_exercises",
            name="set_arm_dialogues",
            tags=STUDENT,
        ),
        *arms("summarise", summarise_as_base, summarise_as_tuned),
        Node(
            func=evaluate_summary_arms,
            inputs={
                "exercises": "test_exercises",
                "extractive": "extractive",
                "model_lock": "model_lock",
                "model_root": "params:model_root",
                "options": "params:reporting",
                **{name: f"arm_{name}" for name in WRITTEN},
            },
            outputs="arm_metrics",
            name="evaluate_arms",
            tags=STUDENT,
        ),
        losses(STUDENT),
    ]


def create_pipeline() -> Pipeline:
    """Return the stage: judge the summaries and the arms, and report."""
    return Pipeline(
        [
            Node(
                func=evaluate_summaries,
                inputs=[
                    "dialogues",
                    "summaries",
                    "extractive",
                    "model_lock",
                    "params:model_root",
                    "params:reporting",
                ],
                outputs="metrics",
                name="evaluate_summaries",
            ),
            *_compare(),
            Node(
                func=write_summary_report,
                inputs=[
                    "dialogues",
                    "summaries",
                    "metrics",
                    "cleaning_counts",
                    "params:reporting",
                    "arm_metrics",  # None until a student has been trained
                ],
                outputs="report",
                name="write_report",
            ),
        ]
    )

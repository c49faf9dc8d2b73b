"""Task satisfaction in stage reporting."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.reporting.satisfaction.nodes import (
    draw_satisfaction,
    evaluate_satisfaction,
    write_satisfaction_report,
)
from churnlens.pipelines.shared import DESK


def create_pipeline() -> Pipeline:
    """Return the stage: judge scores, alerts, reasons and explanations, draw, and report."""
    entries = (
        "metrics",
        "assessments",
        "decisions",
        "explanations",
        "case_metrics",
        "cleaning_counts",
        "label_review",
        "desk_rules",
    )
    return Pipeline(
        [
            Node(
                func=evaluate_satisfaction,
                inputs={
                    "dialogues": "dialogues",
                    "finetuning": "params:finetuning",
                    "options": "params:reporting",
                    **DESK,
                },
                outputs="metrics",
                name="evaluate_satisfaction",
            ),
            Node(
                func=draw_satisfaction,
                inputs="metrics",
                outputs=["confusion_plot", "reliability_plot"],
                name="draw_satisfaction",
            ),
            Node(
                func=write_satisfaction_report,
                inputs={"options": "params:reporting", **{name: name for name in entries}},
                outputs="report",
                name="write_report",
            ),
        ]
    )

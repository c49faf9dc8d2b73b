"""Task service in stage reporting."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.reporting.service.nodes import (
    evaluate_routing,
    evaluate_service,
    write_service_report,
)
from churnlens.pipelines.reporting.shared import losses
from churnlens.pipelines.shared import ASSISTANT


def create_pipeline() -> Pipeline:
    """Return the stage: judge routing and replies, draw the losses, and report."""
    entries = ("metrics", "routing_metrics", "row_report", "training_history")
    return Pipeline(
        [
            Node(
                func=evaluate_routing,
                inputs={
                    "inference": "params:inference",
                    "options": "params:reporting",
                    **{name: entry for name, entry in ASSISTANT.items() if name != "student"},
                },
                outputs="routing_metrics",
                name="evaluate_routing",
            ),
            Node(
                func=evaluate_service,
                inputs={
                    **{n: n for n in ("cases", "replies", "arm_floor", "arm_base", "arm_tuned")},
                    "service_book": "raw_service_book",
                    "prompts": "prompts",
                    "inference": "params:inference",
                    "options": "params:reporting",
                },
                outputs="metrics",
                name="evaluate_service",
            ),
            losses(),
            Node(
                func=write_service_report,
                inputs={"options": "params:reporting", **{name: name for name in entries}},
                outputs="report",
                name="write_report",
            ),
        ]
    )

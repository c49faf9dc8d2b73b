"""Task retention in stage reporting."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.reporting.retention.nodes import (
    draw_retention,
    evaluate_retention,
    write_retention_report,
)


def create_pipeline() -> Pipeline:
    """Return the stage: what acting on the list is worth, figures, and the report."""
    return Pipeline(
        [
            Node(
                func=evaluate_retention,
                inputs={
                    "joined": "joined",
                    "actions": "actions",
                    "sources": "sources",
                    "purchases": "purchases",
                    "trade": "trade",
                    "ledger_truth": "ledger_truth",
                    "ledger_facts": "ledger_facts",
                    "options": "params:reporting",
                },
                outputs="metrics",
                name="evaluate_retention",
            ),
            Node(
                func=draw_retention,
                inputs=["metrics", "value_metrics"],
                outputs=["value_at_risk_plot", "gini_plot", "decile_plot"],
                name="draw_retention",
            ),
            Node(
                func=write_retention_report,
                inputs=[
                    "metrics",
                    "value_metrics",
                    "actions",
                    "known_schema",
                    "reason_book",
                    "params:reporting",
                ],
                outputs="report",
                name="write_report",
            ),
        ]
    )

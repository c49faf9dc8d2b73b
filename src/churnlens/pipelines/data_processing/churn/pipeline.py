"""Task churn in stage data_processing."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.data_processing.churn.nodes import (
    build_documents,
    label_reasons,
    redact_feedback,
    select_table,
)


def create_pipeline() -> Pipeline:
    """Return the stage: table → redacted feedback → labelled reasons and one document each."""
    return Pipeline(
        [
            Node(
                func=select_table,
                inputs=["customers", "schema"],
                outputs=["table", "table_schema"],
                name="select_table",
            ),
            Node(
                func=redact_feedback,
                inputs=["customers", "table_schema", "params:data_processing"],
                outputs=["feedback", "redaction_counts"],
                name="redact_feedback",
            ),
            Node(
                func=label_reasons,
                inputs=["feedback", "table_schema"],
                outputs="reasons",
                name="label_reasons",
            ),
            Node(
                func=build_documents,
                inputs=["table", "feedback", "table_schema"],
                outputs="documents",
                name="build_documents",
            ),
        ]
    )

"""Stage data_processing: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.data_processing.nodes import (
    build_documents,
    label_reasons,
    redact_feedback,
    select_table,
)


def _churn() -> Pipeline:
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


_OF_TASK = {"churn": _churn}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()

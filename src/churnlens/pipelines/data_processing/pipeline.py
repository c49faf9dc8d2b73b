"""Stage data_processing: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.data_processing.dialogue_nodes import (
    prepare_dialogues,
    review_labels,
    write_cases,
)
from churnlens.pipelines.data_processing.nodes import (
    build_documents,
    label_reasons,
    redact_feedback,
    select_table,
)
from churnlens.pipelines.data_processing.service_nodes import (
    list_known_texts,
    make_service_rows,
)
from churnlens.pipelines.data_processing.value_nodes import (
    divide_in_time,
    keep_contracts,
    prepare_transactions,
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


def _prepared() -> list[Node]:
    return [
        Node(
            func=prepare_dialogues,
            inputs=["raw_dialogues", "params:data_processing"],
            outputs=["dialogues", "cleaning_counts"],
            name="prepare_dialogues",
        )
    ]


def _satisfaction() -> Pipeline:
    """Return the stage: raw → clean dialogues → label review, and one document each."""
    return Pipeline(
        [
            *_prepared(),
            Node(
                func=review_labels,
                inputs=["dialogues", "params:data_processing"],
                outputs="label_review",
                name="review_labels",
            ),
            Node(
                func=write_cases,
                inputs="dialogues",
                outputs=["documents", "test_documents"],
                name="write_cases",
            ),
        ]
    )


def _summary() -> Pipeline:
    """Return the stage: raw → clean dialogues."""
    return Pipeline(_prepared())


def _clv() -> Pipeline:
    """Return the stage: transactions → checked ones → rows at cuts in time."""
    return Pipeline(
        [
            Node(
                func=prepare_transactions,
                inputs=["transactions", "trade", "params:data_processing"],
                outputs=["purchases", "transaction_report"],
                name="prepare_transactions",
            ),
            Node(
                func=keep_contracts,
                inputs=["purchases", "transaction_report", "customer_table", "trade", "schema"],
                outputs=["ledger", "table_schema"],
                name="keep_contracts",
            ),
            Node(
                func=divide_in_time,
                inputs=["purchases", "transaction_report", "ledger", "table_schema", "trade"],
                outputs=["train_rows", "test_rows", "current_rows"],
                name="divide_in_time",
            ),
        ]
    )


def _service() -> Pipeline:
    """Return the stage: what is written down → texts to search, and rows to learn."""
    return Pipeline(
        [
            Node(
                func=list_known_texts,
                inputs="raw_service_book",
                outputs="documents",
                name="list_known_texts",
            ),
            Node(
                func=make_service_rows,
                inputs={
                    "service_book": "raw_service_book",
                    "service_rows": "raw_service_rows",
                    "prompts": "prompts",
                    "options": "params:data_processing",
                },
                outputs=["training_rows", "row_report"],
                name="make_service_rows",
            ),
        ]
    )


_OF_TASK = {
    "churn": _churn,
    "satisfaction": _satisfaction,
    "summary": _summary,
    "clv": _clv,
    "service": _service,
}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()

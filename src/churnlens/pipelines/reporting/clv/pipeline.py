"""Task clv in stage reporting."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.reporting.clv.nodes import (
    draw_values,
    evaluate_values,
    predict_texts,
    write_value_report,
)
from churnlens.pipelines.reporting.clv.tracking import track_values

# Part of `StoredText` → catalog entry: a tuned language model.
STORED_TEXT = {
    "text_head": "text_head",
    "text_parts": "text_parts",
    "model_lock": "model_lock",
    "model_root": "params:model_root",
}


def create_pipeline() -> Pipeline:
    """Return the stage: judge all models of value on the test cut, draw, report, and track."""
    return Pipeline([*_judge(), *_show()])


def _judge() -> list[Node]:
    return [
        Node(
            func=predict_texts,
            inputs={
                "train_rows": "train_rows",
                "test_rows": "test_rows",
                "table_schema": "table_schema",
                "value_model": "value_model",
                **STORED_TEXT,
            },
            outputs="text_predictions",
            name="predict_texts",
        ),
        Node(
            func=evaluate_values,
            inputs={
                "train_rows": "train_rows",
                "test_rows": "test_rows",
                "text_predictions": "text_predictions",
                "value_model": "value_model",
                "values": "values",
                "purchases": "purchases",
                "ledger": "ledger",
                "table_schema": "table_schema",
                "ledger_truth": "ledger_truth",
                "ledger_facts": "ledger_facts",
                "options": "params:reporting",
            },
            outputs="metrics",
            name="evaluate_values",
        ),
    ]


def _show() -> list[Node]:
    return [
        Node(
            func=draw_values,
            inputs="metrics",
            outputs=["gini_plot", "decile_plot"],
            name="draw_values",
        ),
        Node(
            func=write_value_report,
            inputs=[
                "metrics",
                "transaction_report",
                "values",
                "table_schema",
                "params:reporting",
            ],
            outputs="report",
            name="write_report",
        ),
        Node(
            func=track_values,
            inputs=[
                "metrics",
                "value_model",
                "transaction_report",
                "params:reporting",
                "report",
            ],
            outputs=None,
            name="track_values",
        ),
    ]

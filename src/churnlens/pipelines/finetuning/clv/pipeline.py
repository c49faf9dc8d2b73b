"""Task clv in stage finetuning."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.finetuning.clv.nodes import fit_text_regression, fit_value_models


def create_pipeline() -> Pipeline:
    """Return the stage: rows at training cuts → models of value, and a tuned language model."""
    return Pipeline(
        [
            Node(
                func=fit_value_models,
                inputs={
                    "train_rows": "train_rows",
                    "current_rows": "current_rows",
                    "ledger": "ledger",
                    "table_schema": "table_schema",
                    "transaction_report": "transaction_report",
                    "trade": "trade",
                    "checkpoints": "checkpoints",
                    "options": "params:finetuning",
                },
                outputs="value_model",
                name="fit_value_models",
            ),
            Node(
                func=fit_text_regression,
                inputs=[
                    "train_rows",
                    "table_schema",
                    "trade",
                    "model_lock",
                    "params:model_root",
                    "checkpoints",
                    "params:finetuning",
                ],
                outputs=["text_head", "text_parts", "text_history"],
                name="fit_text_regression",
            ),
        ]
    )

"""Task clv in stage data_processing."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.data_processing.clv.nodes import (
    divide_in_time,
    keep_contracts,
    prepare_transactions,
)


def create_pipeline() -> Pipeline:
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

"""Task clv in stage inference."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.clv.nodes import value_everybody


def create_pipeline() -> Pipeline:
    """Return the stage: models → value, segment and rank of every customer."""
    return Pipeline(
        [
            Node(
                func=value_everybody,
                inputs={
                    "value_model": "value_model",
                    "current_rows": "current_rows",
                    "ledger": "ledger",
                },
                outputs="values",
                name="value_everybody",
            ),
        ]
    )

"""Task service in stage data_processing."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.data_processing.service.nodes import list_known_texts, make_service_rows


def create_pipeline() -> Pipeline:
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

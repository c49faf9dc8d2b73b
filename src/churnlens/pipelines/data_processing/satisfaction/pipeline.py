"""Task satisfaction in stage data_processing."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.data_processing.satisfaction.nodes import review_labels, write_cases
from churnlens.pipelines.data_processing.shared import prepared


def create_pipeline() -> Pipeline:
    """Return the stage: raw → clean dialogues → label review, and one document each."""
    return Pipeline(
        [
            prepared(),
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

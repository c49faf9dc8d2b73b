"""Task satisfaction in stage indexing."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.indexing.satisfaction.nodes import evaluate_cases, fit_reasons
from churnlens.pipelines.indexing.shared import embed, vector_index


def create_pipeline() -> Pipeline:
    """Return the stage: documents → vectors → FAISS index and reasons, and how good they are."""
    return Pipeline(
        [
            *vector_index(),
            Node(
                func=fit_reasons,
                inputs=["documents", "vectors"],
                outputs="reason_head",
                name="fit_reasons",
            ),
            embed("test_documents", "test_vectors"),
            Node(
                func=evaluate_cases,
                inputs=["documents", "vectors", "vector_index", "test_documents", "test_vectors"],
                outputs="case_metrics",
                name="evaluate_cases",
            ),
        ]
    )

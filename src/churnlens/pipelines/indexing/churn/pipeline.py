"""Task churn in stage indexing."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.indexing.churn.nodes import build_lexical_index
from churnlens.pipelines.indexing.shared import vector_index


def create_pipeline() -> Pipeline:
    """Return the stage: documents → vectors → FAISS index, and documents → BM25 index."""
    return Pipeline(
        [
            *vector_index(),
            Node(
                func=build_lexical_index,
                inputs=["documents", "params:indexing"],
                outputs="lexical_index",
                name="build_lexical_index",
            ),
        ]
    )

"""Stage indexing of task churn."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.indexing.nodes import (
    build_lexical_index,
    build_vector_index,
    embed_documents,
)


def create_pipeline() -> Pipeline:
    """Return the stage: documents → vectors → FAISS index, and documents → BM25 index."""
    return Pipeline(
        [
            Node(
                func=embed_documents,
                inputs=[
                    "documents",
                    "embedding_cache",
                    "model_lock",
                    "params:model_root",
                    "params:indexing",
                ],
                outputs="vectors",
                name="embed_documents",
            ),
            Node(
                func=build_vector_index,
                inputs=["vectors", "params:indexing"],
                outputs="vector_index",
                name="build_vector_index",
            ),
            Node(
                func=build_lexical_index,
                inputs=["documents", "params:indexing"],
                outputs="lexical_index",
                name="build_lexical_index",
            ),
        ]
    )

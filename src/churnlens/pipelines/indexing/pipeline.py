"""Stage indexing: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.indexing.nodes import (
    build_lexical_index,
    build_vector_index,
    embed_documents,
)


def _churn() -> Pipeline:
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


_OF_TASK = {"churn": _churn}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()

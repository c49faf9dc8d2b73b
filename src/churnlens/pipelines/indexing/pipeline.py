"""Stage indexing: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.indexing.case_nodes import evaluate_cases, fit_reasons
from churnlens.pipelines.indexing.nodes import (
    build_lexical_index,
    build_vector_index,
    embed_documents,
)


def _embed(documents: str, vectors: str) -> Node:
    return Node(
        func=embed_documents,
        inputs=[
            documents,
            "embedding_cache",
            "model_lock",
            "params:model_root",
            "params:indexing",
        ],
        outputs=vectors,
        name=f"embed_{documents}",
    )


def _vector_index() -> list[Node]:
    return [
        _embed("documents", "vectors"),
        Node(
            func=build_vector_index,
            inputs=["vectors", "params:indexing"],
            outputs="vector_index",
            name="build_vector_index",
        ),
    ]


def _churn() -> Pipeline:
    """Return the stage: documents → vectors → FAISS index, and documents → BM25 index."""
    return Pipeline(
        [
            *_vector_index(),
            Node(
                func=build_lexical_index,
                inputs=["documents", "params:indexing"],
                outputs="lexical_index",
                name="build_lexical_index",
            ),
        ]
    )


def _satisfaction() -> Pipeline:
    """Return the stage: documents → vectors → FAISS index and reasons, and how good they are."""
    return Pipeline(
        [
            *_vector_index(),
            Node(
                func=fit_reasons,
                inputs=["documents", "vectors"],
                outputs="reason_head",
                name="fit_reasons",
            ),
            _embed("test_documents", "test_vectors"),
            Node(
                func=evaluate_cases,
                inputs=["documents", "vectors", "vector_index", "test_documents", "test_vectors"],
                outputs="case_metrics",
                name="evaluate_cases",
            ),
        ]
    )


def _service() -> Pipeline:
    """Return the stage: texts by which passages are known → vectors."""
    return Pipeline([_embed("documents", "vectors")])


_OF_TASK = {"churn": _churn, "satisfaction": _satisfaction, "service": _service}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()

"""Nodes of several tasks: documents to vectors and their index."""

from kedro.pipeline import Node

from churnlens.pipelines.indexing.vectors import build_vector_index, embed_documents


def embed(documents: str, vectors: str) -> Node:
    """Return the node that embeds documents."""
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


def vector_index() -> list[Node]:
    """Return the nodes from documents to vectors and a FAISS index of them."""
    return [
        embed("documents", "vectors"),
        Node(
            func=build_vector_index,
            inputs=["vectors", "params:indexing"],
            outputs="vector_index",
            name="build_vector_index",
        ),
    ]

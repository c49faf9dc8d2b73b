"""Documents to what retrieval searches: vectors, FAISS index and BM25 index."""

from churnlens.pipelines.indexing.pipeline import create_pipeline

__all__ = ["create_pipeline"]

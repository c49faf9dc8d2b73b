"""Task satisfaction in stage indexing."""

from churnlens.pipelines.indexing.satisfaction.pipeline import create_pipeline

__all__ = ["create_pipeline"]

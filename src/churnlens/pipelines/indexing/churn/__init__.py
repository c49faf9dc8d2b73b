"""Task churn in stage indexing."""

from churnlens.pipelines.indexing.churn.pipeline import create_pipeline

__all__ = ["create_pipeline"]

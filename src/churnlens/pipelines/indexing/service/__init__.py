"""Task service in stage indexing."""

from churnlens.pipelines.indexing.service.pipeline import create_pipeline

__all__ = ["create_pipeline"]

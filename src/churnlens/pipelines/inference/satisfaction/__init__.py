"""Task satisfaction in stage inference."""

from churnlens.pipelines.inference.satisfaction.pipeline import create_pipeline

__all__ = ["create_pipeline"]

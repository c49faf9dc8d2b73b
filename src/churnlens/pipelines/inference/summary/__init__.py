"""Task summary in stage inference."""

from churnlens.pipelines.inference.summary.pipeline import create_pipeline

__all__ = ["create_pipeline"]

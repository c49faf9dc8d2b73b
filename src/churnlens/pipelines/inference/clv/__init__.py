"""Task clv in stage inference."""

from churnlens.pipelines.inference.clv.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""Task retention in stage inference."""

from churnlens.pipelines.inference.retention.pipeline import create_pipeline

__all__ = ["create_pipeline"]

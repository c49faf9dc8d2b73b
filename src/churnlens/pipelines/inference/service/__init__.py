"""Task service in stage inference."""

from churnlens.pipelines.inference.service.pipeline import create_pipeline

__all__ = ["create_pipeline"]

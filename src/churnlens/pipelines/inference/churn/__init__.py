"""Task churn in stage inference."""

from churnlens.pipelines.inference.churn.pipeline import create_pipeline

__all__ = ["create_pipeline"]

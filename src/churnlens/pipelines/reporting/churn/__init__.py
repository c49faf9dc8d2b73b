"""Task churn in stage reporting."""

from churnlens.pipelines.reporting.churn.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""Task churn in stage experiments."""

from churnlens.pipelines.experiments.churn.pipeline import create_pipeline

__all__ = ["create_pipeline"]

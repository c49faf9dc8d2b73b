"""Task churn in stage data_processing."""

from churnlens.pipelines.data_processing.churn.pipeline import create_pipeline

__all__ = ["create_pipeline"]

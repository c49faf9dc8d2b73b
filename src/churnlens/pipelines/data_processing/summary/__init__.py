"""Task summary in stage data_processing."""

from churnlens.pipelines.data_processing.summary.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""Task clv in stage data_processing."""

from churnlens.pipelines.data_processing.clv.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""Task satisfaction in stage data_processing."""

from churnlens.pipelines.data_processing.satisfaction.pipeline import create_pipeline

__all__ = ["create_pipeline"]

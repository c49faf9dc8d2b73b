"""Task service in stage data_processing."""

from churnlens.pipelines.data_processing.service.pipeline import create_pipeline

__all__ = ["create_pipeline"]

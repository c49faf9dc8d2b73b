"""Task service in stage reporting."""

from churnlens.pipelines.reporting.service.pipeline import create_pipeline

__all__ = ["create_pipeline"]

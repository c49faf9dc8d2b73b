"""Task retention in stage reporting."""

from churnlens.pipelines.reporting.retention.pipeline import create_pipeline

__all__ = ["create_pipeline"]

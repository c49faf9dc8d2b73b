"""Task summary in stage reporting."""

from churnlens.pipelines.reporting.summary.pipeline import create_pipeline

__all__ = ["create_pipeline"]

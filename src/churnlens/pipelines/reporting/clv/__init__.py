"""Task clv in stage reporting."""

from churnlens.pipelines.reporting.clv.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""Task satisfaction in stage reporting."""

from churnlens.pipelines.reporting.satisfaction.pipeline import create_pipeline

__all__ = ["create_pipeline"]

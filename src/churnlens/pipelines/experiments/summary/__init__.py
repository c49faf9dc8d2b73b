"""Task summary in stage experiments."""

from churnlens.pipelines.experiments.summary.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""Task summary in stage distillation."""

from churnlens.pipelines.distillation.summary.pipeline import create_pipeline

__all__ = ["create_pipeline"]

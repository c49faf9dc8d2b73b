"""Task churn in stage distillation."""

from churnlens.pipelines.distillation.churn.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""A teacher's answers as training rows."""

from churnlens.pipelines.distillation.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""Task churn in stage finetuning."""

from churnlens.pipelines.finetuning.churn.pipeline import create_pipeline

__all__ = ["create_pipeline"]

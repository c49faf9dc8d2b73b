"""Task summary in stage finetuning."""

from churnlens.pipelines.finetuning.summary.pipeline import create_pipeline

__all__ = ["create_pipeline"]

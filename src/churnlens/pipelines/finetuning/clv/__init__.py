"""Task clv in stage finetuning."""

from churnlens.pipelines.finetuning.clv.pipeline import create_pipeline

__all__ = ["create_pipeline"]

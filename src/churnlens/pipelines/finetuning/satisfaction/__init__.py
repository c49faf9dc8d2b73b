"""Task satisfaction in stage finetuning."""

from churnlens.pipelines.finetuning.satisfaction.pipeline import create_pipeline

__all__ = ["create_pipeline"]

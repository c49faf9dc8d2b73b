"""Task service in stage finetuning."""

from churnlens.pipelines.finetuning.service.pipeline import create_pipeline

__all__ = ["create_pipeline"]

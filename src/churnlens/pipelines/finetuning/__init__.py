"""Models tuned on the user's own rows."""

from churnlens.pipelines.finetuning.pipeline import create_pipeline

__all__ = ["create_pipeline"]

"""Questions to cited answers."""

from churnlens.pipelines.inference.pipeline import create_pipeline

__all__ = ["create_pipeline"]
